#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "gradus/base/memory.h"
#include "gradus/base/text.h"
#include "gradus/data/data_paths.h"
#include "gradus/data/file_lists.h"
#include "gradus/data/numbers.h"
#include "gradus/data/readers/sound.h"
#include "gradus/data/resample.h"
#include "gradus/data/sequence_source.h"
#include "gradus/data/sound_features.h"

namespace gradus {
namespace {

namespace fs = std::filesystem;

struct WavDataParams {
  std::string format = "wav";
  SequenceFiles files;
  SoundParams sound;
  std::string file = "file";
  std::vector<std::string> label = {"label"};
  std::string task = "auto";
  std::string on_broken = "fail";
  void fields(Fields& f) {
    constexpr const char* kForm = "names of folders or CSV lists";
    f("format", format, {"wav"}, "the files' format");
    f("source", files.source, kForm,
      "a folder with a sub-folder of sounds for each class, or a CSV list of files and labels; the split divides them");
    f("train", files.train, kForm, "the training sounds, where they are kept apart");
    f("test", files.test, kForm, "the test sounds");
    sound.fields(f);
    f("file", file, "the column of a CSV list that names the files, which start at the list's folder");
    f("label", label, "its column to predict, or several numeric ones");
    f("task", task, {"auto", "regression", "binary", "multiclass"},
      "what the labels are; auto: text and few whole numbers are classes, other numbers regression");
    f("on_broken", on_broken, {"fail", "skip"}, "what is done about a sound that cannot be read");
  }
};

struct WavPrepareParams {
  SequencePrepareParams shared;
  WavPrepareParams() { shared.scale = "standardize"; }
  void fields(Fields& f) { shared.fields(f); }
};

// A sound's frames, or why there are none.
struct FoundSound {
  std::vector<double> values;
  std::size_t frames = 0;
  std::optional<Error> broken;
};

// Sounds in files as frames of their spectra.
class WavSource final : public SequenceSource {
 public:
  struct Params {
    WavDataParams data;
    WavPrepareParams prepare;
    void fields(Fields& f) {
      f("data", data, "the [data] section");
      f("prepare", prepare, "the [prepare] section");
    }
  };

  explicit WavSource(Params p)
      : SequenceSource(std::move(p.data.files), std::move(p.prepare.shared)),
        sound_(std::move(p.data.sound)),
        file_(std::move(p.data.file)),
        label_(std::move(p.data.label)),
        task_(std::move(p.data.task)),
        on_broken_(std::move(p.data.on_broken)) {
    features_ = SoundFeatures(sound_).names();
  }

  Value state() const override {
    SoundParams sound = sound_;
    Value v = SequenceSource::state();
    v.set("sound", write_params(sound));
    v.set("file", file_);
    v.set("on_broken", on_broken_);
    return v;
  }
  void restore(const Value& state) override {
    SequenceSource::restore(state);
    read_params(sound_, state.at("sound"), "sound");
    if (SoundFeatures(sound_).names() != features_)
      throw Error(ErrorKind::data, "the model's sounds", "damaged: their features are others", "train the model again");
    file_ = state.at("file").as_string();
    on_broken_ = state.at("on_broken").as_string();
    label_ = target_.columns();
  }

 private:
  std::string format_name() const override { return "wav"; }
  std::string example_source() const override { return "sounds"; }
  std::string name_column() const override { return "file"; }
  TargetParams target_params() const override { return {label_, task_}; }

  struct Sounds {
    std::vector<std::string> paths;
    Table known;
    void append(Sounds more) {
      std::ranges::move(more.paths, std::back_inserter(paths));
      if (known.columns() == 0)
        known = std::move(more.known);
      else
        known.append(more.known);
    }
  };

  Sequences gather(const Value& given, const std::string& folder, const std::string& place) override {
    Sounds all;
    for (const std::string& name : names_given(given, place)) {
      std::string path = data_path(folder, name, place);
      if (group_column_ && fs::is_directory(path))
        throw Error(ErrorKind::config, "prepare.split", "folders of sounds have no columns",
                    "write a CSV list of files, labels and " + shown(*group_column_));
      all.append(fs::is_directory(path) ? of_classes(path) : of_list(path, true));
    }
    if (all.paths.empty()) throw Error(ErrorKind::config, place, "names no folder or list");
    require_once(all.paths, place);
    return read(all);
  }

  Sequences gather_new(const std::vector<std::string>& files, bool need_target) override {
    Sounds all;
    for (const std::string& path : files) {
      if (!fs::exists(path)) throw Error(ErrorKind::file, path, "there is no such file or folder");
      bool is_folder = fs::is_directory(path), has_classes = is_folder && !sub_folders(path).empty();
      if (has_classes) {
        all.append(of_classes(path));
      } else if (!is_folder && has_list_name(path)) {
        all.append(of_list(path, need_target));
      } else if (need_target) {
        throw Error(ErrorKind::data, {path, "a folder with a sub-folder for each class, or a CSV list with labels",
                                      is_folder ? "a folder without sub-folders" : "a sound", ""});
      } else {
        std::vector<std::string> own = is_folder ? sounds_in(path) : std::vector<std::string>{path};
        all.paths.insert(all.paths.end(), own.begin(), own.end());
      }
    }
    if (!need_target) all.known = Table();
    return read(all);
  }

  static std::vector<std::string> sounds_in(const std::string& folder) {
    return files_in(folder, has_sound_name, "sounds (.wav, .flac, .ogg, .aif, .aiff, .au or .mp3)");
  }

  Sounds of_classes(const std::string& folder) const {
    if (label_.size() != 1)
      throw Error(ErrorKind::config, "data.label", "folders give one label, the name of a sound's sub-folder",
                  "write a CSV list of files and targets");
    Sounds s;
    std::vector<std::string> labels;
    for (const std::string& name : sub_folders(folder))
      for (const std::string& path : sounds_in((fs::path(folder) / name).string())) {
        s.paths.push_back(path);
        labels.push_back(name);
      }
    if (labels.empty())
      throw Error(ErrorKind::data, {folder, "a sub-folder of sounds for each class", "no sub-folder", ""});
    s.known = Table(folder);
    s.known.add(Column::texts(label_[0], labels));
    return s;
  }

  Sounds of_list(const std::string& path, bool need_labels) const {
    Table table = read_list(path, {file_});
    if (table.rows() == 0) throw Error(ErrorKind::data, path, "has a header and no rows");
    Sounds s{listed_paths(table, file_), Table(path)};
    if (!need_labels) return s;
    std::vector<std::string> columns = label_;
    if (group_column_ && std::ranges::find(columns, *group_column_) == columns.end()) columns.push_back(*group_column_);
    s.known = table.select_columns(columns);
    return s;
  }

  // Of a sound's samples and frames.
  double bytes_of(double seconds) const {
    return 8 * seconds * (static_cast<double>(sound_.rate) + static_cast<double>(features_.size()) / sound_.hop);
  }

  FoundSound find(const std::string& path, const SoundFeatures& features) const {
    FoundSound found;
    try {
      Sound sound = read_sound(path);
      auto rate = static_cast<int>(sound_.rate);
      require_memory(bytes_of(static_cast<double>(sound.samples.size()) / sound.rate), ErrorKind::data, path,
                     "its samples and frames", "cut the sound into pieces");
      std::vector<double> samples = resampled(sound.samples, sound.rate, rate);
      if (sound_.seconds) samples.resize(std::max<std::size_t>(1, static_cast<std::size_t>(*sound_.seconds * rate)));
      found.frames = features.frames(samples.size());
      found.values = features.of(samples);
    } catch (const Error& e) {
      found.broken = e;
    }
    return found;
  }

  Sequences read(const Sounds& sounds) const {
    SoundFeatures features(sound_);
    if (sound_.seconds)
      require_memory(bytes_of(*sound_.seconds), ErrorKind::config, "data.seconds", "samples and frames of each sound",
                     "cut them to less");
    std::vector<FoundSound> found(sounds.paths.size());
    for_each_file(found.size(), [&](std::size_t i) { found[i] = find(sounds.paths[i], features); });
    Sequences s;
    RowIndices usable;
    std::vector<std::string> broken;
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (found[i].broken) {
        if (on_broken_ == "fail")
          throw found[i].broken->with_fix("mend or remove the file, or set data.on_broken = \"skip\"");
        broken.push_back(sounds.paths[i]);
        continue;
      }
      usable.push_back(static_cast<std::uint32_t>(i));
      s.add(sounds.paths[i], found[i].frames);
      s.values.insert(s.values.end(), found[i].values.begin(), found[i].values.end());
      found[i].values = {};
    }
    if (usable.empty()) throw Error(ErrorKind::data, "data", "no sound can be read");
    note_broken(std::move(broken), s.notes);
    if (sounds.known.columns() > 0) s.known = sounds.known.select_rows(usable);
    return s;
  }

  static void note_broken(std::vector<std::string> broken, std::vector<std::string>& notes) {
    constexpr std::size_t kNamed = 5;
    if (broken.empty()) return;
    std::string more = broken.size() > kNamed ? fmt::format(" and {} more", broken.size() - kNamed) : "";
    std::string count = count_text(broken.size(), "sound is broken and", "sounds are broken and");
    broken.resize(std::min(broken.size(), kNamed));
    notes.push_back(fmt::format("{} left out: {}{}", count, fmt::join(broken, ", "), more));
  }

  SoundParams sound_;
  std::string file_;
  std::vector<std::string> label_;
  std::string task_, on_broken_;
};

}  // namespace

void register_wav(Catalog<Source>& catalog) {
  catalog.add<WavSource>(
      "wav",
      "Sounds in a folder with one sub-folder for each class, or named in a CSV list: WAV, FLAC, OGG, "
      "AIFF, AU and MP3 files as spectra, mel features or cepstra.");
}

}  // namespace gradus
