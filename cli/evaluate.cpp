#include <filesystem>
#include <memory>

#include "beam.h"
#include "commands.h"
#include "forecasts.h"
#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/base/parallel.h"
#include "gradus/train/run_folder.h"
#include "gradus/train/trained_model.h"
#include "output.h"

namespace gradus::cli {
namespace {

struct EvaluateArguments {
  std::string run, precision;
  std::vector<std::string> data;
  TranslateOptions translation;
  int threads = 0;
  bool json = false;
};

// The measures of each class of masks; what a class has none of is "-".
std::string mask_table(const Value::Array& classes) {
  std::vector<std::vector<std::string>> rows;
  for (const Value& c : classes) {
    std::vector<std::string> row = {c.at("class").as_string()};
    for (const char* name : {"dice", "iou", "hausdorff", "hausdorff95"}) {
      const Value* value = c.find(name);
      row.push_back(value != nullptr ? short_number(value->as_real()) : "-");
    }
    rows.push_back(std::move(row));
  }
  return aligned_table({"class", "dice", "iou", "hausdorff", "hausdorff95"}, rows);
}

// "accuracy 0.95" lines, then a table per class when there are classes, or of forecasts.
std::string metrics_text(const Value& metrics, const std::vector<std::string>& classes) {
  std::string text;
  for (const auto& [name, value] : metrics.as_table())
    if (value.is_number()) text += name + " " + short_number(value.as_real()) + "\n";
  if (const Value* masks = metrics.find("per_class")) return text + "\n" + mask_table(masks->as_array());
  if (std::string forecasts = forecast_table(metrics); !forecasts.empty()) return text + "\n" + forecasts;
  if (metrics.find("precision") == nullptr) return text.substr(0, text.size() - 1);
  std::vector<std::vector<std::string>> rows;
  for (std::size_t c = 0; c < classes.size(); ++c) {
    std::vector<std::string> row = {classes[c]};
    for (const char* name : {"precision", "recall", "f1", "support"})
      row.push_back(short_number(metrics.at(name).as_array()[c].as_real()));
    rows.push_back(std::move(row));
  }
  return text + "\n" + aligned_table({"class", "precision", "recall", "f1", "support"}, rows);
}

void evaluate(const EvaluateArguments& a) {
  if (a.threads > 0) set_threads(a.threads);
  TrainedModel model(a.run);
  check_beam(model, a.translation);
  if (!a.precision.empty()) model.set_precision(a.precision);
  if (a.data.empty()) {
    if (!std::filesystem::is_directory(a.run))
      throw Error(ErrorKind::usage, "--data", "a model file alone has no data to evaluate on",
                  "name files with --data");
    Value metrics =
        parse_json(read_file(RunFolder(a.run).file(RunFolder::kMetrics), 16u << 20), a.run + "/metrics.json");
    if (a.json) return print_json(metrics);
    if (metrics.find("metrics") == nullptr)
      throw Error(ErrorKind::data, a.run + "/metrics.json", "has no \"metrics\"",
                  "it is damaged: train again, or name files with --data");
    for (const auto& [part, values] : metrics.at("metrics").as_table())
      print("== " + part + "\n" + metrics_text(values, model.task().classes));
    return;
  }
  std::vector<std::string> notes;
  Evaluation e = model.evaluate_files(a.data, &notes, a.translation);
  for (const std::string& n : notes) say(n);
  Value out = Value::table();
  out.set("metrics", e.metrics());
  if (a.json)
    print_json(out);
  else
    print(metrics_text(out.at("metrics"), e.task.classes));
}

}  // namespace

void add_evaluate(CLI::App& app) {
  auto a = std::make_shared<EvaluateArguments>();
  CLI::App* c = app.add_subcommand("evaluate", "Show how good a run is, or measure it on other data.");
  c->add_option("run", a->run, "A run folder or a model file.")->required()->type_name("RUN");
  c->add_option("--data", a->data, "Files in the training data's format, with targets.")
      ->expected(1, 64)
      ->type_name("FILE");
  c->add_option("--precision", a->precision, "Compute in f32 or bf16; default as the model was trained.")
      ->check(CLI::IsMember({"f32", "bf16"}))
      ->type_name("NAME");
  add_beam(*c, a->translation);
  c->add_option("--threads", a->threads, "Threads to use; default all cores.")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  c->add_flag("--json", a->json, "Print one JSON document.");
  c->callback([a] { evaluate(*a); });
}

}  // namespace gradus::cli
