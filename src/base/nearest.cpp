#include <algorithm>
#include <cctype>
#include <numeric>

#include "gradus/base/params.h"

namespace gradus {
namespace {

// A name of ours, and what else it is called, in letters and digits.
struct OtherNames {
  std::string_view own;
  std::string_view others;
};

// Meant for keys and values alike: a row counts only where its own name is among the candidates.
constexpr OtherNames kOtherNames[] = {
    // [data] and [prepare]
    {"source", "file filename path csv table"},
    {"target", "label labels y output"},
    {"features", "inputs columns x"},
    {"exclude", "drop ignore skip"},
    {"weight", "weights sampleweight"},
    {"delimiter", "sep separator"},
    {"missing_values", "navalues nullvalues"},
    {"missing", "impute imputation imputer na nan"},
    {"encode", "encoder encoding categorical"},
    {"scale", "scaler scaling normalization normalisation standardization"},
    {"validation", "val valid dev"},
    {"multiclass", "classification"},
    {"standardize", "zscore standardscaler"},
    {"normalize", "minmax minmaxscaler rescale"},
    {"most_frequent", "mode"},
    {"mean", "average"},
    {"constant", "zero zeros fill"},
    {"drop_row", "drop dropna remove"},
    {"one_hot", "dummy dummies"},
    {"ordinal", "label integer"},
    {"random", "shuffle shuffled"},
    {"stratified", "stratify"},
    {"contiguous", "sequential ordered"},
    {"time", "temporal chronological"},
    // [model]
    {"units", "neurons nodes size width outfeatures hidden"},
    {"rate", "p prob probability drop"},
    {"linear", "dense fc fullyconnected affine"},
    {"identity", "none"},
    {"silu", "swish"},
    {"batch_norm", "bn batchnormalization batchnorm1d batchnorm2d"},
    {"layer_norm", "ln layernormalization"},
    {"he_uniform", "he kaiming kaiminguniform"},
    {"he_normal", "kaimingnormal"},
    {"glorot_uniform", "glorot xavier xavieruniform"},
    {"glorot_normal", "xaviernormal"},
    {"cross_entropy", "ce nll categoricalcrossentropy sparsecategoricalcrossentropy softmaxcrossentropy"},
    {"binary_cross_entropy", "bce logloss bcewithlogits logistic"},
    {"mse", "meansquarederror squarederror l2"},
    {"mae", "meanabsoluteerror absoluteerror l1"},
    {"huber", "smoothl1"},
    {"kl_divergence", "kl kld kldiv"},
    // [train]
    {"lr", "learningrate eta stepsize alpha"},
    {"l2", "weightdecay lambda"},
    {"epochs", "iterations numepochs nepochs maxepochs maxiter"},
    {"seed", "randomstate randomseed"},
    {"sgd", "gd gradientdescent momentum nesterov"},
    {"plateau", "reduceonplateau reducelronplateau onplateau"},
    {"restore_best", "restorebestweights"},
    {"accuracy", "acc"},
    {"macro_f1", "f1"},
    {"validation.loss", "valloss loss"},
    {"validation.accuracy", "valaccuracy valacc accuracy acc"},
    {"train.loss", "trainingloss"},
};

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

bool same_letter(char a, char b) { return lower(a) == lower(b); }

// Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours cost one.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(before, above);
    std::swap(above, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t change = above[j - 1] + (same_letter(a[i - 1], b[j - 1]) ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, change});
      bool swapped = i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

bool begins_with(std::string_view whole, std::string_view part) {
  constexpr std::size_t kTelling = 3;  // letters a shared beginning needs to mean something
  return part.size() >= kTelling && part.size() <= whole.size() &&
         std::equal(part.begin(), part.end(), whole.begin(), same_letter);
}

// Letters and digits alone, in lower case.
std::string bare(std::string_view word) {
  std::string out;
  for (char c : word)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) out += lower(c);
  return out;
}

bool is_listed(std::string_view word, std::string_view list) {
  return !word.empty() && (" " + std::string(list) + " ").find(" " + std::string(word) + " ") != std::string::npos;
}

std::string same_thing(std::string_view word, const std::vector<std::string>& candidates) {
  std::string letters = bare(word);
  if (letters.empty()) return "";
  for (const std::string& candidate : candidates)
    if (bare(candidate) == letters) return candidate;
  for (const auto& [own, others] : kOtherNames)
    if (is_listed(letters, others) && std::find(candidates.begin(), candidates.end(), own) != candidates.end())
      return std::string(own);
  return "";
}

std::string_view last_part(std::string_view dotted) { return dotted.substr(dotted.rfind('.') + 1); }

std::string_view before_last_part(std::string_view dotted) {
  return dotted.substr(0, dotted.size() - last_part(dotted).size());
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  if (std::string same = same_thing(word, candidates); !same.empty()) return same;
  if (std::string outer(before_last_part(word)); !outer.empty()) {
    std::vector<std::string> inner;
    for (const std::string& candidate : candidates)
      if (before_last_part(candidate) == outer) inner.emplace_back(last_part(candidate));
    std::string found = nearest(last_part(word), inner);
    if (!inner.empty()) return found.empty() ? "" : outer + found;
  }
  std::size_t least = std::min(word.size(), std::max<std::size_t>(2, word.size() / 3) + 1);
  const std::string* best = nullptr;
  for (const std::string& candidate : candidates) {
    std::size_t distance = edit_distance(word, candidate);
    if (distance >= least) continue;
    least = distance;
    best = &candidate;
  }
  if (best && least <= 1) return *best;
  for (const std::string& candidate : candidates)
    if (begins_with(candidate, word)) return candidate;
  if (best) return *best;
  for (const std::string& candidate : candidates)
    if (begins_with(word, candidate)) return candidate;
  return "";
}

}  // namespace gradus
