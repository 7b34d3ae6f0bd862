#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/base/text.h"
#include "gradus/data/text/labelled_text_source.h"

namespace gradus {
namespace {

struct TextTableDataParams {
  std::string format = "text_table", text;
  std::vector<std::string> target;
  TextDataParams texts;
  CsvOptions csv;
  void fields(Fields& f) {
    f("format", format, {"text_table"}, "the files' format");
    f("source", texts.files.source,
      "the table's file, or several whose rows belong together; the split divides the rows");
    f("train", texts.files.train, "the training table's file or files, where training and test rows are kept apart");
    f("test", texts.files.test, "the test table's file or files");
    f("text", text, "the column of the texts");
    f("target", target, "the column to predict, or several numeric ones");
    texts.shared_fields(f);
    csv.fields(f);
  }
};

// Texts in a column of a table, beside what is to be predicted.
class TextTableSource final : public LabelledTextSource {
 public:
  struct Params {
    TextTableDataParams data;
    TextPrepareParams prepare;
    void fields(Fields& f) {
      f("data", data, "the [data] section");
      f("prepare", prepare, "the [prepare] section");
    }
  };

  explicit TextTableSource(Params p)
      : LabelledTextSource(std::move(p.data.texts), std::move(p.prepare)),
        text_(std::move(p.data.text)),
        target_columns_(std::move(p.data.target)),
        csv_(std::move(p.data.csv)) {}

  Value state() const override {
    CsvOptions options = csv_;
    Value v = LabelledTextSource::state(), reading = write_params(options);
    reading.erase("types");
    v.set("text", text_);
    v.set("csv", std::move(reading));
    return v;
  }
  void restore(const Value& state) override {
    LabelledTextSource::restore(state);
    text_ = state.at("text").as_string();
    read_params(csv_, state.at("csv"), "csv");
    target_columns_ = target().columns();
  }

 private:
  std::string format_name() const override { return "text_table"; }
  std::string example_name() const override { return "texts.csv"; }
  std::vector<std::string> target_columns() const override { return target_columns_; }

  TextList gather(const std::vector<std::string>& names, const std::string& folder, const std::string& place,
                  std::vector<std::string>& notes) override {
    check_roles();
    CsvOptions options = csv_;
    options.expected_kinds = {{text_, ColumnKind::categorical}};
    Table table = read_tables(names, folder, place, options);
    check_names(table, {text_}, "data.text");
    check_names(table, target_columns_, "data.target");
    if (split_column()) check_names(table, {*split_column()}, "prepare.split.column");
    notes.insert(notes.end(), table.notes().begin(), table.notes().end());
    return list_of(table, true);
  }

  TextList gather_new(const std::vector<std::string>& files, bool need_target) override {
    CsvOptions options = csv_;
    options.types = Value::table();
    options.expected_kinds = target().inputs();
    options.expected_kinds.emplace_back(text_, ColumnKind::categorical);
    TextList all;
    for (const std::string& file : files) {
      TextList more;
      if (!need_target && has_text_name(file))
        more.add_rows(file, lines_of(read_text_file(file)));
      else
        more = list_of(read_csv(file, options), need_target);
      all.append(std::move(more));
    }
    return all;
  }

  void check_roles() const {
    if (text_.empty())
      throw Error(ErrorKind::config, "data.text", "is missing", "name the column of the texts: text = \"review\"");
    if (target_columns_.empty())
      throw Error(ErrorKind::config, "data.target", "is missing", "name the column to predict: target = \"sentiment\"");
    if (std::ranges::find(target_columns_, text_) != target_columns_.end())
      throw Error(ErrorKind::config, "data.target",
                  "the texts " + quoted(text_) + " cannot be what is predicted of them", "name another column");
  }

  static void check_names(const Table& table, const std::vector<std::string>& names, const char* key) {
    try {
      for (const std::string& name : names) table.index_of(name);
    } catch (const Error& e) {
      throw e.at(key);
    }
  }

  // The texts of a table, with their targets if these are needed.
  TextList list_of(const Table& table, bool need_target) const {
    const Column& column = table.column(text_);
    std::vector<std::string> texts;
    for (std::size_t row = 0; row < column.size(); ++row) texts.push_back(column.text(row));
    TextList list;
    list.add_rows(table.name(), texts);
    std::vector<std::string> known = target_columns_;
    if (split_column() && std::ranges::find(known, *split_column()) == known.end()) known.push_back(*split_column());
    if (need_target) list.known = table.select_columns(known);
    return list;
  }

  std::string text_;
  std::vector<std::string> target_columns_;
  CsvOptions csv_;
};

}  // namespace

void register_text_table(Catalog<Source>& catalog) {
  catalog.add<TextTableSource>("text_table", "Texts in a column of a CSV or TSV file, beside what is to be predicted.");
}

}  // namespace gradus
