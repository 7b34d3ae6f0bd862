// BLEU against values of tests/oracles/bleu.py, and what it must not depend on.
#include "gradus/model/bleu.h"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "gradus/base/file.h"
#include "gradus/base/value.h"

namespace gradus {
namespace {

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

double bleu_of(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Bleu bleu;
  for (const auto& [made, truth] : pairs) bleu.add(words_of(made), words_of(truth));
  return bleu.score();
}

TEST(Bleu, AgreesWithCounting) {
  const std::string path = TEST_DATA "/oracles/bleu.json";
  const Value file = parse_json(read_file(path), path);
  int ran = 0;
  for (const Value& c : file.at("cases").as_array()) {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const Value& pair : c.at("pairs").as_array())
      pairs.emplace_back(pair.as_array()[0].as_string(), pair.as_array()[1].as_string());
    EXPECT_NEAR(bleu_of(pairs), c.at("bleu").as_real(), 1e-10) << c.at("name").as_string();
    ++ran;
  }
  EXPECT_EQ(ran, 13);
}

// By hand: of 6, 5, 4, 3 runs 5, 4, 3, 2 are shared, and no word is missing.
TEST(Bleu, IsTheMeanOfFourShares) {
  EXPECT_NEAR(bleu_of({{"the cat sat on the rug", "the cat sat on the mat"}}),
              100 * std::pow(5.0 / 6 * 4 / 5 * 3 / 4 * 2 / 3, 0.25), 1e-12);
}

TEST(Bleu, IsOfTheCollectionWhateverItsOrder) {
  std::vector<std::pair<std::string, std::string>> pairs = {
      {"a b c d e", "a b c d f"}, {"g", "g h"}, {"i j k l", "i j k l m n"}};
  const double score = bleu_of(pairs);
  std::swap(pairs[0], pairs[2]);
  EXPECT_EQ(bleu_of(pairs), score);
  EXPECT_NE(score, (bleu_of({pairs[0]}) + bleu_of({pairs[1]}) + bleu_of({pairs[2]})) / 3);
}

TEST(Bleu, NothingAddedIsWorthNothing) { EXPECT_EQ(Bleu().score(), 0); }

}  // namespace
}  // namespace gradus
