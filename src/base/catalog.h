#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "gradus/base/error.h"
#include "gradus/base/params.h"
#include "gradus/base/text.h"

namespace gradus {

// What `gradus show catalog`, the documentation and the contract suites know of a component.
struct Entry {
  std::string name;               // "batch_norm"
  std::string summary;            // one line: what it computes, with its formula
  std::string source;             // paper or book, or ""
  std::vector<FieldInfo> fields;  // from its Params
};

// Name -> factory for one kind of component (layers, losses, optimizers, readers ...).
// Each file of the component's folder defines `void register_FILE(Catalog<Base>&)`; the build writes the function that
// calls them all from the folder's listing.
template <class Base>
class Catalog {
 public:
  using Make = std::function<std::unique_ptr<Base>(const Value& table, const std::string& place)>;

  explicit Catalog(std::string kind) : kind_(std::move(kind)) {}

  // T is constructible from its `T::Params`, or from these and its place in the config.
  template <class T>
  void add(std::string name, std::string summary, std::string source = "") {
    typename T::Params defaults;
    Make make = [](const Value& table, const std::string& place) -> std::unique_ptr<Base> {
      typename T::Params params;
      read_params(params, table, place, {"type", "name", "from"});
      try {
        if constexpr (std::is_constructible_v<T, typename T::Params, const std::string&>)
          return std::make_unique<T>(std::move(params), place);
        else
          return std::make_unique<T>(std::move(params));
      } catch (const Error& e) {
        bool says_where = e.facts().place.find(place) != std::string::npos;
        throw says_where ? e : e.at(table.place(place));
      }
    };
    add(Entry{std::move(name), std::move(summary), std::move(source), describe_params(defaults)}, std::move(make));
  }
  void add(Entry entry, Make make) {
    std::string name = entry.name;
    if (!items_.emplace(name, Item{std::move(entry), std::move(make)}).second)
      throw Error(ErrorKind::state, kind_ + " " + name, "registered twice");
  }

  // Makes the component named `name`, its params read from `table`. An unknown name is Error{config} that names the
  // nearest known one.
  std::unique_ptr<Base> make(const std::string& name, const Value& table, const std::string& place) const {
    return find(name, place).make(table, place);
  }
  // Makes what a config asks for: a name, or a table whose `type` is the name and whose other keys are params.
  std::unique_ptr<Base> make(const Value& spec, const std::string& place) const {
    if (spec.is_string()) return find(spec.as_string(), spec.place(place)).make(Value::table(), place);
    if (!spec.is_table())
      throw Error(ErrorKind::config, {spec.place(place), "a " + kind_ + "'s name or a table", describe(spec), ""});
    const Value* type = spec.find("type");
    if (type == nullptr)
      throw Error(ErrorKind::config, spec.place(place), "has no type",
                  "write { type = NAME, ... }, NAME one of " + comma_list(names()));
    return find(type->as_string(place + ".type"), type->place(place)).make(spec, place);
  }
  // What a config asks for as a table with all its keys; those without a default stay out.
  Value written_out(const Value& spec) const {
    Value table = Value::table();
    table.set("type", spec.is_string() ? spec : spec.at("type"));
    if (spec.is_table())
      for (const auto& [key, value] : spec.as_table()) table.set(key, value);
    for (const FieldInfo& f : entry(table.at("type").as_string()).fields)
      if (table.find(f.name) == nullptr && !f.default_value.is_null()) table.set(f.name, f.default_value);
    return table;
  }
  const Entry& entry(const std::string& name, const std::string& place = "") const { return find(name, place).entry; }
  bool has(const std::string& name) const { return items_.count(name) != 0; }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& [name, item] : items_) all.push_back(name);
    return all;
  }
  const std::string& kind() const { return kind_; }

 private:
  struct Item {
    Entry entry;
    Make make;
  };
  const Item& find(const std::string& name, const std::string& place) const {
    auto it = items_.find(name);
    if (it != items_.end()) return it->second;
    std::string close = nearest(name, names());
    throw Error(ErrorKind::config,
                {place, "a known " + kind_, shown(name),
                 close.empty() ? "known: " + comma_list(names()) : "did you mean \"" + close + "\"?"});
  }
  std::string kind_;
  std::map<std::string, Item> items_;
};

}  // namespace gradus
