#pragma once

#include <functional>
#include <memory>

#include "gradus/explain/galleries.h"

namespace gradus {

// Hands out a picture of the model's answer for each example, in order: the image under the map of what speaks for its
// class (grad_cam, or saliency where no layer has places), under the classes of its places, or what was made of it.
// Small images are enlarged, of volumes up to sixteen slices stand in a sheet. Throws Error{config} for a model that
// answers an image with numbers, which can not be shown.
void each_overlay(const ImageModel& model, const std::shared_ptr<const Dataset>& data,
                  const std::function<void(std::int64_t row, const Picture& picture)>& take);

}  // namespace gradus
