#pragma once

#include <memory>
#include <optional>

#include "gradus/data/source.h"
#include "gradus/nn/loss.h"
#include "gradus/nn/network.h"
#include "gradus/report/report.h"

// What the report of a run on images shows: pictures of the data, of the network and of its answers. A gallery without
// items is one that there is nothing to show in. Of volumes [depth, height, width, channels] slices are shown. How much
// is computed and drawn is bounded: a few images, and tiles that get smaller the more there are.
namespace gradus {

// A trained network and what its examples are.
struct ImageModel {
  Network& network;
  const Loss& loss;
  const TaskSpec& task;
  ImageFormat format;
};

// Examples of each class (where there are classes for each place: with them in colour), beside them how epochs of
// training meet them where Dataset::draw changes them.
Gallery sample_gallery(const Dataset& train, const TaskSpec& task, const ImageFormat& format);

// The weights of the first convolution, or of a first linear layer on the pixels of images `input`, as pictures.
Gallery filter_gallery(Network& network, const Shape& input);

// The results of the layers that have places, for a few images.
Gallery activation_gallery(const ImageModel& model, const Dataset& test);

// Where each place has a class: image, truth, prediction and where they differ.
Gallery segmentation_gallery(const ImageModel& model, const std::shared_ptr<const Dataset>& test);

// Where each place has values: input, prediction and truth.
Gallery restoration_gallery(const ImageModel& model, const std::shared_ptr<const Dataset>& test);

// All of them that fit the task.
std::vector<Gallery> image_galleries(const ImageModel& model, const Dataset& train,
                                     const std::shared_ptr<const Dataset>& test);

// For each of the images `rows` one picture: the image; where each place has how strong an influence on the score of
// its class (saliency); and, where the network has convolutions, where they find what speaks for it (grad_cam).
std::vector<Picture> explained_pictures(const ImageModel& model, const Dataset& data,
                                        std::span<const std::uint32_t> rows, std::span<const std::int32_t> classes);
// A sentence that says so.
std::string explanation_of_pictures(const ImageModel& model, const Shape& input);

}  // namespace gradus
