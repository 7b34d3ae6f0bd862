#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "gradus/base/text.h"
#include "gradus/data/file_lists.h"
#include "gradus/data/numbers.h"
#include "gradus/data/sequence_source.h"
#include "gradus/data/table_files.h"
#include "gradus/data/times.h"

namespace gradus {
namespace {

// How sequences stand in a table.
struct SequenceForm {
  std::optional<std::string> sequence, alphabet, id, time;
  std::vector<std::string> columns, value;
  std::int64_t per_step = 1;
  std::string unknown = "error";
  bool sort = false;
  std::string target_per = "sequence";
  void fields(Fields& f) {
    f("sequence", sequence, "the column that holds a whole sequence as letters");
    f("columns", columns,
      "the columns that hold one step after the other, a letter or number each, or \"p1..p60\" for all from p1 to p60 "
      "in "
      "the file's order; empty cells at a row's end make it shorter");
    f("per_step", per_step, at_least(1), "how many of these columns, of numbers, make a step");
    f("alphabet", alphabet, "the letters of sequence or columns: \"dna\", or a list of them such as \"HEC\"");
    f("unknown", unknown, {"error", "zero"}, "what a letter that is not in the alphabet is: a mistake, or all zeros");
    f("value", value, "the columns of numbers of one step a row; rows of one id are a sequence");
    f("id", id, "the column that names the sequences; left out: they are numbered");
    f("time", time, "with value: the column of times; left out: rows are in order");
    f("sort", sort, "whether rows are to be sorted by time; else rows out of order are an error");
    f("target_per", target_per, {"sequence", "step"}, "with value: what has a target of its own");
  }

  bool is_long() const { return !value.empty(); }
  // Throws Error{config} unless the keys describe one form.
  void check() const;
};

void SequenceForm::check() const {
  int forms = static_cast<int>(sequence.has_value()) + static_cast<int>(!columns.empty()) + static_cast<int>(is_long());
  if (forms != 1)
    throw Error(ErrorKind::config, "data",
                forms == 0 ? "does not say where the sequences are" : "says in several ways where the sequences are",
                "write one of sequence = \"dna\" (a column of letters), columns = \"p1..p60\" (a column a step), or "
                "value = [\"x\"] with id = \"id\" (a row a step)");
  auto refuse = [](bool wrong, const char* key, const char* message, const char* fix) {
    if (wrong) throw Error(ErrorKind::config, std::string("data.") + key, message, fix);
  };
  for (const auto* names : {&columns, &value})
    for (auto it = names->begin(); it != names->end(); ++it)
      refuse(std::find(names->begin(), it, *it) != it, names == &columns ? "columns" : "value",
             (shown(*it) + " is named twice").c_str(), "name it once");
  refuse(sequence && !alphabet, "alphabet", "is missing",
         "write alphabet = \"dna\", or its letters: alphabet = \"HEC\"");
  refuse(is_long() && alphabet, "alphabet", "is for letters, and value names columns of numbers", "leave it out");
  refuse(is_long() && !id, "id", "is missing", "name the column whose equal values make rows one sequence");
  refuse(!is_long() && (time || sort), "time", "and sort are for rows that are steps, which value names",
         "leave them out");
  refuse(!is_long() && target_per == "step", "target_per", "\"step\" needs rows that are steps, which value names",
         "leave it out");
  refuse(per_step != 1 && (columns.empty() || alphabet), "per_step", "counts columns of numbers", "leave it out");
}

struct SequenceTableParams {
  std::string format = "sequence_table";
  SequenceFiles files;
  SequenceForm form;
  std::vector<std::string> target;
  std::string task = "auto";
  CsvOptions csv;
  void fields(Fields& f) {
    f("format", format, {"sequence_table"}, "the files' format");
    f("source", files.source, "names of CSV files", "the table, or several whose rows belong together");
    f("train", files.train, "names of CSV files",
      "the training table, where training and test sequences are kept apart");
    f("test", files.test, "names of CSV files", "the test table");
    form.fields(f);
    f("target", target, "the column to predict, or several numeric ones");
    f("task", task, {"auto", "regression", "binary", "multiclass"},
      "what the target is; auto: text and few whole numbers are classes, other numbers regression");
    csv.fields(f);
  }
};

std::string row_place(const Table& table, const std::string& column, std::size_t row) {
  return fmt::format("{}: column {}, row {}", table.name(), quoted(column), row + 1);
}

// The columns from the first to the last of "first..last", or the names as they are.
std::vector<std::string> columns_in(const std::vector<std::string>& given, const Table& table) {
  std::size_t dots = given.size() == 1 ? given[0].find("..") : std::string::npos;
  if (dots == std::string::npos || table.find(given[0]) != nullptr) return given;
  std::size_t first = table.index_of(given[0].substr(0, dots)), last = table.index_of(given[0].substr(dots + 2));
  if (last < first)
    throw Error(ErrorKind::config, "data.columns", quoted(given[0]) + " goes backwards in " + table.name());
  std::vector<std::string> all = table.names();
  return {all.begin() + static_cast<std::ptrdiff_t>(first), all.begin() + static_cast<std::ptrdiff_t>(last) + 1};
}

// The value at `row`, which must be there and finite.
double number_at(const Table& table, const Column& column, std::size_t row) {
  double x = column.numbers()[row];
  if (!std::isfinite(x))
    throw Error(ErrorKind::data,
                {row_place(table, column.name(), row), "a finite number",
                 column.is_missing(row) ? "no value" : number_text(x), "fill it in, or leave the row out"});
  return x;
}

// Sequences in tables: letters in a cell, a column for each step, or a row for each step.
class SequenceTableSource final : public SequenceSource {
 public:
  struct Params {
    SequenceTableParams data;
    SequencePrepareParams prepare;
    void fields(Fields& f) {
      f("data", data, "the [data] section");
      f("prepare", prepare, "the [prepare] section");
    }
  };

  explicit SequenceTableSource(Params p)
      : SequenceSource(std::move(p.data.files), p.prepare),
        form_(std::move(p.data.form)),
        targets_(std::move(p.data.target)),
        task_(std::move(p.data.task)),
        csv_(std::move(p.data.csv)) {
    if (form_.alphabet && p.prepare.scale != "none")
      throw Error(ErrorKind::config, "prepare.scale", "letters are not scaled", "leave it out");
  }

  Value state() const override {
    SequenceForm form = form_;
    CsvOptions csv = csv_;
    Value v = SequenceSource::state(), reading = write_params(csv);
    reading.erase("types");
    v.set("form", write_params(form));
    v.set("csv", std::move(reading));
    return v;
  }
  void restore(const Value& state) override {
    SequenceSource::restore(state);
    read_params(form_, state.at("form"), "form");
    read_params(csv_, state.at("csv"), "csv");
    targets_ = target_.columns();
  }

 private:
  std::string format_name() const override { return "sequence_table"; }
  std::string example_source() const override { return "table.csv"; }
  std::string name_column() const override { return form_.id.value_or("row"); }
  TargetParams target_params() const override { return {targets_, task_}; }

  Sequences gather(const Value& given, const std::string& folder, const std::string& place) override {
    form_.check();
    if (targets_.empty())
      throw Error(ErrorKind::config, "data.target", "is missing", "name the column to predict: target = \"class\"");
    std::vector<std::string> names = names_given(given, place);
    if (names.empty()) throw Error(ErrorKind::config, place, "names no file");
    Table table = read_tables(names, folder, place, with_kinds(csv_));
    if (!form_.columns.empty()) {
      form_.columns = columns_in(form_.columns, table);
      const ColumnKind kind = form_.alphabet ? ColumnKind::categorical : ColumnKind::numeric;
      auto is_other = [&](const std::string& name) { return table.column(name).kind() != kind; };
      // Of a range the names are known only now, and what they are to hold.
      if (std::ranges::any_of(form_.columns, is_other)) table = read_tables(names, folder, place, with_kinds(csv_));
    }
    per_step_ = form_.target_per == "step";
    name_features();
    std::vector<std::string> known = targets_;
    if (group_column_ && std::ranges::find(known, *group_column_) == known.end()) known.push_back(*group_column_);
    return sequences(table, known);
  }

  Sequences gather_new(const std::vector<std::string>& files, bool need_target) override {
    CsvOptions options = csv_;
    options.types = Value::table();
    if (need_target) options.expected_kinds = target_.inputs();
    return sequences(read_tables(files, "", "--data", with_kinds(options)),
                     need_target ? targets_ : std::vector<std::string>());
  }

  // Letters and names are text, whatever they look like.
  CsvOptions with_kinds(CsvOptions options) const {
    auto expect = [&](const std::string& name, ColumnKind kind) { options.expected_kinds.emplace_back(name, kind); };
    if (form_.sequence) expect(*form_.sequence, ColumnKind::categorical);
    if (form_.id) expect(*form_.id, ColumnKind::categorical);
    for (const std::string& name : form_.columns)
      expect(name, form_.alphabet ? ColumnKind::categorical : ColumnKind::numeric);
    for (const std::string& name : form_.value) expect(name, ColumnKind::numeric);
    return options;
  }

  void name_features() {
    features_.clear();
    if (form_.alphabet) alphabet_.emplace(*form_.alphabet, "data.alphabet");
    auto per_step = static_cast<std::size_t>(form_.per_step);
    if (alphabet_)
      for (char letter : alphabet_->letters()) features_.emplace_back(1, letter);
    else if (form_.is_long())
      features_ = form_.value;
    else if (form_.columns.size() % per_step != 0)
      throw Error(ErrorKind::config, {"data.per_step", fmt::format("a divisor of {} columns", form_.columns.size()),
                                      std::to_string(per_step), ""});
    else if (per_step == 1)
      features_ = {"value"};
    else
      features_.assign(form_.columns.begin(), form_.columns.begin() + form_.per_step);
  }

  // The sequences of a table, with the columns `known` of what is known of them.
  Sequences sequences(const Table& table, const std::vector<std::string>& known) const {
    if (form_.is_long()) return of_rows(table, known);
    Sequences s;
    s.notes = table.notes();
    const Column* id = form_.id ? &table.column(*form_.id) : nullptr;
    for (std::size_t row = 0; row < table.rows(); ++row) {
      std::size_t steps = form_.sequence ? add_text(table, row, s.letters)
                          : alphabet_    ? add_letters(table, row, s.letters)
                                         : add_numbers(table, row, s.values);
      s.add(id != nullptr ? id->text(row) : std::to_string(row + 1), steps);
    }
    if (alphabet_) note_unknown(table, s);
    s.known = table.select_columns(known);
    return s;
  }

  void note_unknown(const Table& table, Sequences& s) const {
    const auto unknown = std::ranges::count_if(s.letters, [&](char letter) { return !alphabet_->has(letter); });
    if (unknown == 0) return;
    if (unknown == std::ssize(s.letters))
      throw Error(ErrorKind::data, {table.name(), alphabet_->description(), "none in any sequence",
                                    "set data.alphabet to the letters that the sequences are made of"});
    s.notes.push_back(fmt::format("{} of {} {} not in the alphabet and become zeros", unknown,
                                  count_text(s.letters.size(), "letter"), unknown == 1 ? "is" : "are"));
  }

  void check_letter(char letter, const std::string& place) const {
    bool is_ascii = static_cast<unsigned char>(letter) < 0x80;
    if (alphabet_->has(letter) || (form_.unknown == "zero" && is_ascii)) return;
    throw Error(ErrorKind::data,
                {place, alphabet_->description(), shown(std::string(1, letter)),
                 is_ascii ? "mend the letter, or write unknown = \"zero\" under [data] to have zeros for it" : ""});
  }

  std::size_t add_text(const Table& table, std::size_t row, std::string& to) const {
    const Column& column = table.column(*form_.sequence);
    std::string text = column.text(row), place = row_place(table, column.name(), row);
    if (text.empty()) throw Error(ErrorKind::data, place, "there is no sequence", "leave the row out");
    for (std::size_t i = 0; i < text.size(); ++i) check_letter(text[i], fmt::format("{}, letter {}", place, i + 1));
    to += text;
    return text.size();
  }

  // The number of columns up to the last one with a value.
  std::size_t filled(const Table& table, std::size_t row) const {
    std::size_t n = form_.columns.size();
    while (n > 0 && table.column(form_.columns[n - 1]).is_missing(row)) --n;
    if (n == 0)
      throw Error(ErrorKind::data, row_place(table, form_.columns[0], row), "the row has no step", "leave it out");
    return n;
  }

  std::size_t add_letters(const Table& table, std::size_t row, std::string& to) const {
    std::size_t n = filled(table, row);
    for (std::size_t c = 0; c < n; ++c) {
      const std::string &name = form_.columns[c], text = table.column(name).text(row);
      if (text.size() != 1)
        throw Error(ErrorKind::data, {row_place(table, name, row), "one letter",
                                      text.empty() ? "none, and more steps behind it" : short_quoted(text), ""});
      check_letter(text[0], row_place(table, name, row));
      to += text;
    }
    return n;
  }

  std::size_t add_numbers(const Table& table, std::size_t row, std::vector<double>& to) const {
    std::size_t per_step = features_.size(), steps = (filled(table, row) + per_step - 1) / per_step;
    for (std::size_t c = 0; c < steps * per_step; ++c)
      to.push_back(number_at(table, table.column(form_.columns[c]), row));
    return steps;
  }

  // The rows of each sequence in the order of time; sequences in the order of their first rows.
  std::vector<RowIndices> rows_by_id(const Table& table) const {
    const Column& id = table.column(*form_.id);
    std::map<std::int32_t, std::size_t> place_of;
    std::vector<RowIndices> rows;
    for (std::uint32_t row = 0; row < table.rows(); ++row) {
      if (id.is_missing(row))
        throw Error(ErrorKind::data, row_place(table, id.name(), row), "there is no name of a sequence");
      auto [at, is_new] = place_of.emplace(id.codes()[row], rows.size());
      if (is_new) rows.emplace_back();
      rows[at->second].push_back(row);
    }
    if (!form_.time) return rows;
    std::vector<double> times = times_of(table.column(*form_.time), table.name());
    for (RowIndices& own : rows) {
      if (form_.sort) std::ranges::stable_sort(own, {}, [&](std::uint32_t row) { return times[row]; });
      for (std::size_t i = 1; i < own.size(); ++i)
        if (!(times[own[i - 1]] < times[own[i]])) refuse_order(table, own[i - 1], own[i], times);
    }
    return rows;
  }

  [[noreturn]] void refuse_order(const Table& table, std::uint32_t before, std::uint32_t row,
                                 const std::vector<double>& times) const {
    const Column& time = table.column(*form_.time);
    bool same = times[before] == times[row];
    throw Error(ErrorKind::data, row_place(table, time.name(), row),
                fmt::format("the time {} of sequence {} {} row {}", short_quoted(time.text(row)),
                            shown(table.column(*form_.id).text(row)),
                            same ? "stands already in" : "is earlier than that of", before + 1),
                same ? "keep one row for each time" : "sort the file, or write sort = true under [data]");
  }

  Sequences of_rows(const Table& table, const std::vector<std::string>& known) const {
    Sequences s;
    s.notes = table.notes();
    const Column& id = table.column(*form_.id);
    RowIndices order, first;
    std::vector<RowIndices> rows = rows_by_id(table);
    for (const RowIndices& own : rows) {
      s.add(id.text(own[0]), own.size());
      first.push_back(own[0]);
      order.insert(order.end(), own.begin(), own.end());
    }
    for (std::uint32_t row : order)
      for (const std::string& name : form_.value) s.values.push_back(number_at(table, table.column(name), row));
    std::vector<std::string> of_sequence = known;
    if (per_step_) {
      auto is_target = [&](const std::string& name) { return std::ranges::find(targets_, name) != targets_.end(); };
      std::erase_if(of_sequence, is_target);
      if (!known.empty()) s.known_steps = table.select_columns(targets_).select_rows(order);
    }
    for (const std::string& name : of_sequence) check_one_value(table, name, rows);
    s.known = table.select_columns(of_sequence).select_rows(first);
    return s;
  }

  // What is known of a sequence is the same in all its rows.
  void check_one_value(const Table& table, const std::string& name, const std::vector<RowIndices>& rows) const {
    Column column = table.column(name).as_categorical();
    for (const RowIndices& own : rows)
      for (std::uint32_t row : own)
        if (column.codes()[row] != column.codes()[own[0]])
          throw Error(
              ErrorKind::data, row_place(table, name, row),
              fmt::format("the sequence {} has {} here and {} in row {}", shown(table.column(*form_.id).text(row)),
                          short_quoted(column.text(row)), short_quoted(column.text(own[0])), own[0] + 1),
              "write target_per = \"step\" under [data] if every step has its own target");
  }

  SequenceForm form_;
  std::vector<std::string> targets_;
  std::string task_;
  CsvOptions csv_;
};

}  // namespace

void register_sequence_table(Catalog<Source>& catalog) {
  catalog.add<SequenceTableSource>(
      "sequence_table",
      "Sequences in CSV tables: letters in a cell, a column for each step, or a row for each "
      "step.");
}

}  // namespace gradus
