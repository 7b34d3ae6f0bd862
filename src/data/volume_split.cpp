#include "gradus/data/volume_split.h"

#include <fmt/format.h>

#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/base/text.h"
#include "gradus/data/apportion.h"

namespace gradus {
namespace {

const char* const kPlace = "prepare.split";
const char* const kPartNames[] = {"training", "validation", "test"};

struct SliceParams {
  std::optional<std::int64_t> gap, blocks;
  bool allow_same_subject = false;
  void fields(Fields& f) {
    f("gap", gap, at_least(0), "slices left out where two parts meet; left out: 1");
    f("blocks", blocks, at_least(1), "pieces of each scan that are divided by themselves; left out: 1");
    f("allow_same_subject", allow_same_subject, "whether scans of one subject may be in several parts");
  }
};

// Which parts each subject is in, as bits.
void check_subjects(const Split& split, const std::vector<Scan>& scans) {
  std::map<std::string, unsigned> parts;
  const RowIndices* rows[] = {&split.train, &split.validation, &split.test};
  for (unsigned p = 0; p < 3; ++p)
    for (std::uint32_t r : *rows[p]) {
      unsigned& bits = parts[scans[r].subject];
      bits |= 1u << p;
      if ((bits & (bits - 1)) == 0) continue;
      unsigned other = bits & 1u ? 0 : 1;
      throw Error(ErrorKind::data, kPlace,
                  fmt::format("subject {} would be in the {} and the {} part, where one would be judged by what the "
                              "model has seen",
                              quoted(scans[r].subject), kPartNames[other], kPartNames[p]),
                  "use method = \"subject\", or write allow_same_subject = true if it is meant");
    }
}

// The training file's scans, whole subjects of them for validation; the test file's.
Split split_by_files(const VolumeSplit& split, const SplitData& data, const std::vector<Scan>& scans,
                     std::uint64_t seed) {
  std::vector<std::string> subjects;
  for (std::size_t i = 0; i < data.train_rows; ++i) subjects.push_back(scans[i].subject);
  Split out;
  if (split.params.validation > 0) {
    Column column = Column::texts("subject", subjects);
    SplitParams cut;
    cut.method = "group";
    cut.column = "subject";
    cut.train = 1 - split.params.validation;
    cut.test = split.params.validation;
    SplitData train;
    train.rows = data.train_rows;
    train.column = &column;
    Split two = make_split(cut, train, seed);
    out.train = std::move(two.train);
    out.validation = std::move(two.test);
  } else {
    for (std::size_t i = 0; i < data.train_rows; ++i) out.train.push_back(static_cast<std::uint32_t>(i));
  }
  for (std::size_t i = data.train_rows; i < data.rows; ++i) out.test.push_back(static_cast<std::uint32_t>(i));
  return out;
}

}  // namespace

VolumeSplit read_volume_split(const Value& value) {
  if (value.is_null())
    throw Error(ErrorKind::config, kPlace, "is missing: how data are held back for testing is yours to decide",
                "write split = { method = \"subject\", train = 0.7, validation = 0.15, test = 0.15 } under [prepare], "
                "or method = \"slices\" to divide the slices of one scan");
  VolumeSplit out;
  Value rest = value;
  const Value* method = value.find("method");
  const std::string name = value.is_string() ? value.as_string() : method ? method->as_string(kPlace) : "";
  const std::vector<std::string> known = {"subject", "slices", "random",     "stratified",
                                          "group",   "time",   "contiguous", "files"};
  if (!name.empty() && std::ranges::find(known, name) == known.end())
    throw Error(ErrorKind::config, {value.place(kPlace), "one of " + comma_list(known), quoted(name), ""});
  if (value.is_table()) {
    SliceParams slices;
    read_params(slices, value, kPlace, {"method", "train", "validation", "test", "column"});
    out.slices = name == "slices";
    if (!out.slices && (slices.gap || slices.blocks))
      throw Error(ErrorKind::config, value.place(kPlace), "gap and blocks belong to method \"slices\"");
    out.gap = slices.gap.value_or(1);
    out.blocks = slices.blocks.value_or(1);
    out.allow_same_subject = slices.allow_same_subject;
    for (const char* key : {"gap", "blocks", "allow_same_subject"}) rest.erase(key);
    if (out.slices) rest.set("method", "contiguous");
    if (name == "subject") {
      rest.set("method", "group");
      rest.set("column", "subject");
    }
  }
  out.params = read_split(rest, kPlace);
  return out;
}

Split split_scans(const VolumeSplit& split, const SplitData& data, const std::vector<Scan>& scans, std::uint64_t seed) {
  Split out =
      split.params.method == "files" ? split_by_files(split, data, scans, seed) : make_split(split.params, data, seed);
  if (!split.allow_same_subject) check_subjects(out, scans);
  return out;
}

std::vector<int> slice_parts(const VolumeSplit& split, std::int64_t n, const std::string& path) {
  const SplitParams& p = split.params;
  Shares shares = {p.train.value_or(0), p.validation, p.test.value_or(0), 0};
  shares[3] = std::max(0.0, 1 - shares[0] - shares[1] - shares[2]);
  std::vector<std::size_t> wanted;
  for (std::size_t k = 0; k < 3; ++k)
    if (shares[k] > 0) wanted.push_back(k);
  std::int64_t borders = static_cast<std::int64_t>(wanted.size()) - 1;
  std::vector<int> all;
  for (std::int64_t b = 0; b < split.blocks; ++b) {
    std::int64_t length = n * (b + 1) / split.blocks - n * b / split.blocks, left = length - borders * split.gap;
    Sizes sizes = apportion(static_cast<std::size_t>(std::max<std::int64_t>(left, 0)), shares);
    std::vector<int> block;
    for (std::size_t k : wanted) {
      if (sizes[k] == 0)
        throw Error(ErrorKind::data, path,
                    fmt::format("a block of {} slices leaves the {} part none beside {} of {}", length, kPartNames[k],
                                borders, split.gap),
                    "use fewer blocks, a smaller gap or a larger share");
      if (!block.empty()) block.insert(block.end(), static_cast<std::size_t>(split.gap), 3);
      block.insert(block.end(), sizes[k], static_cast<int>(k));
    }
    block.resize(static_cast<std::size_t>(length), 3);
    if (b % 2 == 1) std::reverse(block.begin(), block.end());
    all.insert(all.end(), block.begin(), block.end());
  }
  return all;
}

}  // namespace gradus
