#pragma once

#include "gradus/data/source.h"
#include "gradus/train/evaluation.h"
#include "gradus/train/generate.h"
#include "gradus/train/translate.h"

namespace gradus {

// What a network says of each place of one example.
struct PlacePrediction {
  Shape shape;                        // of a mask [size..], of a picture [size.., channels]
  std::vector<std::int32_t> classes;  // of a mask
  std::vector<float> values;          // of a picture, in its own units
};

// A trained model read back: everything needed to treat raw data as in training.
class TrainedModel {
 public:
  // From a run folder or a model file. Throws Error{file} or Error{data}.
  explicit TrainedModel(const std::string& path);

  // Measures the model on raw data in the files' format; `notes`, where given, receives what to know of how they were
  // taken. Of masks and pictures, inputs of another size than those trained on are predicted patch by patch.
  // `translation` is for models that make a text of each example.
  Evaluation evaluate_files(const std::vector<std::string>& files, std::vector<std::string>* notes = nullptr,
                            const TranslateOptions& translation = {});
  Evaluation evaluate_data(const Dataset& data) { return evaluate(*network_, *loss_, task_, data); }
  // The predictions for raw data as rows of text under column names; files and notes as for evaluation, without
  // targets.
  struct Predictions {
    std::vector<std::string> columns;
    std::vector<std::vector<std::string>> rows;
  };
  Predictions predict_files(const std::vector<std::string>& files, std::vector<std::string>* notes = nullptr,
                            const TranslateOptions& translation = {});
  // Of models of masks and pictures: writes the predictions into `folder` in the files' own format, or else hands each
  // with the example's name to `draw`, which writes it and says where. Inputs of another size than those trained on are
  // predicted patch by patch. Returns the files.
  using DrawPrediction = std::function<std::vector<std::string>(const std::string& name, const PlacePrediction&)>;
  std::vector<std::string> predict_places(const std::vector<std::string>& files, const std::string& folder,
                                          const DrawPrediction& draw, std::vector<std::string>* notes = nullptr);
  // The examples of such files as the network takes them.
  OpenedData open_files(const std::vector<std::string>& files) { return source_->open(files, false); }

  // Goes on with a text, see generate(). Throws Error{usage} for a model that was not trained on next symbols.
  void generate(const GenerateOptions& options, const std::function<bool(const std::string&)>& take);

  // "f32" or "bf16": what products are computed in; at first what the model was trained in, where the processor has it.
  // Throws Error{state} where it has not, Error{usage} for other names.
  void set_precision(const std::string& name);

  const TaskSpec& task() const { return task_; }
  const Shape& input_shape() const { return input_; }  // of one example in training
  const Value& metadata() const { return metadata_; }
  Network& network() { return *network_; }
  const Loss& loss() const { return *loss_; }
  // How its examples are images; none where they are not.
  std::optional<ImageFormat> image_format() const { return source_->image_format(); }

 private:
  // Of one example, from the network's probabilities or values of `shape`.
  PlacePrediction place_prediction(const float* values, const Shape& shape) const;

  Value metadata_;
  Shape input_;  // of one example in training
  TaskSpec task_;
  std::unique_ptr<Source> source_;
  std::unique_ptr<Loss> loss_;
  std::unique_ptr<Network> network_;
};

}  // namespace gradus
