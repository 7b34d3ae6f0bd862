#include "gradus/train/overrides.h"

#include "gradus/base/error.h"
#include "gradus/base/text.h"

namespace gradus {
namespace {

// The key under which the table form of what `key` names holds the name: method = "files", default = "median",
// type = "adam".
std::string name_key(const std::string& key) {
  if (key == "prepare.split" || key.find(".columns.") != std::string::npos) return "method";
  return key.rfind("prepare.", 0) == 0 ? "default" : "type";
}

void locate(Value& v, const Location& where) {
  if (v.is_table())
    for (auto& [key, member] : v.as_table()) locate(member, where);
  if (v.is_array())
    for (Value& item : v.as_array()) locate(item, where);
  v.set_location(where);
}

// Names and `true` along the way to `key` become tables, so that they can take a parameter.
void open_shorthands(Value& config, const std::string& key, const Location& where) {
  for (std::size_t dot = key.find('.'); dot != std::string::npos; dot = key.find('.', dot + 1)) {
    const std::string outer = key.substr(0, dot);
    const Value* v = config.find_path(outer);
    if (v == nullptr || !(v->is_string() || *v == Value(true))) continue;
    Value table = Value::table();
    if (v->is_string()) table.set(name_key(outer), *v);
    table.set_location(where);
    config.set_path(outer, std::move(table));
  }
}

// A table whose members only fit together ({ train = 0.7, test = 0.3 }) is at fault as a whole, so it says who changed
// it.
void note_change(Value& config, const std::string& key, const Location& where) {
  const std::string outer = key.substr(0, key.rfind('.'));
  const Value* table = config.find_path(outer);
  if (outer == key || outer.find('.') == std::string::npos || table == nullptr) return;
  std::string written = table->location().text();
  bool from_file = !written.empty() && written.rfind("--set ", 0) != 0;
  Value changed = *table;
  changed.set_location({where.file + (from_file ? " and " + written : "")});
  config.set_path(outer, std::move(changed));
}

}  // namespace

std::string apply_override(Value& config, const std::string& assignment) {
  std::size_t equals = assignment.find('=');
  std::string key = assignment.substr(0, equals);
  if (equals == std::string::npos || key.empty() || key.find(' ') != std::string::npos)
    throw Error(ErrorKind::usage, {"--set", "key=value", shown(assignment), "for example --set train.epochs=5"});
  const Location where{"--set " + key};
  try {
    Value value = parse_toml_value(assignment.substr(equals + 1));
    locate(value, where);
    open_shorthands(config, key, where);
    config.set_path(key, std::move(value));
    note_change(config, key, where);
  } catch (const Error& e) {
    throw e.at("--set " + key);
  }
  return key;
}

}  // namespace gradus
