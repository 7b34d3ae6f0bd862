#include "gradus/data/split.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "gradus/base/error.h"
#include "gradus/base/random.h"
#include "gradus/base/text.h"
#include "gradus/data/apportion.h"
#include "gradus/data/numbers.h"

namespace gradus {
namespace {

constexpr double kRounding = 1e-9;
const char* const kPlace = "prepare.split";
const char* const kPartNames[] = {"train", "validation", "test"};
constexpr std::size_t kParts = 3;

Shares shares_of(const SplitParams& params) {
  double train = params.train.value_or(0), test = params.test.value_or(0);
  double rest = 1 - train - params.validation - test;
  return {train, params.validation, test, rest > kRounding ? rest : 0.0};
}

std::size_t parts_wanted(const Shares& shares) {
  return static_cast<std::size_t>(
      std::count_if(shares.begin(), shares.begin() + kParts, [](double s) { return s > 0; }));
}

RowIndices all_rows(std::size_t begin, std::size_t end) {
  RowIndices rows(end - begin);
  std::iota(rows.begin(), rows.end(), static_cast<std::uint32_t>(begin));
  return rows;
}

RowIndices shuffled(std::size_t n, std::uint64_t seed) {
  RowIndices order(n);
  random_permutation(RandomKey{seed}.in("split"), order.data(), static_cast<std::uint32_t>(n));
  return order;
}

// Rows [0, borders[0]) of `order` are unused, those up to borders[1] train, and so on; the last border may leave a
// rest.
using Borders = std::array<std::size_t, 4>;

Split cut(const RowIndices& order, const Borders& borders) {
  auto rows = [&](std::size_t i) {
    RowIndices part(order.begin() + static_cast<std::ptrdiff_t>(borders[i]),
                    order.begin() + static_cast<std::ptrdiff_t>(borders[i + 1]));
    std::sort(part.begin(), part.end());
    return part;
  };
  return {rows(0), rows(1), rows(2), borders[0] + order.size() - borders[3]};
}

Borders borders_from(std::size_t start, const Sizes& sizes) {
  return {start, start + sizes[0], start + sizes[0] + sizes[1], start + sizes[0] + sizes[1] + sizes[2]};
}

Split split_in_order(const RowIndices& order, const Shares& shares) {
  return cut(order, borders_from(0, apportion(order.size(), shares)));
}

std::string class_text(const SplitData& data, std::size_t k) {
  return k < data.class_names.size() ? short_quoted(data.class_names[k]) : fmt::format("{}", k);
}

// The number of rows of each class among rows [0, n).
std::vector<std::size_t> class_sizes(const SplitData& data, std::size_t n) {
  std::vector<std::size_t> sizes(data.class_names.size());
  for (std::size_t row = 0; row < n; ++row) {
    std::int32_t k = data.classes[row];
    if (k < 0) throw Error(ErrorKind::data, kPlace, fmt::format("row {} has no class to stratify by", row + 1));
    if (static_cast<std::size_t>(k) >= sizes.size()) sizes.resize(static_cast<std::size_t>(k) + 1);
    ++sizes[static_cast<std::size_t>(k)];
  }
  return sizes;
}

// Walks over the rows in `order`, each going to the first part with room left for its class.
Split split_by_class(const RowIndices& order, const SplitData& data, std::vector<Sizes> room) {
  Split split;
  RowIndices* parts[] = {&split.train, &split.validation, &split.test};
  for (std::uint32_t row : order) {
    Sizes& left = room[static_cast<std::size_t>(data.classes[row])];
    std::size_t p = 0;
    while (p < kParts && left[p] == 0) ++p;
    if (p == kParts) {
      ++split.unused;
      continue;
    }
    --left[p];
    parts[p]->push_back(row);
  }
  for (RowIndices* part : parts) std::sort(part->begin(), part->end());
  return split;
}

Split split_stratified(const SplitData& data, const Shares& shares, std::uint64_t seed) {
  if (data.classes.empty())
    throw Error(ErrorKind::config, kPlace, "\"stratified\" needs classes, and this task has none",
                "use method = \"random\"");
  std::vector<std::size_t> sizes = class_sizes(data, data.rows);
  std::vector<Sizes> room = apportion_classes(sizes, shares);
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    if (sizes[k] == 0) continue;
    if (sizes[k] < parts_wanted(shares) || room[k][0] == 0)
      throw Error(
          ErrorKind::data, kPlace,
          fmt::format("class {} has {}, too few for {} parts{}", class_text(data, k), count_text(sizes[k], "row"),
                      parts_wanted(shares), room[k][0] == 0 ? " of these shares: none is left to train on" : ""),
          "remove or merge the class, or use method = \"random\"");
  }
  return split_by_class(shuffled(data.rows, seed), data, std::move(room));
}

const Column& column_of(const SplitData& data, const SplitParams& params) {
  if (data.column == nullptr)
    throw Error(ErrorKind::config, kPlace,
                "method " + quoted(params.method) + " needs a column, and these data have no named columns");
  for (std::size_t row = 0; row < data.column->size(); ++row)
    if (data.column->is_missing(row))
      throw Error(ErrorKind::data, kPlace,
                  fmt::format("column {} has no value in row {}", quoted(data.column->name()), row + 1),
                  "every row needs one to be put into a part");
  return *data.column;
}

// The rows of each group, by the group's value.
std::vector<RowIndices> groups_of(const Column& column) {
  std::map<double, RowIndices> groups;
  for (std::size_t row = 0; row < column.size(); ++row) {
    double key = column.is_numeric() ? column.numbers()[row] : column.codes()[row];
    groups[key].push_back(static_cast<std::uint32_t>(row));
  }
  std::vector<RowIndices> all;
  for (auto& [key, rows] : groups) all.push_back(std::move(rows));
  return all;
}

Split split_groups(const Column& column, const Shares& shares, std::uint64_t seed) {
  std::vector<RowIndices> groups = groups_of(column);
  if (groups.size() < parts_wanted(shares))
    throw Error(ErrorKind::data, kPlace,
                fmt::format("column {} has {}, too few for {} parts", quoted(column.name()),
                            count_text(groups.size(), "group"), parts_wanted(shares)));
  RowIndices order = shuffled(groups.size(), seed);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return groups[a].size() > groups[b].size(); });

  Sizes sizes = apportion(column.size(), shares);
  std::array<RowIndices, kParts + 1> parts;
  for (std::size_t g = 0; g < order.size(); ++g) {
    auto must_be_filled = [&](std::size_t p) { return p < kParts && shares[p] > 0 && parts[p].empty(); };
    std::size_t empty = 0;
    for (std::size_t p = 0; p < kParts; ++p) empty += must_be_filled(p);
    bool only_empty = empty == order.size() - g;
    auto lack = [&](std::size_t p) {
      return static_cast<std::ptrdiff_t>(sizes[p]) - static_cast<std::ptrdiff_t>(parts[p].size());
    };
    std::size_t best = parts.size();
    for (std::size_t p = 0; p < parts.size(); ++p) {
      if (shares[p] == 0 || (only_empty && !must_be_filled(p))) continue;
      if (best == parts.size() || lack(p) > lack(best)) best = p;
    }
    parts[best].insert(parts[best].end(), groups[order[g]].begin(), groups[order[g]].end());
  }
  for (RowIndices& part : parts) std::sort(part.begin(), part.end());
  return {std::move(parts[0]), std::move(parts[1]), std::move(parts[2]), parts[3].size()};
}

// The groups that are named test; of the others whole ones are cut for validation, a share of all rows.
Split split_named_groups(const Column& column, const SplitParams& params, std::uint64_t seed) {
  Split split;
  Column texts = column.as_categorical();
  std::vector<char> is_test(texts.levels().size());
  for (const std::string& name : params.test_groups) {
    auto level = std::ranges::find(texts.levels(), name);
    if (level == texts.levels().end()) {
      std::string close = nearest(name, texts.levels());
      throw Error(ErrorKind::config, {"prepare.split.test_groups", "groups of the column " + quoted(column.name()),
                                      short_quoted(name), close.empty() ? "" : "did you mean " + quoted(close) + "?"});
    }
    is_test[static_cast<std::size_t>(level - texts.levels().begin())] = true;
  }
  RowIndices others;
  for (std::uint32_t row = 0; row < texts.size(); ++row)
    (is_test[static_cast<std::size_t>(texts.codes()[row])] ? split.test : others).push_back(row);
  if (params.validation == 0 || others.empty()) {
    split.train = std::move(others);
    return split;
  }
  double share = params.validation * static_cast<double>(column.size()) / static_cast<double>(others.size());
  if (share >= 1)
    throw Error(ErrorKind::data, kPlace, "the validation share leaves nothing to train on beside the test groups",
                "lower it, or name fewer groups");
  Split rest = split_groups(column.select(others), {1 - share, share, 0, 0}, seed);
  for (std::uint32_t row : rest.train) split.train.push_back(others[row]);
  for (std::uint32_t row : rest.validation) split.validation.push_back(others[row]);
  return split;
}

// Text with its digits made equal: "2024-03-31" -> "0000-00-00".
std::string shape_of(std::string text) {
  for (char& c : text)
    if (c >= '0' && c <= '9') c = '0';
  return text;
}

// Whether a time ends in its zone's offset: 10:15+02:00, 10:15-11:00.
bool has_offset(const std::string& text) {
  std::size_t time = text.find_first_of("T:");
  return text.find('+') != std::string::npos ||
         (time != std::string::npos && text.find('-', time) != std::string::npos);
}

// Whether the order of the texts is the order of the times: all are written alike, year first, without a zone's offset.
void check_dates(const Column& column) {
  const std::vector<std::string>& levels = column.levels();
  std::string shape = shape_of(levels.front());
  bool year_first = shape.size() >= 7 && shape.substr(0, 4) == "0000" && shape[4] != '0' && shape.substr(5, 2) == "00";
  for (const std::string& level : levels)
    if (!year_first || shape_of(level) != shape || has_offset(level))
      throw Error(ErrorKind::data,
                  {"prepare.split: column " + quoted(column.name()), "numbers, or dates all written like 2024-03-31",
                   short_quoted(level),
                   "write the year first and no offset of a time zone, or give a number that grows with time"});
}

Split split_by_time(const Column& column, const Shares& shares) {
  if (!column.is_numeric()) check_dates(column);
  auto time = [&](std::uint32_t row) { return column.is_numeric() ? column.numbers()[row] : column.codes()[row]; };
  RowIndices order = all_rows(0, column.size());
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return time(a) < time(b); });

  Sizes sizes = apportion(order.size(), shares);
  Borders borders = borders_from(sizes[kParts], sizes);
  for (std::size_t& border : borders) {
    if (border == 0 || border == order.size()) continue;
    std::size_t first = border, last = border;
    while (first > 0 && time(order[first - 1]) == time(order[border])) --first;
    while (last < order.size() && time(order[last]) == time(order[border])) ++last;
    if (first == border) continue;
    border = border - first < last - border ? first : last;
  }
  return cut(order, borders);
}

Split split_files(const SplitParams& params, const SplitData& data, std::uint64_t seed) {
  Shares shares = {1 - params.validation, params.validation, 0, 0};
  RowIndices order = shuffled(data.train_rows, seed);
  Split split = data.classes.empty()
                    ? split_in_order(order, shares)
                    : split_by_class(order, data, apportion_classes(class_sizes(data, data.train_rows), shares));
  split.test = all_rows(data.train_rows, data.rows);
  return split;
}

void check_parts(const Split& split, const SplitParams& params, std::size_t rows) {
  const RowIndices* parts[] = {&split.train, &split.validation, &split.test};
  for (std::size_t p = 0; p < kParts; ++p) {
    bool may_be_empty = p == 1 && params.validation == 0;
    if (parts[p]->empty() && !may_be_empty)
      throw Error(ErrorKind::data, kPlace,
                  fmt::format("the {} part gets none of the {}", kPartNames[p], count_text(rows, "row")),
                  params.method == "files" ? "is the file empty?" : "give it a larger share, or use more data");
  }
}

[[noreturn]] void incomplete(const std::string& place, const Value& value, const std::string& message,
                             const std::string& fix) {
  std::string at = value.location().text();
  throw Error(ErrorKind::config, at.empty() ? place : at, at.empty() ? message : place + ": " + message, fix);
}

// How every class comes to be trained on.
std::string advice_on_classes(const SplitParams& params) {
  if (params.method == "files")
    return std::string("add rows of it to the training file") +
           (params.validation > 0 ? ", lower the validation share that is cut from it," : "") +
           " or take its rows out of the test file";
  if (params.method == "group" || params.method == "time")
    return "give train a larger share, or leave that class out of the data";
  if (params.method == "stratified") return "give train a larger share";
  return "use method = \"stratified\" or a larger training share";
}

}  // namespace

void SplitParams::fields(Fields& f) {
  f("method", method, {"random", "stratified", "group", "time", "contiguous", "files"}, "how rows are divided");
  f("train", train, above_to(0, 1), "share of the rows to train on");
  f("validation", validation, from_to(0, 1), "share of the rows that guides training, such as early stopping");
  f("test", test, above_to(0, 1), "share of the rows kept for the final evaluation");
  f("column", column, "column of the groups, or of the time");
  f("test_groups", test_groups, "with group: the groups that are the test part, instead of the shares train and test");
}

void check_parts(const SplitParams& split, const GivenParts& given, const std::string& example) {
  const bool by_files = split.method == "files";
  const std::string ending = example.substr(std::min(example.rfind('.'), example.size()));
  if (given.source && (given.train || given.test))
    throw Error(ErrorKind::config, "data", "names both source and train or test, and only one of them can be meant",
                "keep source to split what it names, or train and test with split = { method = \"files\" }");
  if (by_files && !(given.train && given.test))
    throw Error(ErrorKind::config, kPlace,
                std::string("method \"files\" takes the parts that [data] keeps apart, and it names no ") +
                    (given.train ? "test" : "train"),
                "write train = " + quoted("train" + ending) + " and test = " + quoted("test" + ending) +
                    " under [data], or choose another method");
  if (!by_files && !given.source)
    throw Error(ErrorKind::config, given.train ? kPlace : "data.source",
                given.train ? "[data] gives train and test, so the split must be by files" : "is missing",
                given.train ? "write split = { method = \"files\", validation = 0.1 }"
                            : "write source = " + quoted(example) + " under [data]");
}

SplitParams read_split(const Value& value, const std::string& place) {
  SplitParams params;
  if (value.is_null())
    incomplete(place, value, "how to split the data is not said",
               "write for instance split = { method = \"random\", train = 0.7, validation = 0.15, test = 0.15 }");
  read_params(params, value, place);
  if (params.method.empty())
    incomplete(place, value, "a method is missing", "one of random, stratified, group, time, contiguous, files");
  std::string method = quoted(params.method);
  if (params.method == "files") {
    if (params.train || params.test)
      incomplete(place, value, "method \"files\" takes no train or test share",
                 "the parts are the files that [data] gives; validation is cut from the training file");
  } else if (!params.test_groups.empty()) {
    if (params.method != "group" || params.train || params.test)
      incomplete(place, value, "test_groups goes with method \"group\" and without train and test",
                 "write { method = \"group\", column = \"patient\", test_groups = [\"p07\"], validation = 0.15 }");
  } else if (!params.train || !params.test) {
    const char* absent = params.train ? "test is" : params.test ? "train is" : "train and test are";
    incomplete(place, value, fmt::format("method {} needs the parts' shares: {} missing", method, absent),
               fmt::format("write {{ method = {}, train = 0.7, validation = 0.15, test = 0.15 }}", method));
  }
  bool needs_column = params.method == "group" || params.method == "time";
  if (needs_column && !params.column)
    incomplete(place, value, fmt::format("method {} needs a column", method), "add column = \"...\"");
  if (!needs_column && params.column)
    incomplete(place, value, fmt::format("method {} takes no column", method),
               params.method == "stratified" ? "it goes by the target's classes" : "only group and time do");
  double sum = params.train.value_or(0) + params.validation + params.test.value_or(0);
  if (sum > 1 + kRounding)
    incomplete(place, value, fmt::format("train + validation + test must be at most 1, got {:.6g}", sum), "");
  return params;
}

Split make_split(const SplitParams& params, const SplitData& data, std::uint64_t seed) {
  Shares shares = shares_of(params);
  Split split;
  if (params.method == "random")
    split = split_in_order(shuffled(data.rows, seed), shares);
  else if (params.method == "contiguous")
    split = split_in_order(all_rows(0, data.rows), shares);
  else if (params.method == "stratified")
    split = split_stratified(data, shares, seed);
  else if (params.method == "group")
    split = params.test_groups.empty() ? split_groups(column_of(data, params), shares, seed)
                                       : split_named_groups(column_of(data, params), params, seed);
  else if (params.method == "time")
    split = split_by_time(column_of(data, params), shares);
  else if (params.method == "files")
    split = split_files(params, data, seed);
  else
    throw Error(ErrorKind::config, kPlace, "there is no method " + quoted(params.method));
  check_parts(split, params, data.rows);
  return split;
}

void check_classes(const RowIndices& train, const SplitData& data, const SplitParams& params) {
  const auto& [classes, class_names] = std::tie(data.classes, data.class_names);
  std::vector<char> occurs(class_names.size()), is_trained(class_names.size());
  for (std::int32_t k : classes)
    if (k >= 0) occurs.at(static_cast<std::size_t>(k)) = true;
  for (std::uint32_t row : train)
    if (classes.at(row) >= 0) is_trained[static_cast<std::size_t>(classes[row])] = true;
  std::string absent;
  for (std::size_t k = 0; k < class_names.size(); ++k)
    if (occurs[k] && !is_trained[k]) absent += (absent.empty() ? "" : ", ") + short_quoted(class_names[k]);
  if (!absent.empty())
    throw Error(ErrorKind::data, kPlace, "no training row has the class " + absent, advice_on_classes(params));
}

}  // namespace gradus
