#include <algorithm>
#include <limits>
#include <set>

#include "gradus/base/error.h"
#include "gradus/base/text.h"
#include "gradus/data/describe.h"
#include "gradus/data/numbers.h"
#include "gradus/data/prepare.h"
#include "gradus/data/source.h"
#include "gradus/data/table_files.h"

namespace gradus {
namespace {

struct TableDataParams {
  std::string format = "csv";
  PartFiles files;
  std::vector<std::string> target, features, exclude;
  std::optional<std::string> weight;
  std::string task = "auto";
  CsvOptions csv;
  void fields(Fields& f) {
    f("format", format, {"csv"}, "the files' format");
    f("source", files.source, "the table's file, or several whose rows belong together; the split divides the rows");
    f("train", files.train, "the training table's file or files, where training and test rows are kept apart");
    f("test", files.test, "the test table's file or files");
    f("target", target, "the column to predict, or several numeric ones");
    f("features", features, "columns to predict from; left out: all others");
    f("exclude", exclude, "columns to leave out");
    f("weight", weight, "a column of example weights");
    f("task", task, {"auto", "regression", "binary", "multiclass"},
      "what the target is; auto: text and few whole numbers are classes, other numbers regression");
    csv.fields(f);
  }
};

// A table of features and targets in rows.
class TableSource final : public Source {
 public:
  struct Params {
    TableDataParams data;
    PrepareParams prepare;
    void fields(Fields& f) {
      f("data", data, "the [data] section");
      f("prepare", prepare, "the [prepare] section");
    }
  };

  explicit TableSource(Params p) : data_(std::move(p.data)), prepare_(std::move(p.prepare)), pipeline_(prepare_) {}

  LoadedData load(const std::string& folder, std::uint64_t seed) override {
    SplitParams split = required_split(prepare_.split);
    if (data_.target.empty())
      throw Error(ErrorKind::config, "data.target", "is missing", "name the column to predict: target = \"species\"");
    LoadedData out;
    std::size_t train_rows = 0;
    Table table = read_parts(folder, split, train_rows, out.notes);
    check_names(table, split);
    ColumnRoles roles{data_.target, data_.weight, split.column};
    std::vector<std::string> features = choose_features(table, data_.features, data_.exclude, roles);
    table = without_unlabelled(table, train_rows, out.notes);
    for (const std::string& name : data_.exclude)
      if (std::ranges::find(data_.target, name) != data_.target.end())
        out.notes.push_back("exclude names the target " + quoted(name) + ", which is no feature anyway");

    target_ = Target::infer(table, {data_.target, data_.task});
    out.notes.push_back("task: " + std::string(task_name(target_.task())) + " (" + target_.reason() + ")");
    task_ = {target_.task(), target_.class_names(), target_.columns()};

    SplitData plan;
    plan.rows = table.rows();
    plan.train_rows = train_rows;
    if (split.column) plan.column = &table.column(*split.column);
    if (task_.classifies()) {
      plan.classes = target_.classes(table);
      plan.class_names = task_.classes;
    }
    Split parts = make_split(split, plan, seed);
    if (task_.classifies()) check_classes(parts.train, plan, split);
    if (parts.unused > 0) out.notes.push_back(std::to_string(parts.unused) + " rows are in no part of the split");

    pipeline_ = TablePipeline(prepare_);
    pipeline_.fit(table, features, parts.train);
    if (task_.classifies())
      for (std::size_t c : class_counts(plan.classes, pipeline_.usable_rows(table, parts.train), task_.classes.size()))
        out.class_counts.push_back(static_cast<double>(c));
    std::vector<double> values = task_.classifies() ? std::vector<double>() : target_.values(table);
    task_.fit_scales(prepare_.scale_target, values, pipeline_.usable_rows(table, parts.train), out.notes);
    note_dropped(table, parts, out.notes);
    out.train = part(table, parts.train, "training");
    out.validation = part(table, parts.validation, "validation");
    out.test = part(table, parts.test, "test");
    out.summary = summary(table, parts);
    out.task = task_;
    return out;
  }

  Value state() const override {
    Value v = Value::table();
    v.set("pipeline", pipeline_.state());
    v.set("target", target_.state());
    if (!task_.scales.empty()) v.set("target_scales", scales_state(task_.scales));
    v.set("csv", reading_options());
    if (data_.weight) v.set("weight", *data_.weight);
    return v;
  }

  void restore(const Value& state) override {
    pipeline_.restore(state.at("pipeline"));
    target_.restore(state.at("target"));
    read_params(data_.csv, state.at("csv"), "csv");
    if (const Value* weight = state.find("weight")) data_.weight = weight->as_string();
    task_ = {target_.task(), target_.class_names(), target_.columns()};
    if (const Value* scales = state.find("target_scales"))
      task_.scales = restored_scales(*scales, task_.outputs.size());
  }

  OpenedData open(const std::vector<std::string>& files, bool need_target) override {
    if (files.empty()) throw Error(ErrorKind::usage, "--data", "names no file");
    CsvOptions options = data_.csv;
    options.types = Value::table();
    options.expected_kinds = pipeline_.inputs();
    for (auto& kind : target_.inputs()) options.expected_kinds.push_back(kind);
    Table table = read_csv(files[0], options);
    for (std::size_t i = 1; i < files.size(); ++i) table.append(read_csv(files[i], options));
    OpenedData out;
    auto note_left_out = [&](std::size_t rows, const char* why) {
      if (rows > 0) out.notes.push_back(count_text(rows, "row") + why + ", left out");
    };
    out.has_target = std::all_of(task_.outputs.begin(), task_.outputs.end(),
                                 [&](const std::string& c) { return table.find(c) != nullptr; });
    if (need_target) {
      for (const std::string& c : task_.outputs) table.column(c);
      RowIndices labelled = labelled_rows(table, task_.outputs);
      note_left_out(table.rows() - labelled.size(), " without a target");
      table = table.select_rows(labelled);
    }
    if (table.rows() == 0) throw Error(ErrorKind::data, files[0], "has no rows to work on");
    RowIndices all(table.rows());
    for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
    if (need_target) {
      all = pipeline_.usable_rows(table, all);
      note_left_out(table.rows() - all.size(), " with missing values");
      if (data_.weight)
        out.notes.push_back(table.find(*data_.weight) != nullptr
                                ? "rows weigh what the column " + quoted(*data_.weight) + " says, as in training"
                                : "there is no column " + quoted(*data_.weight) +
                                      ", which gave the weights in training: every row weighs 1");
    }
    try {
      out.data = need_target ? part(table, all) : unlabelled(table);
    } catch (const Error& e) {
      throw e.facts().place.rfind(table.name(), 0) == 0 ? e : e.at(table.name());
    }
    if (!out.data) throw Error(ErrorKind::data, files[0], "no row is without missing values");
    return out;
  }

 private:
  // The rows of all files, those of the training file first.
  Table read_parts(const std::string& folder, const SplitParams& split, std::size_t& train_rows,
                   std::vector<std::string>& notes) const {
    check_parts(split, data_.files.given(), "table.csv");
    bool by_files = split.method == "files";
    Table table = by_files ? read_tables(data_.files.train, folder, "data.train", data_.csv)
                           : read_tables(data_.files.source, folder, "data.source", data_.csv);
    train_rows = table.rows();
    if (by_files) table.append(with_excluded(read_tables(data_.files.test, folder, "data.test", data_.csv)));
    notes.insert(notes.end(), table.notes().begin(), table.notes().end());
    return table;
  }

  // A test table need not have the columns that are left out: those it lacks are empty.
  Table with_excluded(Table test) const {
    for (const std::string& name : data_.exclude)
      if (test.find(name) == nullptr)
        test.add(Column::numeric(name, std::vector<double>(test.rows(), std::numeric_limits<double>::quiet_NaN())));
    return test;
  }

  // Every column that the config names must be there; the error says which key names it.
  void check_names(const Table& table, const SplitParams& split) const {
    auto check = [&](const std::vector<std::string>& names, const char* key) {
      try {
        for (const std::string& name : names) table.index_of(name);
      } catch (const Error& e) {
        throw e.at(key);
      }
    };
    check(data_.target, "data.target");
    check(data_.features, "data.features");
    check(data_.exclude, "data.exclude");
    if (split.column) check({*split.column}, "prepare.split.column");
    if (!data_.weight) return;
    check({*data_.weight}, "data.weight");
    if (std::ranges::find(data_.target, *data_.weight) != data_.target.end())
      throw Error(ErrorKind::config, "data.weight", "the target " + quoted(*data_.weight) + " cannot give the weights",
                  "name the column that says how much each row counts, or leave weight out");
    if (!table.column(*data_.weight).is_numeric())
      throw Error(ErrorKind::config,
                  {"data.weight", "a column of numbers", quoted(*data_.weight) + ", which holds text", ""});
  }

  Table without_unlabelled(const Table& table, std::size_t& train_rows, std::vector<std::string>& notes) const {
    RowIndices labelled = labelled_rows(table, data_.target);
    if (labelled.size() == table.rows()) return table;
    notes.push_back(std::to_string(table.rows() - labelled.size()) + " rows have no target and are left out");
    train_rows =
        static_cast<std::size_t>(std::lower_bound(labelled.begin(), labelled.end(), train_rows) - labelled.begin());
    return table.select_rows(labelled);
  }

  static Tensor tensor_of(const Matrix& m) {
    return Tensor::from(m.values, {static_cast<std::int64_t>(m.rows), static_cast<std::int64_t>(m.cols)});
  }

  void note_dropped(const Table& table, const Split& parts, std::vector<std::string>& notes) const {
    std::size_t dropped = 0;
    for (const RowIndices* rows : {&parts.train, &parts.validation, &parts.test})
      dropped += rows->size() - pipeline_.usable_rows(table, *rows).size();
    if (dropped > 0)
      notes.push_back(count_text(dropped, "row has", "rows have") + " missing values and " +
                      (dropped == 1 ? "is" : "are") + " left out (missing = \"drop_row\")");
  }

  // `name` is the part's, where it has one.
  std::shared_ptr<const Dataset> part(const Table& table, const RowIndices& rows, const std::string& name = "") const {
    RowIndices usable = pipeline_.usable_rows(table, rows);
    if (usable.empty()) return nullptr;
    Tensor x = tensor_of(pipeline_.matrix(table, usable));
    Table own = table.select_rows(usable);
    auto n = static_cast<std::int64_t>(usable.size());
    Tensor y;
    if (task_.classifies()) {
      y = Tensor::from(target_.classes(own), {n});
    } else {
      y = Tensor::from(scaled_targets(task_.scales, target_.values(own)), {n, task_.width()});
    }
    Tensor weight;
    if (data_.weight && own.find(*data_.weight) != nullptr)
      weight = Tensor::from(example_weights(own, *data_.weight, name), {n});
    return std::make_shared<const ArrayDataset>(ArrayInputs{x, 0, 1}, y, weight);
  }

  std::shared_ptr<const Dataset> unlabelled(const Table& table) const {
    Tensor x = tensor_of(pipeline_.matrix(table));
    std::int64_t n = x.dim(0);
    Tensor y = task_.classifies() ? Tensor::zeros({n}, Dtype::i32) : Tensor::zeros({n, task_.width()});
    return std::make_shared<const ArrayDataset>(ArrayInputs{x, 0, 1}, y);
  }

  // The reading options that new files share with the training file.
  Value reading_options() const {
    CsvOptions options = data_.csv;
    Value v = write_params(options);
    v.erase("types");
    return v;
  }

  Value summary(const Table& table, const Split& parts) const {
    Value description = describe(table, data_.target.size() == 1 ? data_.target[0] : ""), v = Value::table();
    v.set("task", std::string(task_name(task_.kind)));
    for (const char* key : {"rows", "duplicate_rows"}) v.set(key, description.at(key));
    v.set("parts", part_sizes(parts));
    if (task_.classifies()) v.set("classes", class_table(parts, target_.classes(table), task_.classes));
    v.set("columns", description.at("column"));
    return v;
  }

  TableDataParams data_;
  PrepareParams prepare_;
  TablePipeline pipeline_;
  Target target_;
  TaskSpec task_;
};

}  // namespace

void register_table(Catalog<Source>& catalog) {
  catalog.add<TableSource>("csv", "Tables in CSV or TSV files, plain or gzipped.");
}

}  // namespace gradus
