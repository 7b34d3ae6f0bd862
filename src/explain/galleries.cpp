#include "gradus/explain/galleries.h"

#include <algorithm>
#include <cmath>

#include "gradus/explain/answers.h"
#include "gradus/explain/attribution.h"
#include "gradus/explain/image_rows.h"

namespace gradus {
namespace {

constexpr std::int64_t kEpochsShown = 3;
constexpr std::size_t kMostClasses = 20;
constexpr std::size_t kSamples = 8;         // of a class, where training changes nothing
constexpr std::size_t kChangedSamples = 2;  // where it does
constexpr std::int64_t kMostFilters = 64;
constexpr int kSmallestSide = 24;        // of a tile: smaller ones are enlarged
constexpr double kActivations = 0x1p26;  // elements of all layers that are held at once
constexpr double kImages = 3;            // whose activations are shown
constexpr std::size_t kMostLayers = 12;
constexpr std::int64_t kMostChannels = 16;  // of a layer
constexpr double kMultiplyAdds = 2e11;      // spent on explanations, some seconds
constexpr std::int64_t kAnswers = 6;        // images whose answer at each place is shown
constexpr std::int64_t kVolumes = 2;
constexpr std::size_t kSlices = 3;  // of each
constexpr int kGap = 2;

int channels_shown(const Shape& image) { return image[image.rank() - 1] == 3 ? 3 : 1; }

std::string times_text(const Shape& s) {
  std::string text;
  for (std::int64_t d : s) text += (text.empty() ? "" : " × ") + std::to_string(d);
  return text;
}

Batch one_row(const Dataset& data, std::uint32_t row, std::int64_t epoch) {
  return epoch < 0 ? data.fetch({&row, 1}) : data.draw({&row, 1}, epoch);
}

// The middle of the example, its classes in colour where each place has one.
Picture sample_of(const Batch& batch, const TaskSpec& task, const ImageFormat& format, int side) {
  std::int64_t slice = slices_of(batch.inputs.shape().without(0)) / 2;
  Picture p = picture_of(format, batch.inputs, 0, slice);
  if (task.per_place && task.classifies()) p = classes_over(p, plane<std::int32_t>(batch.target, 0, slice));
  return shrink(p, side);
}

bool same(const Batch& a, const Batch& b) { return a.inputs.to_vector<float>() == b.inputs.to_vector<float>(); }

// Whether any of a few epochs changes the first examples.
bool draws_differ(const Dataset& data) {
  std::vector<std::uint32_t> rows = spread_rows(data.size(), 4);
  Batch plain = data.fetch(rows);
  for (std::int64_t epoch = 0; epoch < kEpochsShown; ++epoch)
    if (!same(plain, data.draw(rows, epoch))) return true;
  return false;
}

}  // namespace

Gallery sample_gallery(const Dataset& train, const TaskSpec& task, const ImageFormat& format) {
  bool changed = draws_differ(train), classes = task.classifies() && !task.per_place;
  std::size_t each = changed ? kChangedSamples : kSamples, groups = classes ? task.classes.size() : changed ? 4 : 2;
  std::vector<std::vector<std::uint32_t>> rows;
  if (classes) {
    rows = rows_of_classes(train, groups, each);
  } else {
    std::vector<std::uint32_t> all = spread_rows(train.size(), static_cast<std::int64_t>(groups * each));
    for (std::size_t i = 0; i < all.size(); i += each)
      rows.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(i),
                        all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), i + each)));
  }
  Gallery out{"Samples", "Examples of the training part.", {}, 0, {}};
  if (changed) out.explanation = "Examples of the training part; right of each, how the first three epochs meet it.";
  if (classes && rows.size() > kMostClasses) {
    out.explanation +=
        " Of " + std::to_string(rows.size()) + " classes the first " + std::to_string(kMostClasses) + ".";
    rows.resize(kMostClasses);
  }
  if (task.per_place && task.classifies())
    for (std::size_t c = 1; c < task.classes.size(); ++c)
      out.legend.push_back({class_color(static_cast<int>(c)), task.classes[c]});
  bool colors = channels_shown(train.input_shape()) == 3 || !out.legend.empty();
  int side = tile_side(rows.size() * each * (changed ? 1 + kEpochsShown : 1), colors ? 3 : 1);
  for (std::size_t g = 0; g < rows.size(); ++g) {
    std::vector<Picture> line;
    for (std::uint32_t row : rows[g]) {
      std::vector<Picture> tiles = {sample_of(one_row(train, row, -1), task, format, side)};
      for (std::int64_t epoch = 0; changed && epoch < kEpochsShown; ++epoch)
        tiles.push_back(sample_of(one_row(train, row, epoch), task, format, side));
      for (Picture& t : tiles) {
        t = enlarged_within(t, kSmallestSide);
        out.tile = std::max({out.tile, t.width, t.height});
      }
      line.push_back(changed ? sheet({tiles}, kGap, true) : std::move(tiles[0]));
    }
    if (!line.empty()) out.items.push_back({sheet({line}, changed ? 8 * kGap : kGap), classes ? task.classes[g] : ""});
  }
  return out;
}

namespace {

// The filters as [.., filters], one filter's picture being [height, width, channels].
struct Filters {
  std::string name;  // of the layer
  Shape picture;
  Tensor weight;
};

// The weights of the first layer, where they lie over the pixels of an image.
std::optional<Filters> first_filters(Network& network, const Shape& input) {
  std::optional<Filters> out;
  Module::Visitor visitor;
  bool first = true;
  visitor.parameter = [&](const std::string& name, Parameter& p) {
    const Shape& s = p.value.shape();
    if (s.rank() < 2 || !first) return;
    first = false;
    std::string layer = name.substr(0, name.rfind('.'));
    if (s.rank() == 4) out = Filters{layer, {s[0], s[1], s[2]}, p.value};
    if (s.rank() == 5)  // of volumes the middle of each filter
      out = Filters{layer, {s[1], s[2], s[3]}, reshape(slice(p.value, 0, s[0] / 2, s[0] / 2 + 1), s.without(0))};
    if (s.rank() == 2 && input.rank() == 3 && s[0] == input.size()) out = Filters{layer, input, p.value};
  };
  visitor.buffer = [](const std::string&, Tensor&) {};
  network.visit("", visitor);
  return out;
}

}  // namespace

Gallery filter_gallery(Network& network, const Shape& input) {
  NoGrad no_grad;
  std::optional<Filters> filters = first_filters(network, input);
  if (!filters) return {};
  std::int64_t h = filters->picture[0], w = filters->picture[1], c = filters->picture[2], k = filters->weight.dim(-1);
  std::int64_t shown = std::min(k, kMostFilters), given = c == 3 ? 3 : 1;
  std::vector<float> all = filters->weight.to(Dtype::f32).to_vector<float>();
  std::vector<std::vector<Picture>> lines;
  for (std::int64_t f = 0; f < shown; ++f) {
    std::vector<float> values;
    float most = 0;
    for (std::int64_t place = 0; place < h * w; ++place)
      for (std::int64_t g = 0; g < given; ++g) {
        float sum = 0;  // over the channels, where there are not three
        for (std::int64_t i = g; i < (given == 3 ? g + 1 : c); ++i) sum += all[(place * c + i) * k + f];
        values.push_back(sum);
        most = std::max(most, std::abs(sum));
      }
    if (f % 16 == 0) lines.emplace_back();
    Picture p = around_grey(values, static_cast<int>(w), static_cast<int>(h), static_cast<int>(given), most);
    lines.back().push_back(enlarged_within(p, kSmallestSide));
  }
  Gallery out{"First filters", "", {}, std::max(lines[0][0].width, lines[0][0].height), {}};
  out.explanation =
      "What the filters of " + filters->name + " look for: grey weighs nothing, " +
      (given == 3 ? "a colour is looked for and its opposite avoided" : "bright is looked for and dark avoided") +
      (given == 1 && c > 1 ? " (summed over the input's channels)" : "") + "; each on a scale of its own" +
      (shown < k ? ". The first " + std::to_string(shown) + " of " + std::to_string(k) + "." : ".");
  out.items.push_back({sheet(lines, kGap), ""});
  return out;
}

namespace {

bool ends_with(const std::string& s, std::string_view end) {
  return s.size() >= end.size() && s.compare(s.size() - end.size(), end.size(), end) == 0;
}

// The layers of the network itself that make new maps: not those that move or rescale values.
std::vector<std::size_t> layers_shown(const Network& network, const Shape& input) {
  std::vector<Network::LayerRow> rows = network.table(input);
  std::vector<std::size_t> all, out;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i].output.rank() == input.rank() && !network.layer(i).keeps_values() && !ends_with(rows[i].type, "_norm"))
      all.push_back(i);
  for (std::uint32_t at : spread_rows(static_cast<std::int64_t>(all.size()), kMostLayers)) out.push_back(all[at]);
  return out;
}

// One layer's maps, a line for each image with the image in front.
Picture maps_of(const Tensor& values, const std::vector<Picture>& images, int side) {
  std::int64_t channels = values.dim(-1), h = values.dim(-3), w = values.dim(-2);
  std::int64_t shown = std::min(channels, kMostChannels), slices = values.rank() == 5 ? values.dim(1) : 1;
  std::vector<float> all = values.to(Dtype::f32).to_vector<float>();
  auto at = [&](std::size_t image, std::int64_t place, std::int64_t channel) {
    std::int64_t first = (static_cast<std::int64_t>(image) * slices + slices / 2) * h * w;
    return all[static_cast<std::size_t>((first + place) * channels + channel)];
  };
  float most = 0;
  for (std::size_t i = 0; i < images.size(); ++i)
    for (std::int64_t p = 0; p < h * w; ++p)
      for (std::int64_t c = 0; c < shown; ++c) most = std::max(most, std::abs(at(i, p, c)));
  std::vector<std::vector<Picture>> lines;
  std::vector<float> map(static_cast<std::size_t>(h * w));
  for (std::size_t i = 0; i < images.size(); ++i) {
    lines.push_back({images[i]});
    for (std::int64_t c = 0; c < shown; ++c) {
      for (std::int64_t p = 0; p < h * w; ++p) map[static_cast<std::size_t>(p)] = at(i, p, c);
      Picture tile = shrink(around_white(map, static_cast<int>(w), static_cast<int>(h), most), side);
      lines.back().push_back(enlarged_within(tile, std::max(images[i].width, images[i].height)));
    }
  }
  return sheet(lines, kGap, true);
}

}  // namespace

Gallery activation_gallery(const ImageModel& model, const Dataset& test) {
  Shape input = test.input_shape();
  std::vector<std::size_t> layers = layers_shown(model.network, input);
  if (layers.empty()) return {};
  double kept = static_cast<double>(std::max<std::int64_t>(model.network.cost(input).activations, 1));
  auto images_shown = static_cast<std::size_t>(std::clamp(kActivations / kept, 1.0, kImages));
  std::vector<std::uint32_t> rows;
  if (model.task.classifies() && !model.task.per_place) {
    for (const auto& of_class : rows_of_classes(test, model.task.classes.size(), 1))
      if (rows.size() < images_shown) rows.insert(rows.end(), of_class.begin(), of_class.end());
  } else {
    rows = spread_rows(test.size(), static_cast<std::int64_t>(images_shown));
  }
  Tensor inputs = test.fetch(rows).inputs;
  int side = tile_side(layers.size() * rows.size() * kMostChannels, 3);
  std::vector<Picture> images;
  for (std::size_t i = 0; i < rows.size(); ++i)
    images.push_back(enlarged_within(
        shrink(picture_of(model.format, inputs, static_cast<std::int64_t>(i), slices_of(input) / 2), side),
        kSmallestSide));
  std::vector<LayerOutput> outputs = layer_outputs(model.network, inputs);
  Gallery out{"Layer by layer", "", {}, std::max(images[0].width, images[0].height), {}};
  out.explanation = "What the layers make of " + std::string(rows.size() == 1 ? "an image" : "a few images") +
                    ", from the first to the last: white is zero, orange above, blue below.";
  for (std::size_t i : layers) {
    const std::string& name = model.network.layer_name(i);
    auto found = std::ranges::find(outputs, name, &LayerOutput::layer);
    Shape s = found->value.shape().without(0);
    std::int64_t channels = s[s.rank() - 1];
    std::string detail = times_text(s);
    if (channels > kMostChannels) detail += ", the first " + std::to_string(kMostChannels) + " channels";
    out.items.push_back({maps_of(found->value, images, side), name + "\n" + detail});
  }
  return out;
}

namespace {

// The slices to show of a volume's classes [depth, places]: for the most frequent classes the slice with most of each.
std::vector<std::int64_t> slices_to_show(std::span<const std::int32_t> classes, std::int64_t depth, std::size_t known) {
  if (depth == 1) return {0};
  std::size_t places = classes.size() / static_cast<std::size_t>(depth);
  std::vector<std::vector<std::size_t>> counts(known, std::vector<std::size_t>(static_cast<std::size_t>(depth)));
  std::vector<std::pair<std::size_t, std::size_t>> order;  // how often a class occurs, and which
  for (std::size_t i = 0; i < classes.size(); ++i) ++counts[static_cast<std::size_t>(classes[i])][i / places];
  for (std::size_t c = 1; c < known; ++c) {
    std::size_t total = 0;
    for (std::size_t n : counts[c]) total += n;
    if (total > 0) order.emplace_back(total, c);
  }
  std::ranges::sort(order, std::greater<>());
  std::vector<std::int64_t> out;
  for (const auto& [total, c] : order) {
    std::int64_t slice = std::ranges::max_element(counts[c]) - counts[c].begin();
    if (out.size() < kSlices && std::ranges::find(out, slice) == out.end()) out.push_back(slice);
  }
  if (out.empty()) out.push_back(depth / 2);
  std::ranges::sort(out);
  return out;
}

std::string place_text(std::uint32_t row, std::int64_t slice, std::int64_t depth) {
  return "test image " + std::to_string(row + 1) + (depth > 1 ? "\nslice " + std::to_string(slice + 1) : "");
}

Picture tiles_of(std::vector<Picture> tiles, int side) {
  for (Picture& p : tiles) p = enlarged_within(shrink(p, side), kSmallestSide);
  return sheet({tiles}, kGap);
}

int largest_tile(const Picture& line, int tiles) { return std::max(line.height, (line.width + kGap) / tiles - kGap); }

}  // namespace

Gallery segmentation_gallery(const ImageModel& model, const std::shared_ptr<const Dataset>& test) {
  std::int64_t depth = slices_of(test->input_shape());
  std::vector<std::uint32_t> rows = spread_rows(test->size(), depth > 1 ? kVolumes : kAnswers);
  Gallery out{"Truth and prediction",
              "From left to right: the image, its true classes, the predicted ones, and in red where they differ. " +
                  (model.task.classes.empty() ? "" : "\"" + model.task.classes[0] + "\" is left without a colour."),
              {},
              0,
              {}};
  int side = tile_side(4 * rows.size() * (depth > 1 ? kSlices : 1), 3);
  std::vector<bool> met(model.task.classes.size());
  for (std::uint32_t row : rows) {
    Subset one(test, {row});
    Batch batch = one.fetch(std::vector<std::uint32_t>{0});
    std::vector<std::int32_t> true_classes = batch.target.to_vector<std::int32_t>(),
                              answers = answers_of(model, one).classes;
    for (const auto* classes : {&true_classes, &answers})
      for (std::int32_t c : *classes) met[static_cast<std::size_t>(c)] = true;
    std::size_t places = true_classes.size() / static_cast<std::size_t>(depth);
    for (std::int64_t slice : slices_to_show(true_classes, depth, model.task.classes.size())) {
      std::size_t first = static_cast<std::size_t>(slice) * places;
      std::span<const std::int32_t> truth = std::span(true_classes).subspan(first, places),
                                    predicted = std::span(answers).subspan(first, places);
      Picture p = picture_of(model.format, batch.inputs, 0, slice);
      Picture line = tiles_of(
          {p, classes_over(p, truth), classes_over(p, predicted), differences_over(p, truth, predicted)}, side);
      out.tile = std::max(out.tile, largest_tile(line, 4));
      out.items.push_back({std::move(line), place_text(row, slice, depth)});
    }
  }
  for (std::size_t c = 1; c < met.size(); ++c)
    if (met[c]) out.legend.push_back({class_color(static_cast<int>(c)), model.task.classes[c]});
  return out;
}

Gallery restoration_gallery(const ImageModel& model, const std::shared_ptr<const Dataset>& test) {
  std::int64_t depth = slices_of(test->input_shape());
  std::vector<std::uint32_t> rows = spread_rows(test->size(), depth > 1 ? kVolumes : kAnswers);
  Gallery out{
      "Prediction and truth", "From left to right: the input, what the model makes of it, and the truth.", {}, 0, {}};
  auto shared = std::make_shared<Subset>(test, rows);
  std::vector<std::uint32_t> all = spread_rows(shared->size(), shared->size());
  Batch batch = shared->fetch(all);
  if (batch.target.rank() != batch.inputs.rank()) return {};
  Tensor predicted = answers_of(model, *shared).values, truth = true_values(model, batch);
  auto [low, high] = std::ranges::minmax(truth.to_vector<float>());
  ImageFormat shown{{0}, {1}, low, high};
  int side = tile_side(3 * rows.size(), channels_shown(test->input_shape()));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto at = static_cast<std::int64_t>(i);
    std::int64_t of_target = slices_of(batch.target.shape().without(0)) / 2;
    Picture line = tiles_of({picture_of(model.format, batch.inputs, at, depth / 2),
                             picture_of(shown, predicted, at, of_target), picture_of(shown, truth, at, of_target)},
                            side);
    out.tile = std::max(out.tile, largest_tile(line, 3));
    out.items.push_back({std::move(line), place_text(rows[i], depth / 2, depth)});
  }
  return out;
}

std::vector<Gallery> image_galleries(const ImageModel& model, const Dataset& train,
                                     const std::shared_ptr<const Dataset>& test) {
  std::vector<Gallery> all;
  if (test && model.task.per_place)
    all.push_back(model.task.classifies() ? segmentation_gallery(model, test) : restoration_gallery(model, test));
  all.push_back(sample_gallery(train, model.task, model.format));
  all.push_back(filter_gallery(model.network, train.input_shape()));
  all.push_back(activation_gallery(model, test ? *test : train));
  return all;
}

std::vector<Picture> explained_pictures(const ImageModel& model, const Dataset& data,
                                        std::span<const std::uint32_t> rows, std::span<const std::int32_t> classes) {
  Shape input = data.input_shape();
  std::string layer = last_convolution(model.network, input);
  std::int64_t middle = slices_of(input) / 2;
  int side = tile_side(3 * rows.size(), 3);
  // A backward pass is two forward ones, and there are two of them.
  double cost = 6 * static_cast<double>(std::max<std::int64_t>(model.network.cost(input).multiply_adds, 1));
  std::size_t affordable = std::min(rows.size(), static_cast<std::size_t>(std::max(1.0, kMultiplyAdds / cost)));
  std::size_t at_once = examples_at_once(model.network, input);
  std::vector<Picture> out;
  for (std::size_t first = 0; first < affordable; first += at_once) {
    std::size_t n = std::min(at_once, affordable - first);
    Tensor inputs = data.fetch(rows.subspan(first, n)).inputs;
    std::span<const std::int32_t> wanted = classes.subspan(first, n);
    Tensor slopes = saliency(model.network, inputs, wanted);
    Tensor maps = layer.empty() ? Tensor() : grad_cam(model.network, inputs, wanted, layer);
    for (std::size_t i = 0; i < n; ++i) {
      auto at = static_cast<std::int64_t>(i);
      Picture p = shrink(picture_of(model.format, inputs, at, middle), side);
      auto heat = [&](const Tensor& t) {
        std::int64_t slice = t.rank() == 4 ? t.dim(1) / 2 : 0;
        return heat_over(p, plane<float>(t, at, slice), static_cast<int>(t.dim(-1)), static_cast<int>(t.dim(-2)));
      };
      std::vector<Picture> tiles = {p, heat(slopes)};
      if (maps.defined()) tiles.push_back(heat(maps));
      for (Picture& t : tiles) t = enlarged_within(t, kSmallestSide);
      out.push_back(sheet({tiles}, kGap));
    }
  }
  return out;
}

std::string explanation_of_pictures(const ImageModel& model, const Shape& input) {
  return std::string("Beside each: the pixels that move the score of its answer most (saliency)") +
         (last_convolution(model.network, input).empty()
              ? "."
              : ", and the places where the last convolutions find what speaks for it (Grad-CAM).");
}

}  // namespace gradus
