#include "gradus/data/source.h"

#include "gradus/base/error.h"

namespace gradus {
namespace {

bool ends_with(const std::string& s, const std::string& end) {
  return s.size() >= end.size() && s.compare(s.size() - end.size(), end.size(), end) == 0;
}

std::string first_file(const Value& data) {
  for (const char* key : {"source", "train"}) {
    const Value* v = data.find(key);
    if (v == nullptr) continue;
    if (v->is_string()) return v->as_string();
    if (v->is_array() && !v->as_array().empty()) return v->as_array()[0].as_string(std::string("data.") + key);
  }
  throw Error(ErrorKind::config, "data", "names no file", "write source = \"table.csv\" under [data]");
}

}  // namespace

void register_sources(Catalog<Source>& catalog);

const Catalog<Source>& sources() {
  static const Catalog<Source> catalog = [] {
    Catalog<Source> c("data format");
    register_sources(c);
    return c;
  }();
  return catalog;
}

std::string source_format(const SourceConfig& config) {
  if (const Value* format = config.data.find("format")) return format->as_string("data.format");
  std::string file = first_file(config.data);
  if (ends_with(file, ".gz")) file.resize(file.size() - 3);
  return ends_with(file, "ubyte") || ends_with(file, ".idx") ? "idx" : "csv";
}

std::unique_ptr<Source> make_source(const SourceConfig& config) {
  Value both = Value::table();
  both.set("data", config.data);
  both.set("prepare", config.prepare);
  return sources().make(source_format(config), both, "data.format");
}

Value part_sizes(const Split& parts) {
  Value v = Value::table();
  v.set("train", parts.train.size());
  v.set("validation", parts.validation.size());
  v.set("test", parts.test.size());
  if (parts.unused > 0) v.set("unused", parts.unused);
  return v;
}

Value class_table(const Split& parts, const std::vector<std::int32_t>& classes, const std::vector<std::string>& names) {
  auto train = class_counts(classes, parts.train, names.size()),
       validation = class_counts(classes, parts.validation, names.size()),
       test = class_counts(classes, parts.test, names.size());
  Value all = Value::table();
  for (std::size_t c = 0; c < names.size(); ++c) {
    Value v = Value::table();
    v.set("train", train[c]);
    v.set("validation", validation[c]);
    v.set("test", test[c]);
    all.set(names[c], std::move(v));
  }
  return all;
}

const Value& required_split(const Value& prepare) {
  const Value* split = prepare.find("split");
  if (split == nullptr)
    throw Error(
        ErrorKind::config, "prepare.split", "is missing: how data are held back for testing is yours to decide",
        "write split = { method = \"stratified\", train = 0.7, validation = 0.15, test = 0.15 } under [prepare], or "
        "method = \"files\" when [data] names train and test files");
  return *split;
}

}  // namespace gradus
