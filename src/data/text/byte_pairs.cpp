#include "gradus/data/text/byte_pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <queue>
#include <tuple>

#include "gradus/base/error.h"
#include "gradus/base/memory.h"

namespace gradus {
namespace {

std::uint64_t key_of(BytePair p) {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(p.left)) << 32 | static_cast<std::uint32_t>(p.right);
}

std::uint64_t scattered(std::uint64_t key) {
  key *= 0x9E3779B97F4A7C15u;
  return key ^ key >> 32;
}

std::vector<std::string> byte_symbols() {
  std::vector<std::string> symbols;
  for (int b = 0; b < kByteSymbols; ++b) symbols.emplace_back(1, static_cast<char>(b));
  return symbols;
}

}  // namespace

std::size_t PairTable::slot_of(std::uint64_t pair) const {
  std::size_t last = slots_.size() - 1, at = scattered(pair) & last;
  while (slots_[at].number >= 0 && slots_[at].pair != pair) at = (at + 1) & last;
  return at;
}

std::int32_t PairTable::find(BytePair pair) const { return slots_.empty() ? -1 : slots_[slot_of(key_of(pair))].number; }

std::int32_t PairTable::add(BytePair pair) {
  if (2 * (size_ + 1) > slots_.size()) {
    std::vector<Slot> old = std::move(slots_);
    slots_.assign(std::max<std::size_t>(1024, 2 * old.size()), {});
    for (const Slot& s : old)
      if (s.number >= 0) slots_[slot_of(s.pair)] = s;
  }
  slots_[slot_of(key_of(pair))] = {key_of(pair), static_cast<std::int32_t>(size_)};
  return static_cast<std::int32_t>(size_++);
}

namespace {

// All pieces as symbols that become fewer, with the places of every pair. A pair with a new symbol first occurs in the
// step that makes this symbol, so its places are known then, in order; later steps only take some away.
class PairCounts {
 public:
  PairCounts(const TextIndex& pieces, const std::vector<std::int64_t>& counts);
  // Makes rules until there are `symbols` or none is left.
  std::vector<BytePair> rules(std::size_t symbols);

 private:
  struct Pair {
    BytePair symbols;
    std::int64_t count = 0;
    std::vector<std::int32_t> places;  // of the left symbols; some may have changed since
  };
  // As it was when it was queued: counts may have fallen since.
  struct Queued {
    std::int64_t count;
    BytePair symbols;
    std::int32_t pair;
    bool operator<(const Queued& o) const {
      return std::tie(count, o.symbols.left, o.symbols.right) < std::tie(o.count, symbols.left, symbols.right);
    }
  };

  std::int64_t weight(std::int32_t place) const { return counts_[static_cast<std::size_t>(piece_[place])]; }
  void add(BytePair symbols, std::int32_t place);
  void remove(BytePair symbols, std::int32_t place);
  void queue(std::int32_t pair);
  void merge(Pair& pair, std::int32_t symbol);
  bool next(Queued& best);

  static constexpr std::int32_t kNone = -1;
  const std::vector<std::int64_t>& counts_;
  std::vector<std::int32_t> symbol_, previous_, next_, piece_;  // by place, which is a byte's number
  PairTable pair_of_;
  std::vector<Pair> pairs_;
  std::priority_queue<Queued> queue_;
};

PairCounts::PairCounts(const TextIndex& pieces, const std::vector<std::int64_t>& counts) : counts_(counts) {
  std::size_t bytes = 0;
  for (std::size_t p = 0; p < pieces.size(); ++p) bytes += pieces.text(static_cast<std::int32_t>(p)).size();
  if (bytes > static_cast<std::size_t>(INT32_MAX))
    throw Error(ErrorKind::data, {"tokenizer \"bpe\"", "at most 2^31 - 1 bytes of different pieces of text",
                                  std::to_string(bytes), "learn from fewer texts"});
  constexpr double kBytes = 40;  // of each place: four arrays, and the places of pairs while these arrays grow
  require_memory(kBytes * static_cast<double>(bytes), ErrorKind::data, "tokenizer \"bpe\"",
                 std::to_string(bytes) + " bytes of different pieces of text", "learn from fewer texts");
  for (std::vector<std::int32_t>* array : {&symbol_, &previous_, &next_, &piece_}) array->reserve(bytes);
  for (std::size_t p = 0; p < pieces.size(); ++p) {
    std::string_view text = pieces.text(static_cast<std::int32_t>(p));
    for (std::size_t i = 0; i < text.size(); ++i) {
      auto place = static_cast<std::int32_t>(symbol_.size());
      symbol_.push_back(static_cast<unsigned char>(text[i]));
      previous_.push_back(i == 0 ? kNone : place - 1);
      next_.push_back(i + 1 == text.size() ? kNone : place + 1);
      piece_.push_back(static_cast<std::int32_t>(p));
    }
  }
  for (std::size_t place = 0; place < symbol_.size(); ++place)
    if (next_[place] != kNone) add({symbol_[place], symbol_[place + 1]}, static_cast<std::int32_t>(place));
  for (std::size_t p = 0; p < pairs_.size(); ++p) queue(static_cast<std::int32_t>(p));
}

void PairCounts::add(BytePair symbols, std::int32_t place) {
  std::int32_t pair = pair_of_.find(symbols);
  if (pair < 0) {
    pair = pair_of_.add(symbols);
    pairs_.push_back({symbols, 0, {}});
  }
  pairs_[static_cast<std::size_t>(pair)].count += weight(place);
  pairs_[static_cast<std::size_t>(pair)].places.push_back(place);
}

void PairCounts::remove(BytePair symbols, std::int32_t place) {
  pairs_[static_cast<std::size_t>(pair_of_.find(symbols))].count -= weight(place);
}

void PairCounts::queue(std::int32_t pair) {
  const Pair& p = pairs_[static_cast<std::size_t>(pair)];
  if (p.count >= 2) queue_.push({p.count, p.symbols, pair});
}

bool PairCounts::next(Queued& best) {
  while (!queue_.empty()) {
    best = queue_.top();
    queue_.pop();
    if (pairs_[static_cast<std::size_t>(best.pair)].count == best.count) return true;
    queue(best.pair);
  }
  return false;
}

void PairCounts::merge(Pair& pair, std::int32_t symbol) {
  const BytePair old = pair.symbols;
  const std::vector<std::int32_t> places = std::move(pair.places);  // pairs_ may grow
  const std::size_t first_new = pairs_.size();
  pair.count = 0;
  for (std::int32_t left : places) {
    std::int32_t right = next_[left];
    if (symbol_[left] != old.left || right == kNone || symbol_[right] != old.right) continue;
    std::int32_t before = previous_[left], after = next_[right];
    if (before != kNone) {
      remove({symbol_[before], old.left}, left);
      add({symbol_[before], symbol}, before);
    }
    if (after != kNone) {
      remove({old.right, symbol_[after]}, left);
      add({symbol, symbol_[after]}, left);
      previous_[after] = left;
    }
    symbol_[left] = symbol;
    symbol_[right] = kNone;
    next_[left] = after;
  }
  pairs_[static_cast<std::size_t>(pair_of_.find(old))].count = 0;  // where its places overlap, it was counted off
  for (std::size_t p = first_new; p < pairs_.size(); ++p) queue(static_cast<std::int32_t>(p));
}

std::vector<BytePair> PairCounts::rules(std::size_t symbols) {
  std::vector<BytePair> rules;
  std::vector<std::string> texts = byte_symbols();
  TextIndex known;
  Queued best{};
  while (texts.size() < symbols && next(best)) {
    std::string text =
        texts[static_cast<std::size_t>(best.symbols.left)] + texts[static_cast<std::size_t>(best.symbols.right)];
    if (text.size() > kLongestSymbol || known.find(text) >= 0) continue;
    known.add(text);
    merge(pairs_[static_cast<std::size_t>(best.pair)], static_cast<std::int32_t>(texts.size()));
    rules.push_back(best.symbols);
    texts.push_back(std::move(text));
  }
  return rules;
}

}  // namespace

std::vector<BytePair> learned_pairs(const TextIndex& pieces, const std::vector<std::int64_t>& counts,
                                    std::size_t symbols) {
  return PairCounts(pieces, counts).rules(symbols);
}

BytePairs::BytePairs(std::vector<BytePair> rules) : rules_(std::move(rules)), symbols_(byte_symbols()) {
  TextIndex known;
  for (const BytePair& rule : rules_) {
    auto there_are = static_cast<std::int32_t>(symbols_.size());
    auto fits = [&](std::int32_t symbol) { return symbol >= 0 && symbol < there_are; };
    std::string text = fits(rule.left) && fits(rule.right) ? bytes(rule.left) + bytes(rule.right) : "";
    if (text.empty() || text.size() > kLongestSymbol || known.find(text) >= 0)
      throw Error(ErrorKind::data, "the model's tokenizer",
                  fmt::format("damaged: rule {} cannot make a symbol of {} and {}", there_are - kByteSymbols, rule.left,
                              rule.right),
                  "train the model again");
    known.add(text);
    rule_of_.add(rule);
    symbols_.push_back(std::move(text));
  }
  std::vector<std::int32_t> divided;
  for (std::size_t s = 0; s < symbols_.size(); ++s) {
    divided.clear();
    divide(symbols_[s], 0, divided);
    if (divided.size() != 1) continue;
    whole_.add(symbols_[s]);
    whole_symbols_.push_back(static_cast<std::int32_t>(s));
  }
}

void BytePairs::append(std::string_view piece, std::int32_t first, std::vector<std::int32_t>& out) const {
  std::int32_t whole = whole_.find(piece);
  if (whole >= 0)
    out.push_back(first + whole_symbols_[static_cast<std::size_t>(whole)]);
  else
    divide(piece, first, out);
}

namespace {

// A piece on its way from bytes to symbols.
class Division {
 public:
  struct Place {
    std::int32_t symbol, previous, next;
  };
  // A rule that fits at a place, or did.
  struct Step {
    std::int32_t rule, place;
    bool operator>(const Step& o) const { return std::tie(rule, place) > std::tie(o.rule, o.place); }
  };
  static constexpr std::int32_t kNone = -1;

  void begin(std::string_view piece) {
    places.clear();
    steps.clear();
    auto n = static_cast<std::int32_t>(piece.size());
    for (std::int32_t i = 0; i < n; ++i)
      places.push_back(
          {static_cast<unsigned char>(piece[static_cast<std::size_t>(i)]), i - 1, i + 1 < n ? i + 1 : kNone});
  }
  void push(Step step) {
    steps.push_back(step);
    std::ranges::push_heap(steps, std::greater<>());
  }
  Step pop() {
    std::ranges::pop_heap(steps, std::greater<>());
    Step step = steps.back();
    steps.pop_back();
    return step;
  }

  std::vector<Place> places;
  std::vector<Step> steps;  // a heap, the first rule on top
};

}  // namespace

void BytePairs::divide(std::string_view piece, std::int32_t first, std::vector<std::int32_t>& out) const {
  thread_local Division d;
  d.begin(piece);
  auto find_rule = [&](std::int32_t place) {
    const Division::Place& left = d.places[place];
    if (place == Division::kNone || left.next == Division::kNone) return;
    std::int32_t rule = rule_of_.find({left.symbol, d.places[left.next].symbol});
    if (rule >= 0) d.push({rule, place});
  };
  for (std::size_t i = 0; i + 1 < piece.size(); ++i) find_rule(static_cast<std::int32_t>(i));
  while (!d.steps.empty()) {
    auto [rule, place] = d.pop();
    Division::Place& left = d.places[place];
    if (left.symbol != rules_[rule].left || left.next == Division::kNone) continue;
    Division::Place& right = d.places[left.next];
    if (right.symbol != rules_[rule].right) continue;
    left.symbol = kByteSymbols + rule;
    right.symbol = Division::kNone;
    left.next = right.next;
    if (left.next != Division::kNone) d.places[left.next].previous = place;
    if (left.previous != Division::kNone) find_rule(left.previous);
    find_rule(place);
  }
  for (std::int32_t i = piece.empty() ? Division::kNone : 0; i != Division::kNone; i = d.places[i].next)
    out.push_back(first + d.places[i].symbol);
}

namespace {

enum class ByteKind : std::uint8_t { space, letter, digit, sign };

ByteKind kind_of(char c) {
  auto byte = static_cast<unsigned char>(c);
  if (byte == ' ' || (byte >= '\t' && byte <= '\r')) return ByteKind::space;
  if (byte >= '0' && byte <= '9') return ByteKind::digit;
  return byte >= 0x80 || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ? ByteKind::letter
                                                                                      : ByteKind::sign;
}

std::size_t end_of_run(std::string_view text, std::size_t at) {
  ByteKind kind = kind_of(text[at]);
  while (at < text.size() && kind_of(text[at]) == kind) ++at;
  return at;
}

}  // namespace

std::size_t end_of_piece(std::string_view text, std::size_t begin) {
  std::size_t end = end_of_run(text, begin);
  if (kind_of(text[begin]) != ByteKind::space || end == text.size() || text[end - 1] != ' ') return end;
  return end == begin + 1 ? end_of_run(text, end) : end - 1;
}

}  // namespace gradus
