#include "gradus/data/text/vocabulary.h"

#include <fmt/format.h>

#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/base/text.h"

namespace gradus {
namespace {

using Counted = std::pair<std::string, std::int64_t>;

bool comes_first(const Counted& a, const Counted& b) {
  return a.second != b.second ? a.second > b.second : a.first < b.first;
}

Error damaged(const std::string& what) {
  return {ErrorKind::data, "the model's vocabulary", "damaged: " + what, "train the model again"};
}

}  // namespace

void Vocabulary::add(std::string_view symbol, std::int64_t count) {
  index_.add(symbol);
  counts_.push_back(count);
}

Vocabulary Vocabulary::learned(std::vector<Counted> counted, const Limits& limits) {
  std::erase_if(counted, [&](const Counted& c) { return c.second < limits.min_count; });
  std::ranges::sort(counted, comes_first);
  if (limits.max_size > 0) counted.resize(std::min(counted.size(), static_cast<std::size_t>(limits.max_size)));
  Vocabulary out;
  out.reserved_ = reserved_count(limits.bounds);
  for (const auto& [symbol, count] : counted) out.add(symbol, count);
  return out;
}

void Vocabulary::check(std::int32_t number) const {
  if (number < 0 || number >= size())
    throw Error(ErrorKind::value,
                {"symbol", fmt::format("a number from 0 to {}", size() - 1), std::to_string(number), ""});
}

std::string_view Vocabulary::symbol(std::int32_t number) const {
  check(number);
  return number < reserved_ ? kReservedNames[static_cast<std::size_t>(number)] : index_.text(number - reserved_);
}

std::int64_t Vocabulary::count(std::int32_t number) const {
  check(number);
  return number < reserved_ ? 0 : counts_[static_cast<std::size_t>(number - reserved_)];
}

Value Vocabulary::state() const {
  Value symbols = Value::array(), counts = Value::array();
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    symbols.push_back(index_.text(static_cast<std::int32_t>(i)));
    counts.push_back(counts_[i]);
  }
  Value v = Value::table();
  v.set("bounds", reserved_ == reserved_count(true));
  v.set("symbols", std::move(symbols));
  v.set("counts", std::move(counts));
  return v;
}

Vocabulary Vocabulary::restored(const Value& state) {
  Vocabulary out;
  try {
    out.reserved_ = reserved_count(state.at("bounds").as_bool());
    const Value::Array &symbols = state.at("symbols").as_array(), &counts = state.at("counts").as_array();
    if (symbols.size() != counts.size())
      throw damaged(fmt::format("{} symbols have {} counts", symbols.size(), counts.size()));
    Counted last;
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      Counted next{symbols[i].as_string(), counts[i].as_integer()};
      if (next.first.empty() || !is_utf8(next.first) || next.second < 1)
        throw damaged(fmt::format("symbol {} is no text that occurred", i));
      if (i > 0 && !comes_first(last, next)) throw damaged(fmt::format("symbol {} is out of order", i));
      out.add(next.first, next.second);
      if (out.index_.size() != i + 1) throw damaged("the symbol " + quoted(next.first) + " has two numbers");
      last = std::move(next);
    }
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::data) throw;
    throw damaged(e.what());
  }
  return out;
}

}  // namespace gradus
