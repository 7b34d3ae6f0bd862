#include "gradus/data/source.h"

#include <algorithm>
#include <filesystem>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/base/text.h"

namespace gradus {
namespace {

bool ends_with(const std::string& s, const std::string& end) {
  return s.size() >= end.size() && s.compare(s.size() - end.size(), end.size(), end) == 0;
}

constexpr const char* kFileKeys[] = {"source", "train", "test"};

// Calls `rewrite` for all names in what a key gives: one, a list, or a table of either.
void rewrite_names(Value& v, const std::function<void(Value&)>& rewrite) {
  if (v.is_table()) {
    for (auto& [name, item] : v.as_table()) rewrite_names(item, rewrite);
  } else if (v.is_array()) {
    for (Value& item : v.as_array()) rewrite_names(item, rewrite);
  } else {
    rewrite(v);
  }
}

std::string first_file(const SourceConfig& config) {
  for (const char* key : kFileKeys) {
    const Value* v = config.data.find(key);
    if (v == nullptr) continue;
    if (v->is_string()) return v->as_string();
    if (v->is_array() && !v->as_array().empty()) return v->as_array()[0].as_string(std::string("data.") + key + "[0]");
    if (v->is_table())
      throw Error(ErrorKind::config, "data.format", "is missing, and a table of files does not tell it",
                  "write format = \"image_mask\" or another format");
    throw Error(ErrorKind::config, {v->place(std::string("data.") + key), "a file's name or a list of them",
                                    v->is_array() ? "an empty list" : describe(*v), ""});
  }
  const Value* split = config.prepare.find("split");
  const Value* method = split == nullptr ? nullptr : split->is_table() ? split->find("method") : split;
  bool by_files = method != nullptr && *method == Value("files");
  throw Error(ErrorKind::config, "data", "names no file",
              by_files ? "write train = \"train.csv\" and test = \"test.csv\" under [data]"
                       : "write source = \"table.csv\" under [data]");
}

// A list of no features is no choice: left out, all columns are.
void check_features(const Value& data) {
  const Value* features = data.find("features");
  if (features != nullptr && features->is_array() && features->as_array().empty())
    throw Error(ErrorKind::config, {features->place("data.features"), "names of columns", "an empty list",
                                    "leave features out to learn from all columns"});
}

}  // namespace

void register_sources(Catalog<Source>& catalog);

const Catalog<Source>& sources() {
  static const Catalog<Source> catalog = [] {
    Catalog<Source> c("data format");
    register_sources(c);
    return c;
  }();
  return catalog;
}

std::string source_format(const SourceConfig& config) {
  if (const Value* format = config.data.find("format")) return format->as_string("data.format");
  std::string file = first_file(config);
  if (ends_with(file, ".gz")) file.resize(file.size() - 3);
  if (ends_with(file, "ubyte") || ends_with(file, ".idx")) return "idx";
  return config.data.find("text") != nullptr ? "text_table" : "csv";
}

std::unique_ptr<Source> make_source(const SourceConfig& config) {
  Value both = Value::table();
  both.set("data", config.data);
  both.set("prepare", config.prepare);
  std::string format = source_format(config);
  check_features(config.data);
  const Value* written = config.data.find("format");
  sources().entry(format, written != nullptr ? written->place("data.format") : "data.format");
  return sources().make(format, both, "");
}

std::string data_file(const std::string& folder, const std::string& name, const std::string& place) {
  std::string path = resolve_path(folder, name);
  if (name.empty()) throw Error(ErrorKind::config, {place, "a file's name", "an empty text", ""});
  if (std::filesystem::is_directory(path))
    throw Error(ErrorKind::file, {place, "a file", "the folder " + path, "name the file in it"});
  if (std::filesystem::exists(path)) return path;
  bool is_relative = std::filesystem::path(name).is_relative() && !folder.empty();
  throw Error(ErrorKind::file, place, "there is no file " + path,
              is_relative ? gradus::quoted(name) + " starts at the config's folder, not where the command runs" : "");
}

Value with_files_from(Value data, const std::string& from, const std::string& to) {
  namespace fs = std::filesystem;
  auto rewrite = [&](Value& v) {
    if (!v.is_string() || v.as_string().empty() || fs::path(v.as_string()).is_absolute()) return;
    fs::path file = fs::absolute(fs::path(from) / v.as_string());
    fs::path folder =
        fs::weakly_canonical(file.parent_path()).lexically_relative(fs::weakly_canonical(fs::absolute(to)));
    v = (folder / file.filename()).lexically_normal().string();
  };
  for (const char* key : {"source", "train", "test", "labels"})
    if (Value* v = data.find(key)) rewrite_names(*v, rewrite);
  return data;
}

Value part_sizes(const Split& parts) {
  Value v = Value::table();
  v.set("train", parts.train.size());
  v.set("validation", parts.validation.size());
  v.set("test", parts.test.size());
  if (parts.unused > 0) v.set("unused", parts.unused);
  return v;
}

Value class_table(const Split& parts, const std::vector<std::int32_t>& classes, const std::vector<std::string>& names) {
  auto train = class_counts(classes, parts.train, names.size()),
       validation = class_counts(classes, parts.validation, names.size()),
       test = class_counts(classes, parts.test, names.size());
  Value all = Value::table();
  for (std::size_t c = 0; c < names.size(); ++c) {
    Value v = Value::table();
    v.set("train", train[c]);
    v.set("validation", validation[c]);
    v.set("test", test[c]);
    all.set(names[c], std::move(v));
  }
  return all;
}

SplitParams required_split(const Value& split) {
  if (split.is_null())
    throw Error(
        ErrorKind::config, "prepare.split", "is missing: how data are held back for testing is yours to decide",
        "write split = { method = \"stratified\", train = 0.7, validation = 0.15, test = 0.15 } under [prepare], or "
        "method = \"files\" when [data] names train and test files");
  return read_split(split, "prepare.split");
}

const std::vector<std::string>* OpenedData::file_names() const {
  auto names_files = [](const auto& column) { return column.first == "file" || column.first == "image"; };
  auto it = std::ranges::find_if(echo, names_files);
  return it == echo.end() ? nullptr : &it->second;
}

namespace {

Value list_of(const std::vector<float>& numbers) {
  Value v = Value::array();
  for (float x : numbers) v.push_back(static_cast<double>(x));
  return v;
}

// One number, or one for each channel.
std::vector<float> channel_numbers(const Value& list, std::size_t channels) {
  std::vector<float> out;
  for (const Value& x : list.as_array()) out.push_back(static_cast<float>(x.as_real()));
  if (out.size() != 1 && out.size() != channels)
    throw Error(ErrorKind::data, {"scale", "1 number or one for each channel", std::to_string(out.size()), ""});
  return out;
}

}  // namespace

ImageFormat ImageFormat::of(const std::vector<LinearScale>& scales) {
  ImageFormat f{{}, {}};
  for (const LinearScale& s : scales) {
    f.shift.push_back(static_cast<float>(s.shift));
    f.scale.push_back(static_cast<float>(1 / s.divisor));
  }
  return f;
}

Value ImageFormat::state() const {
  Value v = Value::table();
  v.set("shift", list_of(shift));
  v.set("scale", list_of(scale));
  v.set("low", static_cast<double>(low));
  v.set("high", static_cast<double>(high));
  return v;
}

ImageFormat ImageFormat::restored(const Value& state, std::size_t channels) {
  ImageFormat f;
  f.shift = channel_numbers(state.at("shift"), channels);
  f.scale = channel_numbers(state.at("scale"), f.shift.size());
  f.low = static_cast<float>(state.at("low").as_real());
  f.high = static_cast<float>(state.at("high").as_real());
  return f;
}

Pixels pixels_of(const ImageFormat& format, const Tensor& inputs, std::int64_t row, std::int64_t slice) {
  int rank = inputs.rank();
  if ((rank != 4 && rank != 5) || row < 0 || row >= inputs.dim(0) || slice < 0 || (rank == 5 && slice >= inputs.dim(1)))
    throw Error(ErrorKind::shape,
                {"picture", "a row and slice of [n, height, width, channels] or volumes", inputs.shape().text(), ""});
  std::int64_t given = inputs.dim(-1), shown = given == 3 ? 3 : 1, slices = rank == 5 ? inputs.dim(1) : 1;
  Pixels out;
  out.height = static_cast<int>(inputs.dim(-3));
  out.width = static_cast<int>(inputs.dim(-2));
  out.channels = static_cast<int>(shown);
  std::int64_t places = inputs.dim(-3) * inputs.dim(-2);
  const float* at = inputs.data<float>() + (row * slices + slice) * places * given;
  auto channel = [](const std::vector<float>& v, std::int64_t c) { return v[v.size() == 1 ? 0 : c]; };
  float range = format.high > format.low ? format.high - format.low : 1;
  out.values.reserve(static_cast<std::size_t>(places * shown));
  for (std::int64_t i = 0; i < places; ++i, at += given)
    for (std::int64_t c = 0; c < shown; ++c) {
      float raw = at[c] / channel(format.scale, c) + channel(format.shift, c);
      out.values.push_back(
          static_cast<std::uint8_t>(std::clamp((raw - format.low) / range * 255 + 0.5f, 0.0f, 255.0f)));
    }
  return out;
}

}  // namespace gradus
