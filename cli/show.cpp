#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <memory>

#include "commands.h"
#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/base/text.h"
#include "gradus/data/augment.h"
#include "gradus/data/numbers.h"
#include "gradus/data/text/tokenizer.h"
#include "gradus/data/transform.h"
#include "gradus/nn/blueprint.h"
#include "gradus/nn/initializer.h"
#include "gradus/report/display.h"
#include "gradus/train/experiment.h"
#include "gradus/train/run_folder.h"
#include "output.h"

namespace gradus::cli {
namespace {

// ---- the catalog

Value field_value(const FieldInfo& f) {
  Value v = Value::table();
  v.set("name", f.name);
  v.set("type", f.type);
  v.set("default", f.default_value);
  if (!f.bound.text().empty()) v.set("bound", f.bound.text());
  if (!f.choices.empty()) {
    Value choices = Value::array();
    for (const std::string& c : f.choices) choices.push_back(c);
    v.set("choices", choices);
  }
  v.set("help", f.help);
  return v;
}

Value entry_value(const Entry& e) {
  Value v = Value::table(), fields = Value::array();
  v.set("name", e.name);
  v.set("summary", e.summary);
  if (!e.source.empty()) v.set("source", e.source);
  for (const FieldInfo& f : e.fields) fields.push_back(field_value(f));
  v.set("fields", std::move(fields));
  return v;
}

template <class T>
Value catalog_value(const Catalog<T>& catalog) {
  Value list = Value::array();
  for (const std::string& name : catalog.names()) list.push_back(entry_value(catalog.entry(name)));
  return list;
}

// A table of a config that is no component.
template <class Params>
Value table_value(const char* key, const char* summary) {
  Params defaults;
  return entry_value({key, summary, "", describe_params(defaults)});
}

Value whole_catalog() {
  Value v = Value::table();
  v.set("layers", catalog_value(layers()));
  v.set("models", catalog_value(blueprints()));
  v.set("losses", catalog_value(losses()));
  v.set("optimizers", catalog_value(optimizers()));
  v.set("schedules", catalog_value(schedules()));
  v.set("initializers", catalog_value(initializers()));
  v.set("data formats", catalog_value(sources()));
  v.set("transforms", catalog_value(table_transforms()));
  v.set("augmentations", catalog_value(augmentations()));
  v.set("tokenizers", catalog_value(tokenizers()));
  v.set("tables", Value(Value::Array{
                      table_value<SplitParams>("prepare.split", "How rows are divided into parts."),
                      table_value<EarlyStoppingParams>("train.early_stopping", "When training stops by itself.")}));
  return v;
}

std::string default_text(const Value& v) {
  if (v.is_null()) return "";
  std::string text = to_json(v, -1);
  return text;
}

std::string fields_text(const Value& fields, const std::string& indent) {
  std::vector<std::vector<std::string>> rows;
  for (const Value& f : fields.as_array()) {
    std::string allowed = f.find("bound") != nullptr ? f.at("bound").as_string() : "";
    if (const Value* choices = f.find("choices"))
      for (const Value& c : choices->as_array()) allowed += (allowed.empty() ? "" : " | ") + c.as_string();
    rows.push_back({indent + f.at("name").as_string(), f.at("type").as_string(), default_text(f.at("default")), allowed,
                    f.at("help").as_string()});
  }
  return rows.empty() ? "" : aligned_table({indent + "key", "type", "default", "allowed", "meaning"}, rows) + "\n";
}

std::string catalog_text(const Value& all) {
  std::string text;
  for (const auto& [kind, list] : all.as_table()) {
    text += "== " + kind + "\n";
    for (const Value& e : list.as_array()) {
      text += e.at("name").as_string() + ": " + e.at("summary").as_string() + "\n";
      if (const Value* source = e.find("source")) text += "    (" + source->as_string() + ")\n";
      text += fields_text(e.at("fields"), "    ");
    }
    text += "\n";
  }
  return text.substr(0, text.size() - 2);
}

// ---- a config's keys

// The keys of [data] and [prepare]; those that one format alone has say which.
std::vector<FieldInfo> data_fields(const std::string& section) {
  std::vector<FieldInfo> all;
  for (const std::string& format : sources().names())
    for (FieldInfo f : sources().entry(format).fields) {
      if (!f.name.starts_with(section + ".")) continue;
      if (f.name == "data.format") {
        f.choices = sources().names();
        f.default_value = Value();
        f.help += "; left out: by the file's name";
      }
      if (std::ranges::find(all, f.name, &FieldInfo::name) != all.end()) continue;
      bool in_all = std::ranges::all_of(sources().names(), [&](const std::string& other) {
        const std::vector<FieldInfo>& fields = sources().entry(other).fields;
        return std::ranges::find(fields, f.name, &FieldInfo::name) != fields.end();
      });
      if (!in_all) f.help = format + ": " + f.help;
      all.push_back(std::move(f));
    }
  return all;
}

Value config_fields() {
  ExperimentParams params;
  Value list = Value::array();
  for (const FieldInfo& f : describe_params(params))
    if (f.name == "data" || f.name == "prepare")
      for (const FieldInfo& inner : data_fields(f.name)) list.push_back(field_value(inner));
    else
      list.push_back(field_value(f));
  return list;
}

// ---- a model

// "28,28,1" as a shape.
Shape shape_in(const std::string& text) {
  std::vector<std::int64_t> sizes;
  try {
    const Value list = parse_toml_value("[" + text + "]");
    for (const Value& size : list.as_array()) sizes.push_back(size.as_integer());
    return Shape(sizes);
  } catch (const Error&) {
    throw Error(ErrorKind::usage, {"--input", "the sizes of one example, such as 28,28,1", shown(text), ""});
  }
}

// A count, exact up to 2^53; absurd configs stop at the largest integer.
std::int64_t at_most_integer(double v) {
  return v < 0x1p63 ? static_cast<std::int64_t>(v) : std::numeric_limits<std::int64_t>::max();
}

Value model_value(const std::string& file, const std::vector<std::string>& set, const std::string& input) {
  Experiment e = read_experiment(file, set);
  const Value& size = e.params.train.batch_size;
  Shape shape;
  std::int64_t outputs = 0, batch = size.is_number() ? size.as_integer() : 1;
  if (input.empty()) {
    auto source = make_source({e.params.data, e.params.prepare});
    LoadedData data = source->load(e.folder, static_cast<std::uint64_t>(e.params.seed));
    shape = data.train->input_shape();
    auto loss = make_loss(e.loss_for(data.task), "model.loss");
    outputs = data.task.classifies() ? loss->outputs(data.task.width()) : data.task.width();
    if (!size.is_number()) batch = data.train->size();
  } else {
    shape = shape_in(input);
  }
  std::unique_ptr<Network> network = make_network(e.params.model.layers, outputs, "model.layers");
  Cost total = network->cost(shape);
  Value v = Value::table(), rows = Value::array();
  for (const Network::LayerRow& r : network->table(shape)) {
    Value row = Value::table(), out = Value::array();
    for (std::int64_t d : r.output) out.push_back(d);
    row.set("name", r.name);
    row.set("type", r.type);
    row.set("output", out);
    row.set("parameters", r.cost.parameters);
    row.set("multiply_adds", r.cost.multiply_adds);
    row.set("activation_bytes", 4 * r.cost.activations);
    row.set("step_bytes", r.cost.step_bytes(batch));
    rows.push_back(std::move(row));
  }
  v.set("name", e.params.name);
  v.set("batch_size", batch);
  v.set("layers", std::move(rows));
  v.set("parameters", total.parameters);
  v.set("multiply_adds_per_example", total.multiply_adds);
  v.set("multiply_adds_per_step",
        at_most_integer(3 * static_cast<double>(batch) * static_cast<double>(total.multiply_adds)));
  v.set("parameter_bytes", 4 * total.parameters);
  v.set("step_bytes", total.step_bytes(batch));
  return v;
}

std::string model_text(const Value& v) {
  std::vector<std::vector<std::string>> rows;
  for (const Value& r : v.at("layers").as_array()) {
    std::string shape = "[batch";
    for (const Value& d : r.at("output").as_array()) shape += ", " + std::to_string(d.as_integer());
    rows.push_back({r.at("name").as_string(), r.at("type").as_string(), shape + "]",
                    grouped(r.at("parameters").as_integer()), grouped(r.at("multiply_adds").as_integer()),
                    format_bytes(r.at("activation_bytes").as_integer()),
                    format_bytes(r.at("step_bytes").as_integer())});
  }
  const std::int64_t batch = v.at("batch_size").as_integer();
  return aligned_table({"layer", "type", "output", "parameters", "multiply-adds", "activations", "memory"}, rows) +
         fmt::format("\n\n{} parameters ({}); a training step of {}: {} multiply-adds, about {} of memory",
                     grouped(v.at("parameters").as_integer()), format_bytes(v.at("parameter_bytes").as_integer()),
                     count_text(static_cast<std::uint64_t>(batch), "example"),
                     grouped(v.at("multiply_adds_per_step").as_integer()),
                     format_bytes(v.at("step_bytes").as_integer()));
}

// ---- a run

Value run_value(const std::string& run) {
  RunFolder folder(run);
  if (!std::filesystem::exists(folder.file(RunFolder::kConfig)))
    throw Error(ErrorKind::file, run, "is no run folder: it has no config.toml",
                "give what gradus train wrote, such as runs/iris");
  Value v = Value::table();
  v.set("config", read_toml(folder.file(RunFolder::kConfig)));
  bool finished = std::filesystem::exists(folder.file(RunFolder::kMetrics));
  v.set("finished", finished);
  if (!finished) return v;
  Value metrics = parse_json(read_file(folder.file(RunFolder::kMetrics), 16u << 20), folder.file(RunFolder::kMetrics));
  for (const char* key : {"run", "model", "metrics"})
    if (const Value* part = metrics.find(key))
      v.set(key, *part);
    else if (key == std::string_view("run") || metrics.at("run").find("reason") == nullptr)
      throw Error(ErrorKind::data, folder.file(RunFolder::kMetrics), std::string("has no \"") + key + "\"",
                  "it is damaged: train again, or resume the run, which writes it anew");
  return v;
}

std::string run_text(const Value& v) {
  std::string text = v.at("config").at("name").as_string();
  if (!v.at("finished").as_bool()) return text + ": not finished; go on with gradus train CONFIG --out FOLDER --resume";
  const Value& run = v.at("run");
  if (const Value* reason = run.find("reason"))
    return text + fmt::format(": diverged after {} epochs, {} steps, so there is no model; {}",
                              run.at("epochs").as_integer(), grouped(run.at("steps").as_integer()),
                              reason->as_string());
  text += fmt::format(": {} epochs, {} steps in {}, stopped by {}; {} parameters, hash {}",
                      run.at("epochs").as_integer(), grouped(run.at("steps").as_integer()),
                      duration(run.at("seconds").as_real()), run.at("stopped").as_string(),
                      grouped(v.at("model").at("parameters").as_integer()), v.at("model").at("hash").as_string());
  for (const auto& [part, metrics] : v.at("metrics").as_table()) {
    text += "\n" + part + ":";
    for (const auto& [name, value] : metrics.as_table())
      if (value.is_number()) text += " " + name + " " + short_number(value.as_real());
  }
  return text;
}

}  // namespace

void add_show(CLI::App& app) {
  struct Arguments {
    std::string path, input;
    std::vector<std::string> set;
    bool json = false;
  };
  auto a = std::make_shared<Arguments>();
  CLI::App* show = app.add_subcommand("show", "Explain configs, components, models and runs.");
  show->require_subcommand(1);
  auto add = [&](const char* name, const char* help) {
    CLI::App* c = show->add_subcommand(name, help);
    c->add_flag("--json", a->json, "Print one JSON document.");
    return c;
  };
  add("config", "Every key of a config with type, default and meaning.")->callback([a] {
    Value fields = config_fields();
    if (a->json)
      print_json(fields);
    else
      print(fields_text(fields, "") +
            "\nThe keys of layers, losses, optimizers and all other components: gradus show catalog");
  });
  add("catalog",
      "Every layer, loss, optimizer, schedule, initialiser, transform, tokenizer and data format with its keys.")
      ->callback([a] {
        Value all = whole_catalog();
        if (a->json)
          print_json(all);
        else
          print(catalog_text(all));
      });
  CLI::App* model = add("model", "Output shapes, parameters, arithmetic and memory of a config's model.");
  model->add_option("file", a->path, "The config, a TOML file.")->required()->type_name("FILE");
  model->add_option("--input", a->input,
                    "Shape of one example, such as 28,28,1; left out: the data is read to find it.");
  model->add_option("--set", a->set, kSetHelp)
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  model->callback([a] {
    Value v = model_value(a->path, a->set, a->input);
    if (a->json)
      print_json(v);
    else
      print(model_text(v));
  });
  CLI::App* run = add("run", "The result of a run.");
  run->add_option("run", a->path, "A run folder.")->required()->type_name("RUN");
  run->callback([a] {
    Value v = run_value(a->path);
    if (a->json)
      print_json(v);
    else
      print(run_text(v));
  });
}

}  // namespace gradus::cli
