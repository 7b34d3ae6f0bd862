#include "gradus/train/trained_model.h"

#include <cstdio>
#include <filesystem>

#include "gradus/base/error.h"
#include "gradus/model/model_file.h"
#include "gradus/train/place_measures.h"
#include "gradus/train/run_folder.h"
#include "gradus/train/sliding_window.h"

namespace gradus {

TrainedModel::TrainedModel(const std::string& path) {
  if (!std::filesystem::exists(path))
    throw Error(ErrorKind::file, path, "there is no such run folder or model file",
                "give what gradus train wrote, such as runs/iris");
  const bool is_folder = std::filesystem::is_directory(path);
  const RunFolder folder(path);
  const std::string file = is_folder ? folder.file(RunFolder::kModel) : path;
  if (!std::filesystem::exists(file)) {
    bool is_run = std::filesystem::exists(folder.file(RunFolder::kConfig));
    throw Error(ErrorKind::file, path,
                is_run ? "is no finished run: it has no model.safetensors" : "is no run folder: it has no config.toml",
                is_run ? "gradus show run says how far it came" : "give what gradus train wrote, such as runs/iris");
  }
  ModelFile model = read_model_file(file);
  try {
    metadata_ = model.metadata;
    task_ = TaskSpec::restored(metadata_.at("task"));
    const std::string& format = metadata_.at("format").as_string();
    source_ = sources().make(format, Value::table(), "format");
    source_->restore(metadata_.at("source"));
    loss_ = make_loss(metadata_.at("loss"), "loss");
    network_ = make_network(metadata_.at("layers"), network_width(task_, *loss_), "model.layers");
    if (const Value* symbols = metadata_.find("symbols")) network_->decide_symbols(symbols->as_integer("symbols"));
    std::vector<std::int64_t> dims;
    for (const Value& d : metadata_.at("input").as_array()) dims.push_back(d.as_integer());
    // Build costs memory for the parameters the layers ask for: first see that the file has as many.
    std::int64_t held = 0;
    for (const auto& [name, t] : model.tensors) held += t.size();
    if (network_->cost(Shape(dims)).parameters > held)
      throw Error(ErrorKind::data, "model", "the layers need more parameters than the file has");
    input_ = Shape(dims);
    network_->build(input_, 0);
    load_state(*network_, model.tensors);
    if (const Value* precision = metadata_.find("precision"); precision != nullptr && has_bf16())
      set_precision(precision->as_string());
  } catch (const Error& e) {
    throw Error(ErrorKind::data, file, std::string("damaged or of another version: ") + e.what());
  }
}

void TrainedModel::generate(const GenerateOptions& options, const std::function<bool(const std::string&)>& take) {
  if (!task_.language || source_->tokenizer() == nullptr)
    throw Error(ErrorKind::usage, "generate", "this model does not predict the next symbol of a text",
                "train one with [data] format = \"text\"");
  gradus::generate(*network_, *source_->tokenizer(), options, take);
}

void TrainedModel::set_precision(const std::string& name) {
  for (Dtype d : {Dtype::f32, Dtype::bf16})
    if (name == dtype_name(d)) return network_->compute_in(d);
  throw Error(ErrorKind::usage, {"precision", "f32 or bf16", "\"" + name + "\"", ""});
}

Evaluation TrainedModel::evaluate_files(const std::vector<std::string>& files, std::vector<std::string>* notes,
                                        const TranslateOptions& translation) {
  OpenedData opened = source_->open(files, true);
  if (notes != nullptr) *notes = opened.notes;
  TaskSpec task = task_;
  task.spacing = opened.spacing;
  if (task.per_place && opened.data->input_shape() != input_)
    return evaluate_by_patches(*network_, *loss_, task, *opened.data, input_);
  Evaluation e = evaluate(*network_, *loss_, task, *opened.data);
  if (task.translation)
    e.of_places.set("bleu", translation_bleu(*network_, *source_->target_tokenizer(), *opened.data, translation));
  return e;
}

namespace {

std::string number_text(float x) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.7g", static_cast<double>(x));
  return buffer;
}

}  // namespace

TrainedModel::Predictions TrainedModel::predict_files(const std::vector<std::string>& files,
                                                      std::vector<std::string>* notes,
                                                      const TranslateOptions& translation) {
  if (task_.per_place)
    throw Error(ErrorKind::state, "predictions", "are masks or pictures, not rows", "use predict_places");
  if (task_.language)
    throw Error(ErrorKind::state, "predictions", "are the next symbols of a text, not rows", "use gradus generate");
  OpenedData opened = open_files(files);
  if (notes != nullptr) *notes = opened.notes;
  Predictions out;
  for (const auto& [name, values] : opened.echo) out.columns.push_back(name);
  if (task_.translation) {
    out.columns.push_back("prediction");
    translate(*network_, *source_->target_tokenizer(), *opened.data, translation,
              [&](const std::string& made, const std::string&) {
                out.rows.push_back({opened.echo[0].second[out.rows.size()], made});
              });
    return out;
  }
  Evaluation e = evaluate(*network_, *loss_, task_, *opened.data);
  if (task_.per_step) out.columns.push_back("step");
  std::size_t n = static_cast<std::size_t>(opened.data->size()), width = static_cast<std::size_t>(task_.width());
  if (task_.classifies()) {
    out.columns.push_back("prediction");
    if (!e.probabilities.empty())
      for (const std::string& c : task_.classes) out.columns.push_back("probability_" + c);
  } else {
    for (const std::string& o : task_.outputs) out.columns.push_back(width == 1 ? "prediction" : "prediction_" + o);
  }
  std::size_t place = 0;
  for (std::size_t i = 0; i < n; ++i)
    for (std::int32_t step = 1, steps = e.steps.empty() ? 1 : e.steps[i]; step <= steps; ++step, ++place) {
      std::vector<std::string> row;
      for (const auto& [name, values] : opened.echo) row.push_back(values[i]);
      if (task_.per_step) row.push_back(std::to_string(step));
      if (task_.classifies()) row.push_back(task_.classes[e.predicted[place]]);
      const std::vector<float>& numbers = task_.classifies() ? e.probabilities : e.predicted_values;
      for (std::size_t k = 0; k < width && !numbers.empty(); ++k)
        row.push_back(number_text(numbers[place * width + k]));
      out.rows.push_back(std::move(row));
    }
  return out;
}

namespace {

// What people know an example by: its file, where the data name one, or else its number from 1.
std::string example_name(const OpenedData& opened, std::int64_t i) {
  if (const std::vector<std::string>* files = opened.file_names()) return (*files)[static_cast<std::size_t>(i)];
  return "prediction_" + std::to_string(i + 1);
}

// Brings a mask to the size of the example's file.
void give_own_size(const OpenedData& opened, std::int64_t example, PlacePrediction& p) {
  LabelImage mask{static_cast<int>(p.shape[0]), static_cast<int>(p.shape[1]), {p.classes.begin(), p.classes.end()}};
  mask = opened.in_own_size(example, mask);
  p.shape = {mask.height, mask.width};
  p.classes.assign(mask.values.begin(), mask.values.end());
}

// What is drawn is named after the examples' files, and must not take their place.
void check_folder(const OpenedData& opened, const std::string& folder) {
  std::error_code missing;
  if (const std::vector<std::string>* files = opened.file_names())
    for (const std::string& file : *files) {
      std::string of = std::filesystem::path(file).parent_path().string();
      if (std::filesystem::equivalent(of.empty() ? "." : of, folder, missing))
        throw Error(ErrorKind::usage, {folder, "a folder for predictions without the images", "that of " + file, ""});
    }
}

}  // namespace

PlacePrediction TrainedModel::place_prediction(const float* values, const Shape& shape) const {
  PlacePrediction p;
  p.shape = shape;
  if (task_.classifies()) {
    Tensor scores = Tensor::from(std::vector<float>(values, values + shape.size()), shape);
    p.classes = predicted_classes(scores, loss_->gives_probabilities() ? 0.5f : 0.0f);
    p.shape = shape.without(shape.rank() - 1);
  } else {
    p.values.assign(values, values + shape.size());
    unscale_targets(task_.scales, p.values);
  }
  return p;
}

std::vector<std::string> TrainedModel::predict_places(const std::vector<std::string>& files, const std::string& folder,
                                                      const DrawPrediction& draw, std::vector<std::string>* notes) {
  OpenedData opened = source_->open(files, false);
  if (notes != nullptr) *notes = opened.notes;
  const Dataset& data = *opened.data;
  std::vector<std::string> written;
  std::vector<std::int32_t> classes;  // of all, for a format that joins them
  bool own_format = task_.classifies() && opened.write_masks != nullptr;
  std::int64_t done = 0;
  if (!own_format) check_folder(opened, folder);
  auto write = [&](const float* values, const Shape& shape) {
    PlacePrediction p = place_prediction(values, shape);
    if (task_.classifies() && opened.in_own_size) give_own_size(opened, done, p);
    std::string name = example_name(opened, done++);
    if (own_format)
      classes.insert(classes.end(), p.classes.begin(), p.classes.end());
    else
      for (std::string& drawn : draw(name, p)) written.push_back(std::move(drawn));
  };
  if (data.input_shape() == input_) {
    predict_network(*network_, *loss_, data, [&](const Tensor& predictions, const Batch& batch) {
      Shape one = predictions.shape().without(0);
      for (std::int64_t i = 0; i < batch.size(); ++i) write(predictions.data<float>() + i * one.size(), one);
    });
  } else {
    for (std::uint32_t i = 0; i < data.size(); ++i) {
      Tensor whole = data.fetch({&i, 1}).inputs;
      Tensor p = predict_by_patches(*network_, *loss_, reshape(whole, whole.shape().without(0)), input_);
      write(p.data<float>(), p.shape());
    }
  }
  return own_format ? opened.write_masks(folder, classes) : written;
}

}  // namespace gradus
