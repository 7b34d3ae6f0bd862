#include <filesystem>
#include <memory>

#include "commands.h"
#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/base/parallel.h"
#include "gradus/data/numbers.h"
#include "gradus/train/experiment.h"
#include "gradus/train/run_folder.h"
#include "output.h"

namespace gradus::cli {
namespace {

struct PredictArguments {
  std::string run, out;
  std::vector<std::string> data;
  int threads = 0;
  bool json = false;
};

// RFC 4180: quoted when it must be.
std::string csv_field(const std::string& s) {
  if (s.find_first_of(",\"\r\n") == std::string::npos) return s;
  std::string out = "\"";
  for (char c : s) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string csv_text(const TrainedModel::Predictions& p) {
  std::string text;
  auto line = [&](const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) text += (i ? "," : "") + csv_field(cells[i]);
    text += '\n';
  };
  line(p.columns);
  for (const auto& row : p.rows) line(row);
  return text;
}

Value json_rows(const TrainedModel::Predictions& p, const TaskSpec& task) {
  Value rows = Value::array();
  for (const auto& row : p.rows) {
    Value v = Value::table();
    for (std::size_t i = 0; i < row.size(); ++i) {
      double number = 0;
      bool is_class = task.classifies() && p.columns[i] == "prediction";
      v.set(p.columns[i], !is_class && parse_number(row[i], number) ? Value(number) : Value(row[i]));
    }
    rows.push_back(std::move(v));
  }
  Value out = Value::table();
  out.set("predictions", std::move(rows));
  return out;
}

// Predictions must not be written over what they are made from.
void check_out(const PredictArguments& a) {
  std::vector<std::string> read = a.data;
  read.push_back(a.run);
  for (const char* name : {RunFolder::kModel, RunFolder::kConfig, RunFolder::kCheckpoint, RunFolder::kMetrics})
    read.push_back(RunFolder(a.run).file(name));
  std::error_code missing;
  for (const std::string& file : read)
    if (std::filesystem::equivalent(a.out, file, missing))
      throw Error(ErrorKind::usage, {"--out", "a file of its own", a.out + ", which this command reads", ""});
}

void predict(const PredictArguments& a) {
  if (!a.out.empty()) check_out(a);
  if (a.threads > 0) set_threads(a.threads);
  TrainedModel model(a.run);
  TrainedModel::Predictions p = model.predict_files(a.data);
  if (!a.out.empty()) write_file(a.out, csv_text(p));
  if (a.json)
    print_json(json_rows(p, model.task()));
  else if (a.out.empty())
    print_as_is(csv_text(p));
  else
    say(count_text(p.rows.size(), "prediction") + " in " + a.out);
}

}  // namespace

void add_predict(CLI::App& app) {
  auto a = std::make_shared<PredictArguments>();
  CLI::App* c = app.add_subcommand("predict", "Predict for new data with a trained model.");
  c->add_option("run", a->run, "A run folder or a model file.")->required()->type_name("RUN");
  c->add_option("--data", a->data, "Files in the training data's format; targets are not needed.")
      ->required()
      ->expected(1, 64)
      ->type_name("FILE");
  c->add_option("--out", a->out, "Write the predictions to this CSV file instead of standard output.")
      ->type_name("FILE");
  c->add_option("--threads", a->threads, "Threads to use; default all cores.")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  c->add_flag("--json", a->json, "Print one JSON document.");
  c->callback([a] { predict(*a); });
}

}  // namespace gradus::cli
