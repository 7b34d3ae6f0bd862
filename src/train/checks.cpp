#include "gradus/train/checks.h"

#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/data/augment.h"
#include "gradus/data/text/vocabulary.h"
#include "gradus/train/inference.h"

namespace gradus {
namespace {

Error mistake(const std::string& place, const std::string& what, const std::string& fix) {
  return Error(ErrorKind::config, place, what, fix);
}

// Mixed examples belong to several classes, each by a share.
void check_mixing(const Value* augment, const TaskSpec& task, const Loss& loss) {
  if (augment == nullptr || !task.classifies() || loss.takes_distributions()) return;
  if (Augmenter(*augment, 0).mixes())
    throw mistake("data.augment", "mixup makes shares of several classes, and " + loss.type() + " takes one class",
                  "use loss = \"cross_entropy\", or leave mixup out");
}

// The layer from which values come to `layer`, skipping those that keep them; -1 for the network's input.
int source_of(const Network& network, int layer) {
  while (layer >= 0 && network.layer(static_cast<std::size_t>(layer)).keeps_values())
    layer = network.inputs(static_cast<std::size_t>(layer))[0];
  return layer;
}

// The type of the layer that decides the network's result.
std::string last_type(const Network& network) {
  int last = source_of(network, static_cast<int>(network.size()) - 1);
  return last < 0 ? "" : network.layer(static_cast<std::size_t>(last)).type();
}

// Loss and task, loss and last layer.
void check_loss(const TaskSpec& task, const Network& network, const Loss& loss, std::vector<std::string>& warnings) {
  std::string name = loss.type(), last = last_type(network);
  bool of_classes = loss.target_kind() == TargetKind::classes || name == "binary_cross_entropy";
  if (task.classifies() && !of_classes)
    throw mistake("model.loss", name + " measures numbers, but the target has classes (" + task.classes[0] + ", ...)",
                  task.classes.size() == 2 ? "use loss = \"binary_cross_entropy\"" : "use loss = \"cross_entropy\"");
  if (!task.classifies() && of_classes)
    throw mistake("model.loss", name + " needs classes, but the target is a number",
                  "use loss = \"mse\", or set data.task if the numbers are classes");
  if (task.kind == Task::multiclass && of_classes && loss.outputs(task.width()) == 1)
    throw mistake("model.loss",
                  name + " tells two classes apart, the target has " + std::to_string(task.classes.size()),
                  "use loss = \"cross_entropy\"");
  if (name == "cross_entropy" && last == "sigmoid")
    throw mistake("model.layers",
                  "a sigmoid before cross_entropy squeezes the scores of " + std::to_string(task.classes.size()) +
                      " classes into (0, 1), so none can become certain",
                  task.classes.size() == 2
                      ? "drop the sigmoid, or use one output and loss = \"binary_cross_entropy\" without it"
                      : "drop the last sigmoid: cross_entropy takes scores as they are");
  bool of_scores = name == "cross_entropy" || name == "kl_divergence" || name == "dice" || name == "tversky" ||
                   (name == "combined" && of_classes);
  if (of_scores && last == "softmax")
    warnings.push_back("model.layers: a softmax before " + name +
                       " is applied twice, because the loss has one of its own: "
                       "training is slower and probabilities stay flat; drop the last softmax");
  if (name == "binary_cross_entropy" && last == "sigmoid")
    warnings.push_back(
        "model.layers: a sigmoid before binary_cross_entropy is applied twice, because the loss has one of "
        "its own; drop the last sigmoid");
}

void check_linear(const Network& network, int layer, const std::string& place, std::vector<std::string>& warnings) {
  auto is_linear = [&](int i) { return i >= 0 && network.layer(static_cast<std::size_t>(i)).type() == "linear"; };
  if (!is_linear(layer)) return;
  int before = source_of(network, network.inputs(static_cast<std::size_t>(layer))[0]);
  if (!is_linear(before)) return;
  warnings.push_back(place + ": nothing non-linear stands between " +
                     network.layer_name(static_cast<std::size_t>(before)) + " and " +
                     network.layer_name(static_cast<std::size_t>(layer)) +
                     ": together they are one linear layer; put an activation between them");
}

// `place` is the network's in the config.
void check_layers(const Network& network, const std::string& place, std::vector<std::string>& warnings) {
  for (std::size_t i = 0; i < network.size(); ++i) {
    const std::string& name = network.layer_name(i);
    if (network.layer(i).type() == "step")
      warnings.push_back(place + ": the gradient of the step activation (" + name +
                         ") is 0 everywhere, so the layers before it do not learn; use sigmoid, tanh or relu");
    if (network.readers(static_cast<int>(i)) == 0)
      warnings.push_back(place + ": no layer reads " + name +
                         ", so it changes nothing; name it in a later layer's from, or take it out");
    check_linear(network, static_cast<int>(i), place, warnings);
    std::vector<std::string> inside;
    for (const Network* branch : network.layer(i).branches()) check_layers(*branch, place + ": inside " + name, inside);
    for (const std::string& warning : inside)  // repeated blocks have the same ones
      if (std::find(warnings.begin(), warnings.end(), warning) == warnings.end()) warnings.push_back(warning);
  }
}

void check_training(const Experiment& e, const LoadedData& data, const Network& network,
                    std::vector<std::string>& warnings) {
  const TrainParams& t = e.params.train;
  bool one = !t.batch_size.is_string() && t.batch_size.is_number() && t.batch_size.as_real() == 1;
  if (network.uses_batch_statistics() && one)
    throw mistake("train.batch_size", "batch norm needs several examples for its statistics, but batches have one",
                  "use a batch_size of 16 or more, or layer_norm");
  bool stops_early =
      !(t.early_stopping.is_null() || (t.early_stopping.type() == Value::Type::boolean && !t.early_stopping.as_bool()));
  std::string monitor = EarlyStoppingParams().monitor;
  std::string place = "train.early_stopping.monitor";
  if (const Value* given = t.early_stopping.find("monitor")) {
    monitor = given->as_string(place);
    place = given->place(place);
  }
  if (stops_early) check_monitor(monitor, summary_names(data.task), place);
  if (stops_early && !data.validation && monitor.rfind("validation.", 0) == 0)
    throw mistake("train.early_stopping", "it watches " + monitor + ", but the split has no validation part",
                  "give prepare.split a validation share such as 0.15");
  monitor = schedules().make(t.schedule, "train.schedule")->monitored();
  if (!monitor.empty()) check_monitor(monitor, summary_names(data.task), "train.schedule.monitor");
  if (!data.validation && monitor.rfind("validation.", 0) == 0)
    throw mistake("train.schedule", "it watches " + monitor + ", but the split has no validation part",
                  "give prepare.split a validation share such as 0.15");
  if (!data.test)
    warnings.push_back("prepare.split: there is no test part, so nothing measures the model on unseen data");
}

// A mask or picture of the training part tells the size that the network's result must have.
void check_places(const Shape& output, const LoadedData& data, const Loss& loss) {
  const TaskSpec& task = data.task;
  if (data.train->size() == 0) return;
  const std::uint32_t first = 0;
  Shape target = data.train->fetch({&first, 1}).target.shape().without(0), size = target;
  if (!task.classifies()) size = target.without(target.rank() - 1);
  std::int64_t width = network_width(task, loss);
  std::int64_t given = output.rank() > 0 ? output[output.rank() - 1] : 0;
  bool sizes_fit = output.rank() == size.rank() + 1 && output.without(output.rank() - 1) == size;
  if (sizes_fit && (given == width || (task.classifies() && loss.takes(given, task.width())))) return;
  std::string kind = task.classifies() ? "mask" : "picture", fix;
  if (sizes_fit)
    fix = "leave out the last layer's channels, or set them to " + std::to_string(width);
  else if (output.rank() != size.rank() + 1)
    fix = "end with a convolution that keeps the image's axes, not with flatten, pooling over all places or linear";
  else
    fix = "use padding = \"same\", and undo each stride or pooling by an upsample or a transposed convolution";
  throw Error(ErrorKind::config,
              {"model.layers",
               "a result of " + size.inserted(size.rank(), width).text() + " for the " + kind + " of " + target.text(),
               output.text(), fix});
}

// What a decoder makes must be the network's result, and only where sequences are made of others.
void check_decoder(Network& network, const TaskSpec& task) {
  if (network.decoder() != nullptr && !task.translation)
    throw mistake("model.layers",
                  "a decoder makes a sequence of the one it is given, and these data have none to be made",
                  "leave the decoder out, or give pairs of lines with [data] format = \"parallel\"");
  if (network.decoder() == nullptr && task.translation)
    throw mistake(
        "model.layers", "the data are pairs of lines, and the last layer is no decoder",
        "end with { type = \"decoder\", layers = [ { type = \"embedding\" }, { type = \"gru\", initial_state = "
        "\"encoder\" }, { type = \"attention\" }, { type = \"linear\" } ] }");
}

// Scores or numbers after each step.
void check_steps(const Shape& output, const LoadedData& data, const Loss& loss) {
  const TaskSpec& task = data.task;
  const std::int64_t time = data.train->input_shape()[0];
  Shape wanted{time, network_width(task, loss)};
  bool takes = task.classifies() && output.rank() == 2 && output[0] == time && loss.takes(output[1], task.width());
  if (output == wanted || takes) return;
  const char* what = task.classifies() ? ": scores after each step" : ": numbers after each step";
  throw Error(ErrorKind::config,
              {"model.layers", "a result of " + wanted.text() + what, output.text(),
               output.rank() == 1 ? "leave out output = \"last\" and what pools steps: each has a target"
                                  : "leave out the last linear layer's units"});
}

void check_output(const Shape& input, const Shape& output, const TaskSpec& task, const Loss& loss) {
  std::int64_t width = network_width(task, loss);
  if (output == Shape{width}) return;
  if (task.classifies() && output.rank() == 1 && loss.takes(output[0], task.width())) return;
  std::string wanted = std::to_string(width) + (task.classifies() ? (width == 1 ? " score" : " scores, one per class")
                                                : width == 1      ? " number"
                                                                  : " numbers, one per target");
  const bool is_sequence = input.rank() <= 2 && output.rank() == 2;  // symbols [time], or [time, features]
  throw Error(
      ErrorKind::config,
      {"model.layers", "a result of " + wanted + " for each example", output.text(),
       is_sequence ? "give the recurrent layer output = \"last\", or add { type = \"sequence_pool\" } before the "
                     "last linear layer"
       : output.rank() > 1 ? "add { type = \"flatten\" } before the first linear layer"
                           : "leave out the last linear layer's units, or set them to " + std::to_string(width)});
}

}  // namespace

std::vector<std::string> check_experiment(const Experiment& e, const LoadedData& data, Network& network,
                                          const Loss& loss) {
  std::vector<std::string> warnings;
  check_loss(data.task, network, loss, warnings);
  check_mixing(e.params.data.find("augment"), data.task, loss);
  check_layers(network, "model.layers", warnings);
  check_training(e, data, network, warnings);
  Shape output = network.output_shape(data.train->input_shape());
  check_decoder(network, data.task);
  if (data.task.makes_text() || data.task.per_step)
    check_steps(output, data, loss);
  else if (data.task.per_place)
    check_places(output, data, loss);
  else
    check_output(data.train->input_shape(), output, data.task, loss);
  return warnings;
}

void check_reading(Network& network, const TaskSpec& task, const Dataset& data) {
  const std::uint32_t first = 0;
  Batch batch = data.fetch({&first, 1});
  Tensor& read = task.translation ? batch.shown : batch.inputs;
  std::vector<std::int32_t> symbols = read.to_vector<std::int32_t>();
  NoGrad no_grad;
  auto scores_before_last = [&] {
    read = Tensor::from(symbols, read.shape());
    Tensor scores = network.forward(batch.inputs, context_of(batch, 1));
    return slice(scores, 1, 0, scores.dim(1) - 1).to_vector<float>();
  };
  const std::vector<float> with_it = scores_before_last();
  symbols.back() = symbols.back() == kUnknown ? kPadding : kUnknown;
  if (scores_before_last() == with_it) return;
  throw mistake("model.layers", "what is said after a symbol depends on those to come, which are to be predicted",
                std::string("take bidirectional, and what else reads ahead, out of ") +
                    (task.translation ? "the decoder's layers" : "the layers"));
}

}  // namespace gradus
