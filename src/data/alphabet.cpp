#include "gradus/data/alphabet.h"

#include <fmt/format.h>

#include <bit>
#include <utility>

#include "gradus/base/text.h"

namespace gradus {
namespace {

const char* const kDna = "ACGT";

// Nomenclature Committee of the International Union of Biochemistry, "Nomenclature for incompletely specified bases in
// nucleic acid sequences", 1985.
constexpr std::pair<char, std::string_view> kCodes[] = {{'R', "AG"},  {'Y', "CT"},  {'S', "CG"},  {'W', "AT"},
                                                        {'K', "GT"},  {'M', "AC"},  {'B', "CGT"}, {'D', "AGT"},
                                                        {'H', "ACT"}, {'V', "ACG"}, {'N', "ACGT"}};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

Alphabet::Alphabet(const std::string& name, const std::string& place) : name_(name) {
  if (name == "dna") {
    add_dna();
    return;
  }
  for (const char* word : {"DNA", "rna", "RNA", "protein", "amino"})  // letters, too, but hardly meant so
    if (name == word)
      throw Error(ErrorKind::config, {place, "\"dna\", or the letters themselves", shown(name),
                                      "write \"dna\" for DNA and RNA, \"ACDEFGHIKLMNPQRSTVWY\" for proteins"});
  letters_ = name;
  if (letters_.size() < 2 || letters_.size() > kMost)
    throw Error(ErrorKind::config, {place, fmt::format("\"dna\", or from 2 to {} letters such as \"HEC\"", kMost),
                                    shown(name), "list every letter that a step can be"});
  for (std::size_t i = 0; i < letters_.size(); ++i) {
    char letter = letters_[i];
    if (letter <= ' ' || letter > '~')
      throw Error(ErrorKind::config, {place, "printable ASCII signs", shown(name), ""});
    if (has(letter)) throw Error(ErrorKind::config, place, shown(std::string(1, letter)) + " is listed twice");
    add(letter, std::uint64_t{1} << i);
  }
}

void Alphabet::add_dna() {
  letters_ = kDna;
  auto both_cases = [&](char letter, std::string_view members) {
    std::uint64_t bits = 0;
    for (char member : members) bits |= std::uint64_t{1} << letters_.find(member);
    add(letter, bits);
    add(lower(letter), bits);
  };
  for (char base : std::string_view(kDna)) both_cases(base, {&base, 1});
  both_cases('U', "T");
  for (const auto& [code, members] : kCodes) both_cases(code, members);
}

void Alphabet::encode(char letter, float* out) const {
  std::uint64_t members = members_[static_cast<unsigned char>(letter)];
  float share = members == 0 ? 0.0f : 1 / static_cast<float>(std::popcount(members));
  for (std::size_t i = 0; i < size(); ++i) out[i] = (members >> i & 1) != 0 ? share : 0.0f;
}

std::string Alphabet::description() const {
  if (name_ != "dna") return fmt::format("one of the letters {}", letters_);
  std::string codes;
  for (const auto& [code, members] : kCodes) codes += code;
  return fmt::format("A, C, G, T, U or one of the codes {}", codes);
}

}  // namespace gradus
