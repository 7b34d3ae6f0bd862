#include "gradus/data/alphabet.h"

#include <array>

#include "../base/expect_error.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<float> encoded(const Alphabet& alphabet, char letter) {
  std::vector<float> out(alphabet.size(), -1.0f);
  alphabet.encode(letter, out.data());
  return out;
}

// The table of the nomenclature committee, as A, C, G, T.
TEST(Alphabet, BasesAndTheirCodesAreShares) {
  const Alphabet dna("dna");
  constexpr float kThird = 1.0f / 3;
  const std::pair<char, std::array<float, 4>> table[] = {{'A', {1, 0, 0, 0}},
                                                         {'C', {0, 1, 0, 0}},
                                                         {'G', {0, 0, 1, 0}},
                                                         {'T', {0, 0, 0, 1}},
                                                         {'U', {0, 0, 0, 1}},
                                                         {'R', {0.5f, 0, 0.5f, 0}},
                                                         {'Y', {0, 0.5f, 0, 0.5f}},
                                                         {'S', {0, 0.5f, 0.5f, 0}},
                                                         {'W', {0.5f, 0, 0, 0.5f}},
                                                         {'K', {0, 0, 0.5f, 0.5f}},
                                                         {'M', {0.5f, 0.5f, 0, 0}},
                                                         {'B', {0, kThird, kThird, kThird}},
                                                         {'D', {kThird, 0, kThird, kThird}},
                                                         {'H', {kThird, kThird, 0, kThird}},
                                                         {'V', {kThird, kThird, kThird, 0}},
                                                         {'N', {0.25f, 0.25f, 0.25f, 0.25f}}};
  for (const auto& [letter, shares] : table) {
    EXPECT_THAT(encoded(dna, letter), ::testing::ElementsAreArray(shares)) << letter;
    EXPECT_EQ(encoded(dna, static_cast<char>(letter - 'A' + 'a')), encoded(dna, letter)) << letter;
  }
  for (char other : {'E', 'X', 'Z', '-', '*', '.', ' ', '\0', '\xC3'}) EXPECT_FALSE(dna.has(other)) << other;
}

TEST(Alphabet, LettersOfOnesOwnAreAsWritten) {
  const Alphabet helices("HEc");
  EXPECT_THAT(encoded(helices, 'E'), ElementsAre(0, 1, 0));
  EXPECT_THAT(encoded(helices, 'C'), ElementsAre(0, 0, 0)) << "the case counts";
  EXPECT_EQ(helices.description(), "one of the letters HEc");
}

TEST(Alphabet, ListsOfLettersAreChecked) {
  auto refused = [](const std::string& letters) {
    return error_of(ErrorKind::config, [&] { const Alphabet alphabet(letters, "data.alphabet"); });
  };
  EXPECT_THAT(refused("A"), AllOf(HasSubstr("data.alphabet"), HasSubstr("2 to 64 letters")));
  EXPECT_THAT(refused("ABA"), HasSubstr("\"A\" is listed twice"));
  EXPECT_THAT(refused("A B"), HasSubstr("printable"));
  EXPECT_THAT(refused("A\xC3\x84"), HasSubstr("printable"));
  EXPECT_THAT(refused(std::string(65, 'A')), HasSubstr("2 to 64"));
}

}  // namespace
}  // namespace gradus
