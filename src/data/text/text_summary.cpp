#include "gradus/data/text/text_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "gradus/data/numbers.h"
#include "gradus/data/text/utf8.h"

namespace gradus {
namespace {

constexpr std::size_t kFrequent = 20;

// As NumPy's quantile and percentile have it.
double quantile(const std::vector<std::int32_t>& ascending, double q) {
  double at = q * static_cast<double>(ascending.size() - 1);
  auto below = static_cast<std::size_t>(at);
  std::size_t above = std::min(below + 1, ascending.size() - 1);
  return ascending[below] + (at - static_cast<double>(below)) * (ascending[above] - ascending[below]);
}

std::size_t count_among(const std::vector<std::uint32_t>& ascending, const RowIndices& rows) {
  return static_cast<std::size_t>(
      std::ranges::count_if(rows, [&](std::uint32_t row) { return std::ranges::binary_search(ascending, row); }));
}

// Where each text's tokens begin, and where the last one's end.
std::vector<std::size_t> begins_of(const EncodedTexts& encoded) {
  std::vector<std::size_t> begins = {0};
  for (std::int32_t length : encoded.lengths) begins.push_back(begins.back() + static_cast<std::size_t>(length));
  return begins;
}

std::span<const std::int32_t> tokens_of(const EncodedTexts& encoded, const std::vector<std::size_t>& begins,
                                        std::uint32_t row) {
  return std::span(encoded.tokens).subspan(begins[row], begins[row + 1] - begins[row]);
}

Value part_summary(const char* name, const RowIndices& rows, const EncodedTexts& encoded,
                   const std::vector<std::size_t>& begins) {
  std::vector<std::int32_t> lengths;
  std::int64_t tokens = 0, unknown = 0;
  for (std::uint32_t row : rows) {
    std::span<const std::int32_t> own = tokens_of(encoded, begins, row);
    lengths.push_back(encoded.lengths[row]);
    tokens += encoded.lengths[row];
    unknown += std::ranges::count(own, kUnknown);
  }
  std::ranges::sort(lengths);
  std::size_t empty = count_among(encoded.empty, rows);  // each has one kUnknown that stands for no token
  unknown -= static_cast<std::int64_t>(empty);
  Value v = Value::table();
  v.set("part", name);
  v.set("texts", rows.size());
  v.set("tokens", tokens);
  v.set("shortest", lengths.front());
  v.set("median", quantile(lengths, 0.5));
  v.set("p95", quantile(lengths, 0.95));
  v.set("longest", lengths.back());
  v.set("unknown", static_cast<double>(unknown) / static_cast<double>(tokens));
  v.set("cut", count_among(encoded.cut, rows));
  v.set("empty", empty);
  return v;
}

Value frequent_tokens(const Tokenizer& tokenizer, const RowIndices& rows, const EncodedTexts& encoded,
                      const std::vector<std::size_t>& begins) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(tokenizer.size()));
  for (std::uint32_t row : rows)
    for (std::int32_t token : tokens_of(encoded, begins, row)) ++counts[static_cast<std::size_t>(token)];
  std::vector<std::int32_t> order(counts.size());
  std::iota(order.begin(), order.end(), 0);
  auto middle = order.begin() + static_cast<std::ptrdiff_t>(std::min(kFrequent, order.size()));
  std::partial_sort(order.begin(), middle, order.end(), [&](std::int32_t a, std::int32_t b) {
    return counts[a] != counts[b] ? counts[a] > counts[b] : a < b;
  });
  Value all = Value::array();
  for (auto it = order.begin(); it != middle && counts[*it] > 0; ++it) {
    Value v = Value::table();
    v.set("token", repaired_utf8(tokenizer.token(*it)));
    v.set("count", counts[*it]);
    all.push_back(std::move(v));
  }
  return all;
}

}  // namespace

void add_text_summary(Value& summary, const Tokenizer& tokenizer, const EncodedTexts& encoded, const Split& parts) {
  std::vector<std::size_t> begins = begins_of(encoded);
  Value texts = Value::array();
  for (auto [name, rows] : {std::pair{"train", &parts.train}, {"validation", &parts.validation}, {"test", &parts.test}})
    if (!rows->empty()) texts.push_back(part_summary(name, *rows, encoded, begins));
  summary.set("vocabulary", tokenizer.size());
  summary.set("texts", std::move(texts));
  summary.set("frequent_tokens", frequent_tokens(tokenizer, parts.train, encoded, begins));
}

std::vector<std::string> text_notes(const TextList& list, const EncodedTexts& encoded, std::int64_t max_length) {
  std::vector<std::string> notes;
  if (!encoded.cut.empty())
    notes.push_back(fmt::format("{} more than {} tokens and {} cut there (max_length)",
                                count_text(encoded.cut.size(), "text has", "texts have"), max_length,
                                encoded.cut.size() == 1 ? "is" : "are"));
  if (!encoded.empty.empty())
    notes.push_back(fmt::format("{} no token and {} taken as one <unk>, the first in {}",
                                count_text(encoded.empty.size(), "text has", "texts have"),
                                encoded.empty.size() == 1 ? "is" : "are", list.name(encoded.empty.front())));
  return notes;
}

std::vector<std::string> duplicate_notes(const TextList& list, const Split& parts) {
  std::vector<std::string> notes;
  TextIndex trained;
  for (std::uint32_t row : parts.train) trained.add(list.texts()[row]);
  for (auto [name, rows] : {std::pair{"validation", &parts.validation}, {"test", &parts.test}}) {
    auto is_repeated = [&](std::uint32_t row) {
      const std::string& text = list.texts()[row];
      return !text.empty() && trained.find(text) >= 0;
    };
    auto count = static_cast<std::uint64_t>(std::ranges::count_if(*rows, is_repeated));
    if (count == 0) continue;
    std::uint32_t first = *std::ranges::find_if(*rows, is_repeated);
    notes.push_back(fmt::format(
        "{} of the {} part {} also in the training part, the first in {}: scores there show memory as well as skill",
        count_text(count, "text"), name, count == 1 ? "is" : "are", list.name(first)));
  }
  return notes;
}

}  // namespace gradus
