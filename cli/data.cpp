#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "commands.h"
#include "gradus/data/describe.h"
#include "gradus/data/readers/csv.h"
#include "gradus/data/readers/idx.h"
#include "gradus/data/source.h"
#include "output.h"

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

}  // namespace

void add_data(CLI::App& app) {
  struct Arguments {
    std::string file, target;
    bool json = false;
  };
  auto a = std::make_shared<Arguments>();
  CLI::App* group = app.add_subcommand("data", "Look at data files.");
  group->require_subcommand(1);
  CLI::App* c = group->add_subcommand("describe", "What a file holds: columns, missing values, ranges, oddities.");
  c->add_option("file", a->file, "A CSV, TSV or IDX file.")->required()->type_name("FILE");
  c->add_option("--target", a->target, "The column to predict, for warnings about columns that give it away.")
      ->type_name("COLUMN");
  c->add_flag("--json", a->json, "Print one JSON document.");
  c->callback([a] {
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
