#include "gradus/data/readers/fasta.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <unordered_map>

#include "gradus/base/text.h"
#include "gradus/data/data_paths.h"
#include "gradus/data/file_lists.h"
#include "gradus/data/numbers.h"
#include "gradus/data/sequence_source.h"

namespace gradus {
namespace {

namespace fs = std::filesystem;

struct FastaDataParams {
  std::string format = "fasta";
  SequenceFiles files;
  std::optional<std::string> labels;
  std::string id = "id";
  std::vector<std::string> label = {"class"};
  std::string task = "auto";
  void fields(Fields& f) {
    constexpr const char* kForm = "{ CLASS = names of files or folders, ... }, or names";
    f("format", format, {"fasta"}, "the files' format");
    f("source", files.source, kForm,
      "FASTA files or folders of them for each class; or a folder with a FASTA file or sub-folder named after each "
      "class; or, with labels, FASTA files. The split divides the sequences");
    f("train", files.train, kForm, "the training sequences, where they are kept apart");
    f("test", files.test, kForm, "the test sequences");
    f("labels", labels, "a CSV file with a row for each sequence; left out: files are named for each class");
    f("id", id, "its column that names the sequence: the first word of its header");
    f("label", label, "its column to predict, or several numeric ones");
    f("task", task, {"auto", "regression", "binary", "multiclass"},
      "what the labels are; auto: text and few whole numbers are classes, other numbers regression");
  }
};

struct FastaPrepareParams {
  Value split, scale_target;
  void fields(Fields& f) {
    f("split", split, "a table with method and shares",
      "how sequences are held back: { method = \"files\", validation = 0.1 }");
    f("scale_target", scale_target, "none, standardize or normalize", "what numbers to predict are trained as");
  }
};

constexpr std::string_view kEndings[] = {".fa", ".fasta", ".fna", ".ffn", ".fas", ".frn"};

std::string without_gz(const std::string& name) {
  return name.ends_with(".gz") ? name.substr(0, name.size() - 3) : name;
}

bool has_fasta_name(const std::string& name) {
  return std::ranges::any_of(kEndings, [&](std::string_view end) { return without_gz(name).ends_with(end); });
}

// "exon" for "data/exon.fa.gz" and for the folder "data/exon".
std::string class_name(const fs::path& path) {
  if (fs::is_directory(path)) return path.filename().string();
  return fs::path(without_gz(path.filename().string())).stem().string();
}

// The FASTA file, or those in the folder.
std::vector<std::string> fasta_files(const std::string& path) {
  if (!fs::is_directory(path)) return {path};
  return files_in(path, has_fasta_name, "FASTA files (.fa, .fasta, .fna, .ffn, .fas or .frn, with .gz or without)");
}

// The FASTA files and sub-folders of a folder, which are named after the classes.
std::vector<std::string> class_paths(const std::string& folder) {
  std::vector<std::string> paths;
  for (const std::string& name : sub_folders(folder)) paths.push_back((fs::path(folder) / name).string());
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::string name = entry.path().filename().string();
    if (name[0] != '.' && entry.is_regular_file() && has_fasta_name(name)) paths.push_back(entry.path().string());
  }
  if (paths.empty())
    throw Error(ErrorKind::data,
                {folder, "a FASTA file or a sub-folder of them for each class", "a folder without any", ""});
  std::ranges::sort(paths);
  return paths;
}

// Letters of DNA and RNA in FASTA files, with a file for each class or a table of labels.
class FastaSource final : public SequenceSource {
 public:
  struct Params {
    FastaDataParams data;
    FastaPrepareParams prepare;
    void fields(Fields& f) {
      f("data", data, "the [data] section");
      f("prepare", prepare, "the [prepare] section");
    }
  };

  explicit FastaSource(Params p)
      : SequenceSource(std::move(p.data.files),
                       {std::move(p.prepare.split), "none", std::move(p.prepare.scale_target)}),
        labels_(std::move(p.data.labels)),
        id_(std::move(p.data.id)),
        label_(std::move(p.data.label)),
        task_(std::move(p.data.task)) {
    alphabet_.emplace("dna");
    for (char base : alphabet_->letters()) features_.emplace_back(1, base);
  }

  Value state() const override {
    Value v = SequenceSource::state();
    v.set("id", id_);
    return v;
  }
  void restore(const Value& state) override {
    SequenceSource::restore(state);
    id_ = state.at("id").as_string();
    label_ = target_.columns();
  }

 private:
  std::string format_name() const override { return "fasta"; }
  std::string example_source() const override { return "genes"; }
  TargetParams target_params() const override { return {label_, task_}; }

  Sequences gather(const Value& given, const std::string& folder, const std::string& place) override {
    if (labels_ && given.is_table())
      throw Error(ErrorKind::config, {given.place(place), "names of FASTA files, as data.labels has their classes",
                                      "a table of classes", "leave out one of the two"});
    if (group_column_ && !labels_)
      throw Error(ErrorKind::config, "prepare.split", "files of classes have no columns",
                  "write a CSV file with the columns " + comma_list({id_, label_[0], *group_column_}) +
                      " and name it as data.labels");
    Sequences s;
    if (given.is_table()) {
      std::vector<std::string> all;
      for (const auto& [name, paths] : given.as_table())
        for (const std::string& path : names_given(paths, place + "." + name)) {
          all.push_back(data_path(folder, path, place + "." + name));
          s.append(of_class(name, all.back()));
        }
      require_once(all, place);
      return s;
    }
    for (const std::string& name : names_given(given, place)) {
      std::string path = data_path(folder, name, place);
      if (labels_)
        s.append(read_all(path));
      else if (fs::is_directory(path))
        s.append(of_folder(path));
      else
        throw Error(ErrorKind::config,
                    {given.place(place), "the class of the sequences", "the file alone",
                     "write " + place.substr(place.find('.') + 1) +
                         " = { exon = \"exon.fa\", intron = \"intron.fa\" }, or labels = \"labels.csv\""});
    }
    if (labels_) return labelled_by(std::move(s), data_path(folder, *labels_, "data.labels"));
    return s;
  }

  Sequences gather_new(const std::vector<std::string>& files, bool need_target) override {
    Sequences s;
    std::optional<std::string> table;
    for (const std::string& path : files) {
      if (!fs::exists(path)) throw Error(ErrorKind::file, path, "there is no such file or folder");
      if (has_list_name(path)) table = path;
    }
    for (const std::string& path : files) {
      if (has_list_name(path)) continue;
      bool of_classes = fs::is_directory(path) && (!sub_folders(path).empty() || (need_target && !table));
      if (of_classes)
        s.append(of_folder(path));
      else if (!need_target || table)
        s.append(read_all(path));
      else
        s.append(of_class(class_name(path), path));
    }
    return need_target && table ? labelled_by(std::move(s), *table) : s;
  }

  Sequences read_all(const std::string& path) const {
    Sequences s;
    for (const std::string& file : fasta_files(path)) {
      FastaReader reader(file, *alphabet_);
      FastaRecord record;
      while (reader.next(record)) {
        s.add(record.id, record.letters.size());
        s.letters += record.letters;
      }
    }
    return s;
  }

  Sequences of_class(const std::string& name, const std::string& path) const {
    if (label_.size() != 1)
      throw Error(ErrorKind::config, "data.label", "files of classes give one label",
                  "write a CSV file of ids and targets and name it as data.labels");
    Sequences s = read_all(path);
    s.known = Table(path);
    s.known.add(Column::texts(label_[0], std::vector<std::string>(s.size(), name)));
    return s;
  }

  Sequences of_folder(const std::string& folder) const {
    Sequences s;
    for (const std::string& path : class_paths(folder)) s.append(of_class(class_name(path), path));
    return s;
  }

  // Gives each sequence its row of the table.
  Sequences labelled_by(Sequences s, const std::string& path) const {
    Table table = read_list(path, {id_});
    const Column& ids = table.column(id_);
    std::unordered_map<std::string, std::uint32_t> row_of;
    for (std::uint32_t row = 0; row < ids.size(); ++row)
      if (!row_of.emplace(ids.text(row), row).second)
        throw Error(ErrorKind::data, {path, "one row for each sequence", shown(ids.text(row)) + " twice", ""});
    Sequences out;
    RowIndices rows;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < s.size(); begin += static_cast<std::size_t>(s.lengths[i++])) {
      auto row = row_of.find(s.names[i]);
      if (row == row_of.end()) continue;
      rows.push_back(row->second);
      out.add(s.names[i], static_cast<std::size_t>(s.lengths[i]));
      out.letters.append(s.letters, begin, static_cast<std::size_t>(s.lengths[i]));
    }
    if (rows.empty())
      throw Error(ErrorKind::data, path, "names none of the sequences in its column " + gradus::quoted(id_),
                  "a sequence's name is the first word of its header, such as " + shown(s.names.at(0)));
    if (rows.size() < s.size())
      out.notes.push_back(count_text(s.size() - rows.size(), "sequence is", "sequences are") + " not in " + path +
                          " and left out");
    check_names_differ(out.names);
    out.known = table.select_rows(rows);
    return out;
  }

  static void check_names_differ(std::vector<std::string> names) {
    std::ranges::sort(names);
    auto twice = std::ranges::adjacent_find(names);
    if (twice != names.end())
      throw Error(ErrorKind::data, "data", "two sequences have the name " + shown(*twice),
                  "labels go by names, so each needs its own");
  }

  std::optional<std::string> labels_;
  std::string id_;
  std::vector<std::string> label_;
  std::string task_;
};

}  // namespace

void register_fasta(Catalog<Source>& catalog) {
  catalog.add<FastaSource>("fasta",
                           "DNA and RNA in FASTA files: a file for each class, or a CSV file of labels; one-hot A, C, "
                           "G, T.");
}

}  // namespace gradus
