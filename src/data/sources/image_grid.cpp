#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "gradus/base/file.h"
#include "gradus/base/text.h"
#include "gradus/data/image_source.h"
#include "gradus/data/numbers.h"
#include "gradus/data/readers/csv.h"

namespace gradus {
namespace {

namespace fs = std::filesystem;

struct GridDataParams {
  std::string format = "image_grid";
  std::string task = "auto";
  ImageDataParams images;
  void fields(Fields& f) {
    constexpr const char* kForm = "{ image, labels, tile }";
    f("format", format, {"image_grid"}, "the files' format");
    f("source", images.source, kForm,
      "an image made of rows of tiles [height, width] and the file of their labels: a CSV file with a column label, or "
      "one label after the other; the split divides them");
    f("train", images.train, kForm, "the training image, where it is kept apart");
    f("test", images.test, kForm, "the test image");
    f("task", task, {"auto", "regression", "binary", "multiclass"},
      "what the labels are; auto: text and few whole numbers are classes, other numbers regression");
    images.shared_fields(f);
  }
};

struct GridParams {
  std::string image, labels;
  std::vector<std::int64_t> tile;
  void fields(Fields& f) {
    f("image", image, "the image");
    f("labels", labels, "the file of its tiles' labels");
    f("tile", tile, at_least(1), "[height, width] of a tile");
  }
};

// The tiles of an image, row by row.
std::vector<Image> tiles_of(const Image& image, int height, int width, const std::string& path) {
  if (image.height % height != 0 || image.width % width != 0)
    throw Error(ErrorKind::data, {path, fmt::format("rows of tiles of {} x {}", height, width),
                                  fmt::format("{} x {}, which they do not fill", image.height, image.width),
                                  "is data.tile [height, width] right?"});
  std::vector<Image> tiles;
  std::size_t row = static_cast<std::size_t>(width) * image.channels,
              stride = static_cast<std::size_t>(image.width) * image.channels;
  for (int top = 0; top < image.height; top += height)
    for (int left = 0; left < image.width; left += width) {
      Image tile{height, width, image.channels, {}};
      for (int y = 0; y < height; ++y) {
        const std::uint8_t* from =
            image.values.data() + (top + y) * stride + static_cast<std::size_t>(left) * image.channels;
        tile.values.insert(tile.values.end(), from, from + row);
      }
      tiles.push_back(std::move(tile));
    }
  return tiles;
}

Column labels_in(const std::string& path) {
  if (path.ends_with(".csv") || path.ends_with(".tsv")) {
    Table table = read_csv(path);
    return table.columns() == 1 ? table.column(std::size_t{0}) : table.column("label");
  }
  std::istringstream text(read_file(path));
  std::vector<std::string> words;
  for (std::string word; text >> word;) words.push_back(word);
  std::vector<double> numbers(words.size());
  bool are_numbers = true;
  for (std::size_t i = 0; i < words.size() && are_numbers; ++i) are_numbers = parse_number(words[i], numbers[i]);
  return are_numbers ? Column::numeric("label", numbers) : Column::texts("label", words);
}

// Pictures in memory, of one form.
class HeldImages final : public ImageStore {
 public:
  HeldImages(const ImageForm& form, std::vector<std::string> names) : form_(form), names_(std::move(names)) {}
  void add(std::vector<std::uint8_t> bytes) { bytes_.push_back(std::move(bytes)); }
  std::int64_t size() const override { return static_cast<std::int64_t>(bytes_.size()); }
  Shape shape() const override { return form_.shape(); }
  void read(std::int64_t image, std::span<float> values) const override {
    std::ranges::copy(bytes_[static_cast<std::size_t>(image)], values.begin());
  }
  std::string name(std::int64_t image) const override { return names_[static_cast<std::size_t>(image)]; }
  bool is_slow() const override { return false; }

 private:
  ImageForm form_;
  std::vector<std::string> names_;
  std::vector<std::vector<std::uint8_t>> bytes_;
};

// One image that holds all examples side by side, with a file of labels.
class GridSource final : public ImageSource {
 public:
  struct Params {
    GridDataParams data;
    ImagePrepareParams prepare;
    void fields(Fields& f) {
      f("data", data, "the [data] section");
      f("prepare", prepare, "the [prepare] section");
    }
  };

  explicit GridSource(Params p)
      : ImageSource(std::move(p.data.images), std::move(p.prepare)), task_(std::move(p.data.task)) {}

  Value state() const override {
    Value v = ImageSource::state();
    v.set("tile", Value::Array{tile_[0], tile_[1]});
    return v;
  }
  void restore(const Value& state) override {
    ImageSource::restore(state);
    tile_.clear();
    for (const Value& side : state.at("tile").as_array()) tile_.push_back(side.as_integer());
    check_tile("tile");
  }

 private:
  std::string format_name() const override { return "image_grid"; }
  TargetParams target_params() const override { return {{"label"}, task_}; }

  ImageList gather(const Value& given, const std::string& folder, const std::string& place) override {
    GridParams p;
    if (!given.is_table())
      throw Error(ErrorKind::config,
                  {given.place(place), "{ image = \"digits.png\", labels = \"labels.txt\", tile = [28, 28] }",
                   describe(given), ""});
    read_params(p, given, place);
    if (!tile_.empty() && p.tile != tile_)
      throw Error(ErrorKind::config,
                  {place + ".tile", fmt::format("[{}] as in training", fmt::join(tile_, ", ")),
                   fmt::format("[{}]", fmt::join(p.tile, ", ")), "tiles are not brought to one size"});
    tile_ = p.tile;
    check_tile(place + ".tile");
    if (group_column_)
      throw Error(ErrorKind::config, "prepare.split", "tiles of an image have no columns", "use another method");
    return tiles_with_labels(data_file(folder, p.image, place + ".image"),
                             data_file(folder, p.labels, place + ".labels"));
  }

  ImageList gather_new(const std::vector<std::string>& files, bool need_target) override {
    if (files.size() > 2 || (need_target && files.size() != 2))
      throw Error(ErrorKind::usage,
                  {"--data", need_target ? "an image and its labels" : "an image, or it and its labels",
                   comma_list(files), ""});
    for (const std::string& path : files)
      if (!fs::is_regular_file(path)) throw Error(ErrorKind::file, path, "there is no such file");
    return tiles_with_labels(files[0], need_target ? files[1] : "");
  }

  void check_tile(const std::string& place) const {
    bool fits = tile_.size() == 2;
    for (std::int64_t side : tile_) fits = fits && side >= 1 && side <= kMostPixels;
    if (!fits)
      throw Error(ErrorKind::config,
                  {place, "[height, width] of a tile", fmt::format("[{}]", fmt::join(tile_, ", ")), ""});
  }

  // Without labels all tiles are examples; else as many as there are labels, the rest of the last row being empty.
  ImageList tiles_with_labels(const std::string& path, const std::string& labels) {
    Image image = read_image(path);
    auto height = static_cast<int>(tile_[0]), width = static_cast<int>(tile_[1]);
    std::vector<Image> tiles = tiles_of(image, height, width, path);
    std::size_t count = tiles.size(), in_row = static_cast<std::size_t>(image.width / width);
    ImageList list;
    if (!labels.empty()) {
      Column column = labels_in(labels);
      count = column.size();
      if (count > tiles.size() || count + in_row <= tiles.size())
        throw Error(ErrorKind::data, {labels, fmt::format("a label for each of the {} tiles of {}", tiles.size(), path),
                                      std::to_string(count), "are the two files a pair, and is tile right?"});
      list.known.add(column);
    }
    for (std::size_t i = 0; i < count; ++i) {
      list.files.push_back({fmt::format("{}[{}]", path, i), "", ""});
      tiles_.push_back(std::move(tiles[i]));
    }
    return list;
  }

  ImagesRead read(const ImageList& list, std::optional<ImageForm>& form) override {
    if (!form) {
      ImageFormParams wanted = data_.image;
      if (wanted.size.empty()) wanted.size = tile_;
      bool has_colours = std::ranges::any_of(tiles_, [](const Image& t) { return t.channels > 2; });
      if (!wanted.channels) wanted.channels = has_colours ? 3 : 1;
      form = image_form_for(wanted, {}, "data.image");
    }
    std::vector<std::string> names;
    for (const ImageFiles& f : list.files) names.push_back(f.image);
    auto images = std::make_shared<HeldImages>(*form, std::move(names));
    ImagesRead out;
    for (std::size_t i = 0; i < tiles_.size(); ++i) {
      std::vector<std::uint8_t> bytes = form->apply(tiles_[i], list.files[i].image);
      out.found.emplace_back().image.add(bytes, form->channels);
      images->add(std::move(bytes));
    }
    tiles_.clear();
    out.images = std::move(images);
    return out;
  }

  std::string task_;
  std::vector<std::int64_t> tile_;
  std::vector<Image> tiles_;  // gathered and not read yet
};

}  // namespace

void register_image_grid(Catalog<Source>& catalog) {
  catalog.add<GridSource>("image_grid", "One image that holds all examples in rows of tiles, with a file of labels.");
}

}  // namespace gradus
