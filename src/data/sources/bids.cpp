#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/base/text.h"
#include "gradus/data/readers/csv.h"
#include "gradus/data/volume_source.h"

namespace gradus {
namespace {

namespace fs = std::filesystem;

struct BidsDataParams {
  std::string format = "bids";
  std::string source, train, test;
  std::string image = "T1w", label, target;
  VolumeParams volumes;
  void fields(Fields& f) {
    f("format", format, {"bids"}, "the folder's form");
    f("source", source, "the data set's folder; the split divides its scans");
    f("train", train, "the folder to train on, where training and test scans are kept apart");
    f("test", test, "the folder to test on");
    f("image", image, "which images, by the end of their names: T1w is sub-01_T1w.nii.gz; or a pattern with *");
    f("label", label, "label volumes as folder and pattern: derivatives/labels/*_seg");
    f("target", target, "a column of participants.tsv to predict instead");
    volumes.fields(f);
  }
};

// sub-01_ses-2_acq-fast_T1w.nii.gz: entities sub, ses and acq, suffix T1w.
struct BidsName {
  std::map<std::string, std::string> entities;
  std::string stem;  // without .nii, .nii.gz

  explicit BidsName(const std::string& file) : stem(file.substr(0, file.rfind(".nii"))) {
    for (std::size_t at = 0; at < stem.size();) {
      std::size_t end = std::min(stem.find('_', at), stem.size());
      std::string part = stem.substr(at, end - at);
      if (std::size_t dash = part.find('-'); dash != std::string::npos)
        entities[part.substr(0, dash)] = part.substr(dash + 1);
      at = end + 1;
    }
  }
  // Whether these labels, which may have entities of their own, are of that image: all that the image's name says, the
  // labels' says alike or, but for subject and session, not at all.
  bool labels(const BidsName& image) const {
    return std::ranges::all_of(image.entities, [&](const auto& e) {
      auto it = entities.find(e.first);
      return it == entities.end() ? e.first != "sub" && e.first != "ses" : it->second == e.second;
    });
  }
};

bool matches(const std::string& stem, const std::string& pattern) {
  return fnmatch(pattern.c_str(), stem.c_str(), 0) == 0;
}

// The NIfTI files in a folder and, `depth` levels down, in those in it, by name.
void collect(const fs::path& folder, const std::string& pattern, int depth, std::vector<fs::path>& out) {
  std::error_code failed;
  std::vector<fs::path> entries;
  for (const auto& entry : fs::directory_iterator(folder, failed)) entries.push_back(entry.path());
  if (failed) throw Error(ErrorKind::file, folder.string(), "cannot be read: " + failed.message());
  std::ranges::sort(entries);
  for (const fs::path& path : entries) {
    std::string name = path.filename().string();
    if (fs::is_directory(path)) {
      if (depth > 0) collect(path, pattern, depth - 1, out);
    } else if (is_nifti_name(name) && matches(BidsName(name).stem, pattern)) {
      out.push_back(path);
    }
  }
}

constexpr int kDepth = 2;  // session and kind of data (anat)

std::vector<fs::path> subjects_in(const std::string& root) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(root))
    if (entry.is_directory() && entry.path().filename().string().rfind("sub-", 0) == 0) out.push_back(entry.path());
  std::ranges::sort(out);
  if (out.empty())
    throw Error(ErrorKind::data, {root, "folders sub-... of a BIDS data set", "none", "is it the data set's top?"});
  return out;
}

class BidsSource final : public VolumeSource {
 public:
  struct Params {
    BidsDataParams data;
    VolumePrepareParams prepare;
    void fields(Fields& f) {
      f("data", data, "the [data] section");
      f("prepare", prepare, "the [prepare] section");
    }
  };
  explicit BidsSource(const Params& p) : VolumeSource("bids", p.data.volumes, p.prepare), data_(p.data) {
    if (!data_.label.empty() && !data_.target.empty())
      throw Error(ErrorKind::config, "data", "names both label and target, and only one of them can be learned");
  }

 private:
  Files files() const override { return {data_.source, data_.train, data_.test, "study"}; }
  std::string located(const std::string& folder, const std::string& name, const std::string& place) const override {
    std::string path = resolve_path(folder, name);
    if (!fs::is_directory(path)) throw Error(ErrorKind::file, place, "there is no folder " + path);
    return path;
  }
  std::string labels_sought() const override {
    return data_.target.empty() ? "label files " + gradus::quoted(data_.label)
                                : "a column " + gradus::quoted(data_.target) + " of participants.tsv";
  }
  Table listed(const std::string& path) const override;
  Value list_state() const override {
    Value v = Value::table();
    v.set("image", data_.image);
    v.set("label", data_.label);
    v.set("target", data_.target);
    return v;
  }
  void restore_list(const Value& v) override {
    data_.image = v.at("image").as_string();
    data_.label = v.at("label").as_string();
    data_.target = v.at("target").as_string();
  }
  std::string label_of(const fs::path& image, const fs::path& root, const std::string& subject) const;
  Column participants(const std::string& root, const std::vector<std::string>& subjects) const;

  BidsDataParams data_;
};

// The path of an image's label volume, "" where there is none.
std::string BidsSource::label_of(const fs::path& image, const fs::path& root, const std::string& subject) const {
  fs::path pattern(data_.label), folder = root / pattern.parent_path() / subject;
  std::vector<fs::path> found;
  if (fs::is_directory(folder)) collect(folder, pattern.filename().string(), kDepth, found);
  BidsName name(image.filename().string());
  std::erase_if(found, [&](const fs::path& p) { return !BidsName(p.filename().string()).labels(name) || p == image; });
  if (found.size() > 1)
    throw Error(ErrorKind::data, {image.string(), "one label volume " + gradus::quoted(data_.label),
                                  found[0].string() + " and " + found[1].filename().string(),
                                  "make the pattern of data.label tell them apart"});
  return found.empty() ? "" : found[0].string();
}

// The column of participants.tsv that is to be predicted, for each scan's subject.
Column BidsSource::participants(const std::string& root, const std::vector<std::string>& subjects) const {
  std::string path = (fs::path(root) / "participants.tsv").string();
  if (!fs::exists(path)) throw Error(ErrorKind::file, "data.target", "there is no file " + path);
  CsvOptions options;
  options.delimiter = "tab";
  options.header = true;
  options.missing_values.emplace_back("n/a");
  options.expected_kinds = {{"participant_id", ColumnKind::categorical}};
  Table table = read_csv(path, options);
  const Column &ids = table.column("participant_id"), &values = table.column(data_.target);
  std::map<std::string, std::size_t> rows;
  for (std::size_t r = 0; r < table.rows(); ++r) rows[ids.text(r)] = r;
  std::vector<double> numbers;
  std::vector<std::string> texts;
  for (const std::string& subject : subjects) {
    auto it = rows.find(subject);
    bool missing = it == rows.end() || values.is_missing(it->second);
    if (values.is_numeric())
      numbers.push_back(missing ? std::numeric_limits<double>::quiet_NaN() : values.numbers()[it->second]);
    else
      texts.push_back(missing ? "" : values.text(it->second));
  }
  return values.is_numeric() ? Column::numeric("label", numbers) : Column::texts("label", texts);
}

Table BidsSource::listed(const std::string& root) const {
  if (!fs::is_directory(root)) throw Error(ErrorKind::file, {root, "the folder of a BIDS data set", "none", ""});
  std::string pattern = data_.image.find('*') == std::string::npos ? "*_" + data_.image : data_.image;
  std::vector<std::string> subjects, sessions, images, labels;
  for (const fs::path& folder : subjects_in(root)) {
    std::vector<fs::path> found;
    collect(folder, pattern, kDepth, found);
    for (const fs::path& image : found) {
      BidsName name(image.filename().string());
      subjects.push_back(folder.filename().string());
      sessions.push_back(name.entities.contains("ses") ? name.entities["ses"] : "");
      images.push_back(image.string());
      if (!data_.label.empty()) labels.push_back(label_of(image, root, subjects.back()));
    }
  }
  if (images.empty())
    throw Error(ErrorKind::data,
                {root, fmt::format("images sub-.../anat/{}.nii.gz as data.image says", pattern), "none", ""});
  Table table(root);
  table.add(Column::texts("subject", subjects));
  table.add(Column::texts("session", sessions));
  table.add(Column::texts("image", images));
  if (!data_.label.empty()) table.add(Column::texts("label", labels));
  if (!data_.target.empty()) table.add(participants(root, subjects));
  if (!fs::exists(fs::path(root) / "dataset_description.json"))
    table.add_note(root + " has no dataset_description.json, which BIDS asks for");
  return table;
}

}  // namespace

void register_bids(Catalog<Source>& catalog) {
  catalog.add<BidsSource>("bids", "Scans in a folder laid out by BIDS, with label volumes among its derivatives.");
}

}  // namespace gradus
