#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "commands.h"
#include "forecasts.h"
#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/base/text.h"
#include "gradus/data/augment.h"
#include "gradus/data/describe.h"
#include "gradus/data/readers/csv.h"
#include "gradus/data/readers/idx.h"
#include "gradus/data/source.h"
#include "gradus/train/experiment.h"
#include "gradus/train/forecast_metrics.h"
#include "output.h"
#include "samples.h"

namespace gradus::cli {
namespace {

// What an IDX file holds: its shape, element type, range and, for labels, how often each occurs.
Value describe_idx(const std::string& path) {
  IdxHeader header = read_idx_header(path);
  Value v = Value::table(), shape = Value::array();
  for (std::size_t d : header.dims) shape.push_back(d);
  v.set("name", path);
  v.set("shape", shape);
  v.set("type", std::string(type_name(header.type)));
  std::map<double, std::int64_t> counts;
  double sum = 0, low = INFINITY, high = -INFINITY;
  read_idx_pieces(path, [&](const IdxArray& piece) {
    for (std::size_t i = 0; i < piece.count(); ++i) {
      double x = piece.value(i);
      sum += x;
      low = std::min(low, x);
      high = std::max(high, x);
      if (header.dims.size() == 1) ++counts[x];
    }
  });
  if (header.count() > 0) {
    v.set("min", low);
    v.set("mean", sum / static_cast<double>(header.count()));
    v.set("max", high);
  }
  if (counts.empty() || counts.size() > 100) return v;
  Value levels = Value::array();
  for (const auto& [label, count] : counts) levels.push_back(Value(Value::Table{{"label", label}, {"count", count}}));
  v.set("labels", std::move(levels));
  return v;
}

std::string idx_text(const Value& v) {
  std::string text = v.at("name").as_string() + ": " + v.at("type").as_string() + " [";
  for (const Value& d : v.at("shape").as_array())
    text += (text.back() == '[' ? "" : ", ") + std::to_string(d.as_integer());
  text += "]";
  for (const char* key : {"min", "mean", "max"})
    if (const Value* x = v.find(key)) text += std::string("  ") + key + " " + short_number(x->as_real());
  if (v.find("labels") == nullptr) return text;
  std::vector<std::vector<std::string>> rows;
  for (const Value& l : v.at("labels").as_array())
    rows.push_back({short_number(l.at("label").as_real()), grouped(l.at("count").as_integer())});
  return text + "\n" + aligned_table({"label", "examples"}, rows);
}

// ---- the data of a config

constexpr std::size_t kExamples = 40;
constexpr int kEpochs = 8;

std::string transform_text(const Value& written_out) {
  std::string keys;
  for (const auto& [key, value] : written_out.as_table())
    if (key != "type") keys += (keys.empty() ? "" : ", ") + key + " = " + to_json(value, -1);
  return written_out.at("type").as_string() + " (" + keys + ")";
}

// What texts hold, part by part, and the training part's most frequent tokens.
std::string texts_text(const Value& summary) {
  std::vector<std::vector<std::string>> rows;
  for (const Value& part : summary.at("texts").as_array()) {
    std::vector<std::string> row = {part.at("part").as_string()};
    for (const char* key : {"texts", "tokens"}) row.push_back(grouped(part.at(key).as_integer()));
    for (const char* key : {"shortest", "median", "p95", "longest"})
      row.push_back(short_number(part.at(key).as_real()));
    row.push_back(short_number(100 * part.at("unknown").as_real()) + " %");
    for (const char* key : {"cut", "empty"}) row.push_back(grouped(part.at(key).as_integer()));
    rows.push_back(std::move(row));
  }
  std::string text =
      "vocabulary of " + grouped(summary.at("vocabulary").as_integer()) + "; lengths in tokens:\n" +
      aligned_table({"part", "texts", "tokens", "min", "median", "95 %", "max", "unknown", "cut", "empty"}, rows) +
      "\nmost frequent tokens:";
  for (const Value& v : summary.at("frequent_tokens").as_array())
    text += " " + gradus::quoted(v.at("token").as_string()) + " " + grouped(v.at("count").as_integer()) + ",";
  text.pop_back();
  return text;
}

std::string classes_text(const Value& classes) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, counts] : classes.as_table()) {
    std::vector<std::string> row = {printable(name, 60)};
    for (const char* part : {"train", "validation", "test"}) row.push_back(grouped(counts.at(part).as_integer()));
    rows.push_back(std::move(row));
  }
  return aligned_table({"class", "train", "validation", "test"}, rows);
}

// The parts, the task, the transforms of training images and, of images, a sheet of samples drawn to `sheet` ("": a
// name that the config's gives).
Value describe_config(const std::string& path, std::string sheet) {
  Experiment e = read_experiment(path);
  std::unique_ptr<Source> source = make_source({e.params.data, e.params.prepare});
  LoadedData data = source->load(e.folder, static_cast<std::uint64_t>(e.params.seed));
  Value v = Value::table(), notes = Value::array(), transforms = Value::array();
  v.set("name", e.params.name);
  v.set("summary", data.summary);
  for (const std::string& n : data.notes) notes.push_back(n);
  v.set("notes", notes);
  if (data.task.forecast) v.set("naive_forecasts", naive_metrics(data.task, *data.test));
  if (const Value* list = e.params.data.find("augment"))
    for (const Value& spec : list->as_array()) transforms.push_back(augmentations().written_out(spec));
  v.set("augment", transforms);
  std::optional<ImageFormat> format = source->image_format();
  if (!format) {
    if (!sheet.empty())
      throw Error(ErrorKind::usage, {"--sheet", "data of images", "data of another kind", "leave --sheet out"});
    return v;
  }
  if (sheet.empty()) sheet = e.params.name + "-samples.png";
  std::vector<std::uint32_t> rows = example_rows(data, kExamples);
  write_file(sheet, encode_png(sample_sheet(data, *format, rows, transforms.as_array().empty() ? 0 : kEpochs)));
  v.set("sheet", sheet);
  return v;
}

// How the features of sequences are scaled: (x - shift) / divisor.
std::string feature_text(const Value& features) {
  std::vector<std::vector<std::string>> rows;
  for (const Value& f : features.as_array())
    if (const Value* shift = f.find("shift"))
      rows.push_back({printable(f.at("name").as_string()), short_number(shift->as_real()),
                      short_number(f.at("divisor").as_real())});
  return rows.empty() ? "" : "\n" + aligned_table({"feature", "shift", "divisor"}, rows);
}

std::string config_text(const Value& v) {
  const Value& summary = v.at("summary");
  std::string text = v.at("name").as_string() + ": " + summary.at("task").as_string();
  for (const auto& [part, rows] : summary.at("parts").as_table())
    text += ", " + part + " " + grouped(rows.as_integer());
  for (const Value& note : v.at("notes").as_array()) text += "\nnote: " + note.as_string();
  if (summary.find("texts") != nullptr) text += "\n" + texts_text(summary);
  if (const Value* classes = summary.find("classes")) text += "\n" + classes_text(*classes);
  if (const Value* features = summary.find("features")) text += feature_text(*features);
  if (const Value* naive = v.find("naive_forecasts"))
    text += "\nforecasts that learn nothing, on the test part:\n" + forecast_table(*naive);
  if (summary.find("texts") != nullptr) return text;
  const Value::Array& transforms = v.at("augment").as_array();
  text += transforms.empty() ? "\nno augmentation" : "\naugmented in training, in this order:";
  for (const Value& t : transforms) text += "\n  " + transform_text(t);
  if (const Value* sheet = v.find("sheet")) text += "\nsamples: " + sheet->as_string();
  if (v.find("sheet") != nullptr && !transforms.empty())
    text += ", a row for each image; left as it is, then " + std::to_string(kEpochs) +
            " epochs of it. Would you still give each the same label?";
  return text;
}

}  // namespace

void add_data(CLI::App& app) {
  struct Arguments {
    std::string file, target, sheet;
    bool json = false;
  };
  auto a = std::make_shared<Arguments>();
  CLI::App* group = app.add_subcommand("data", "Look at data files.");
  group->require_subcommand(1);
  CLI::App* c = group->add_subcommand("describe", "What a file holds: columns, missing values, ranges, oddities.");
  c->add_option("file", a->file, "A CSV, TSV or IDX file, or a config: its data, with a sheet of augmented samples.")
      ->required()
      ->type_name("FILE");
  c->add_option("--sheet", a->sheet, "Where a config's samples are drawn; left out: NAME-samples.png.")
      ->type_name("FILE.png");
  c->add_option("--target", a->target, "The column to predict, for warnings about columns that give it away.")
      ->type_name("COLUMN");
  c->add_flag("--json", a->json, "Print one JSON document.");
  c->callback([a] {
    if (a->file.ends_with(".toml")) {
      Value v = describe_config(a->file, a->sheet);
      return a->json ? print_json(v) : print(config_text(v));
    }
    if (source_format({Value(Value::Table{{"source", a->file}}), Value::table()}) == "idx") {
      Value v = describe_idx(a->file);
      return a->json ? print_json(v) : print(idx_text(v));
    }
    Value v = describe(read_csv(a->file), a->target);
    if (a->json)
      print_json(v);
    else
      print(describe_text(v));
  });
}

}  // namespace gradus::cli
