#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <set>

#include "beam.h"
#include "commands.h"
#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/base/parallel.h"
#include "gradus/data/numbers.h"
#include "gradus/explain/overlays.h"
#include "gradus/report/png.h"
#include "gradus/train/run_folder.h"
#include "gradus/train/trained_model.h"
#include "output.h"

namespace gradus::cli {
namespace {

struct PredictArguments {
  std::string run, out, overlay, precision;
  std::vector<std::string> data;
  TranslateOptions translation;
  int threads = 0;
  bool json = false;
};

// RFC 4180: quoted when it must be.
std::string csv_field(const std::string& s) {
  if (s.find_first_of(",\"\r\n") == std::string::npos) return s;
  std::string out = "\"";
  for (char c : s) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string csv_text(const TrainedModel::Predictions& p) {
  std::string text;
  auto line = [&](const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) text += (i ? "," : "") + csv_field(cells[i]);
    text += '\n';
  };
  line(p.columns);
  for (const auto& row : p.rows) line(row);
  return text;
}

Value json_rows(const TrainedModel::Predictions& p, const TaskSpec& task) {
  Value rows = Value::array();
  for (const auto& row : p.rows) {
    Value v = Value::table();
    for (std::size_t i = 0; i < row.size(); ++i) {
      double number = 0;
      bool is_class = task.classifies() && p.columns[i] == "prediction";
      v.set(p.columns[i], !is_class && parse_number(row[i], number) ? Value(number) : Value(row[i]));
    }
    rows.push_back(std::move(v));
  }
  Value out = Value::table();
  out.set("predictions", std::move(rows));
  return out;
}

// Predictions must not be written over what they are made from.
void check_out(const PredictArguments& a) {
  std::vector<std::string> read = a.data;
  read.push_back(a.run);
  for (const char* name : {RunFolder::kModel, RunFolder::kConfig, RunFolder::kCheckpoint, RunFolder::kMetrics})
    read.push_back(RunFolder(a.run).file(name));
  std::error_code missing;
  for (const std::string& file : read)
    if (std::filesystem::equivalent(a.out, file, missing))
      throw Error(ErrorKind::usage, {"--out", "a file of its own", a.out + ", which this command reads", ""});
}

// The folder that holds all of some files, directly or in folders of its own.
std::filesystem::path common_folder(const std::vector<std::string>& files) {
  std::filesystem::path folder = std::filesystem::path(files.front()).parent_path();
  for (const std::string& file : files) {
    std::filesystem::path own = std::filesystem::path(file).parent_path();
    folder = std::accumulate(folder.begin(), std::mismatch(folder.begin(), folder.end(), own.begin(), own.end()).first,
                             std::filesystem::path(), std::divides());
  }
  return folder;
}

// A file's name for each example: its own below the folder of all, where the data name it, else its number from 1.
std::vector<std::string> picture_names(const OpenedData& opened) {
  const std::vector<std::string>* files = opened.file_names();
  std::filesystem::path folder = files != nullptr && !files->empty() ? common_folder(*files) : "";
  std::vector<std::string> names;
  std::map<std::string, int> taken;
  std::size_t digits = std::to_string(opened.data->size()).size();
  for (std::int64_t i = 0; i < opened.data->size(); ++i) {
    std::string name = std::to_string(i + 1);
    name.insert(0, digits - name.size(), '0');
    if (files != nullptr) {
      std::filesystem::path path = (*files)[static_cast<std::size_t>(i)];
      name = (path.parent_path() / path.stem()).lexically_relative(folder).string();
      std::ranges::replace(name, '/', '_');
    }
    if (int before = taken[name]++; before > 0) name += "-" + std::to_string(before + 1);
    names.push_back(name + ".png");
  }
  return names;
}

// Nor must pictures take the place of the images.
void check_overlays(const OpenedData& opened, const std::vector<std::string>& names, const std::string& folder) {
  const std::vector<std::string>* files = opened.file_names();
  if (files == nullptr) return;
  std::set<std::filesystem::path> read;
  for (const std::string& file : *files) read.insert(std::filesystem::weakly_canonical(file));
  for (const std::string& name : names)
    if (read.contains(std::filesystem::weakly_canonical(folder + "/" + name)))
      throw Error(ErrorKind::usage, {"--overlay", "a folder of its own", "that of the image " + name, ""});
}

void write_overlays(TrainedModel& model, const ImageFormat& format, const PredictArguments& a) {
  OpenedData opened = model.open_files(a.data);
  if (model.task().per_place && a.out.empty())  // else predictions say them
    for (const std::string& n : opened.notes) say(n);
  if (model.task().per_place && opened.data->input_shape() != model.input_shape())
    throw Error(ErrorKind::usage,
                {"--overlay", "images of " + model.input_shape().text() + ", the size trained on",
                 opened.data->input_shape().text(), "write their masks with --out, which works patch by patch"});
  std::vector<std::string> names = picture_names(opened);
  check_overlays(opened, names, a.overlay);
  make_folder(a.overlay);
  each_overlay({model.network(), model.loss(), model.task(), format}, opened.data,
               [&](std::int64_t row, const Picture& p) {
                 write_file(a.overlay + "/" + names[static_cast<std::size_t>(row)], encode_png(p), Durable::in_time);
               });
  say(count_text(names.size(), "picture") + " in " + a.overlay);
}

// A mask's or picture's slices [height, width(, channels)] as PNG files: NAME.png, or NAME_1.png ... of a volume.
class PlaceWriter {
 public:
  PlaceWriter(const TaskSpec& task, std::string folder) : task_(task), folder_(std::move(folder)) {}

  std::vector<std::string> operator()(const std::string& name, const PlacePrediction& p) {
    int axes = p.shape.rank() - (task_.classifies() ? 0 : 1);
    if (axes != 2 && axes != 3)
      throw Error(ErrorKind::state, {"--out", "masks or pictures of two or three axes", p.shape.text(), ""});
    std::string base = unused(std::filesystem::path(name).stem().string());
    std::int64_t slices = axes == 3 ? p.shape[0] : 1;
    std::vector<std::string> files;
    for (std::int64_t s = 0; s < slices; ++s) {
      std::string file = folder_ + "/" + base + (axes == 3 ? "_" + std::to_string(s + 1) : "") + ".png";
      write_file(file, task_.classifies() ? mask(p, s * (p.shape.size() / slices)) : picture(p, s));
      files.push_back(file);
    }
    return files;
  }

 private:
  // A file's name is used once: of two inputs of one name the second gets a number.
  std::string unused(const std::string& stem) {
    std::string name = stem;
    for (int i = 2; !names_.insert(name).second; ++i) name = stem + "_" + std::to_string(i);
    return name;
  }
  static std::string mask(const PlacePrediction& p, std::int64_t first) {
    int height = static_cast<int>(p.shape[p.shape.rank() - 2]), width = static_cast<int>(p.shape[p.shape.rank() - 1]);
    auto begin = p.classes.begin() + first;
    return encode_mask_png(width, height, {begin, begin + static_cast<std::ptrdiff_t>(width) * height});
  }
  std::string picture(const PlacePrediction& p, std::int64_t slice) const {
    ImageFormat format;
    format.low = static_cast<float>(task_.low);
    format.high = static_cast<float>(task_.high);
    Pixels pixels = pixels_of(format, Tensor::from(p.values, p.shape.inserted(0, 1)), 0, slice);
    return encode_png({pixels.width, pixels.height, pixels.channels, pixels.values});
  }

  const TaskSpec& task_;
  std::string folder_;
  std::set<std::string> names_;
};

void predict_places(const PredictArguments& a, TrainedModel& model) {
  if (a.out.empty())
    throw Error(ErrorKind::usage, "--out", "is missing: this model predicts masks or pictures, one file for each input",
                "name a folder for them: --out predictions");
  if (std::filesystem::exists(a.out) && !std::filesystem::is_directory(a.out))
    throw Error(ErrorKind::usage, {"--out", "a folder", a.out + ", which is a file", ""});
  if (model.task().classes.size() > 256)
    throw Error(ErrorKind::state, {"--out", "at most 256 classes, as a PNG file holds them",
                                   std::to_string(model.task().classes.size()), ""});
  std::filesystem::create_directories(a.out);
  std::vector<std::string> notes;
  std::vector<std::string> files = model.predict_places(a.data, a.out, PlaceWriter(model.task(), a.out), &notes);
  for (const std::string& n : notes) say(n);
  if (!a.json) return say(count_text(files.size(), "file") + " in " + a.out);
  Value out = Value::table();
  out.set("predictions", Value::Array(files.begin(), files.end()));
  print_json(out);
}

void predict(const PredictArguments& a) {
  if (a.threads > 0) set_threads(a.threads);
  if (!a.out.empty()) check_out(a);
  TrainedModel model(a.run);
  check_beam(model, a.translation);
  if (!a.precision.empty()) model.set_precision(a.precision);
  std::optional<ImageFormat> format = model.image_format();
  if (!a.overlay.empty() && !format)
    throw Error(ErrorKind::usage, "--overlay", "the model's data are no images", "leave it out");
  if (!a.overlay.empty()) write_overlays(model, *format, a);
  if (model.task().per_place) {
    if (!a.out.empty() || a.overlay.empty()) predict_places(a, model);
    return;
  }
  std::vector<std::string> notes;
  TrainedModel::Predictions p = model.predict_files(a.data, &notes, a.translation);
  for (const std::string& n : notes) say(n);
  if (!a.out.empty()) write_file(a.out, csv_text(p));
  if (a.json)
    print_json(json_rows(p, model.task()));
  else if (a.out.empty())
    print_as_is(csv_text(p));
  else
    say(count_text(p.rows.size(), "prediction") + " in " + a.out);
}

}  // namespace

void add_predict(CLI::App& app) {
  auto a = std::make_shared<PredictArguments>();
  CLI::App* c = app.add_subcommand("predict", "Predict for new data with a trained model.");
  c->add_option("run", a->run, "A run folder or a model file.")->required()->type_name("RUN");
  c->add_option("--data", a->data, "Files in the training data's format; targets are not needed.")
      ->required()
      ->expected(1, 64)
      ->type_name("FILE");
  c->add_option("--out", a->out,
                "Write the predictions to this CSV file instead of standard output; masks and pictures to this folder.")
      ->type_name("FILE");
  c->add_option("--precision", a->precision, "Compute in f32 or bf16; default as the model was trained.")
      ->check(CLI::IsMember({"f32", "bf16"}))
      ->type_name("NAME");
  c->add_option("--overlay", a->overlay,
                "Write a picture of each image to this folder: under what speaks for its class, under the classes of "
                "its places, or what the model makes of it.")
      ->type_name("DIR");
  add_beam(*c, a->translation);
  c->add_option("--threads", a->threads, "Threads to use; default all cores.")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  c->add_flag("--json", a->json, "Print one JSON document.");
  c->callback([a] { predict(*a); });
}

}  // namespace gradus::cli
