#include "gradus/data/idx_values.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "gradus/base/error.h"
#include "gradus/base/text.h"
#include "gradus/data/augment.h"
#include "gradus/data/image_dataset.h"
#include "gradus/data/numbers.h"
#include "gradus/data/source.h"
#include "gradus/tensor/ops.h"

namespace gradus {
namespace {

struct IdxDataParams {
  std::string format = "idx";
  std::vector<std::string> train, test, classes;
  std::string task = "auto";
  std::string stream = "auto";
  Value augment;
  void fields(Fields& f) {
    f("format", format, {"idx"}, "the files' format");
    f("train", train, "[values, labels]: two files, of images or other arrays and of their labels");
    f("test", test, "[values, labels] to test on; left out: the split makes the test part");
    f("classes", classes, "names of the classes in the order of their numbers");
    f("task", task, {"auto", "regression", "binary", "multiclass"},
      "what the labels are; auto: whole numbers from 0 to 65535 are classes, others regression");
    f("stream", stream, {"auto", "always", "never"},
      "auto: values that would take more than half of the free memory are read from the file batch by batch; always, "
      "never: all or none are");
    f("augment", augment, "a list of transforms",
      "changes training images anew in each epoch: [ { type = \"flip_horizontal\" }, { type = \"crop\" } ]");
  }
};

struct IdxPrepareParams {
  Value split;
  std::string scale = "none";
  Value scale_target;
  void fields(Fields& f) {
    f("split", split, "a table with method and shares",
      "how data are held back: { method = \"files\", validation = 0.1 }");
    f("scale", scale, {"none", "normalize", "standardize"},
      "none: values as they are; normalize: training minimum and maximum to 0 and 1; standardize: mean 0, deviation 1 "
      "over all elements of the training part, of each channel where images have several");
    f("scale_target", scale_target, "none, standardize or normalize",
      "what a regression is trained on; losses are in that scale, predictions, MSE, MAE and R2 in the labels' own "
      "units");
  }
};

constexpr float kMostClasses = 65536;

// Values and labels of one pair of files.
struct Arrays {
  IdxValues values;
  std::string label_file = {};
  std::vector<std::int32_t> classes = {};  // -1 for a label that is no class's number
  std::vector<float> numbers = {};         // labels as numbers

  std::size_t examples() const { return static_cast<std::size_t>(values.shape()[0]); }
  Shape example_shape() const { return values.shape().without(0); }

  bool has_whole_labels() const {
    return std::ranges::all_of(numbers, [](float v) { return v == std::floor(v); });
  }
  // The first label that is no class's number; the number of labels where all are.
  std::size_t first_no_class() const {
    return static_cast<std::size_t>(std::ranges::find(classes, -1) - classes.begin());
  }
  std::string label_text(std::size_t i) const;
};

std::string Arrays::label_text(std::size_t i) const {
  return number_text(static_cast<double>(numbers[i])) + " in example " + std::to_string(i) + " (the first is 0)";
}

std::string dims_text(const IdxArray& array) {
  return Shape(std::vector<std::int64_t>(array.dims.begin(), array.dims.end())).text();
}

// Reads the labels of the examples that `out` has values of.
void read_labels(const std::string& path, Arrays& out) {
  IdxArray labels = read_idx(path);
  std::int64_t n = out.values.shape()[0];
  if (labels.dims != std::vector<std::size_t>{static_cast<std::size_t>(n)})
    throw Error(ErrorKind::data,
                {path, "labels of shape [" + std::to_string(n) + "], one for each example", dims_text(labels),
                 labels.dims.size() == 1 ? "are the two files a pair?"
                                         : "are the two files in the wrong order? The values come first"});
  out.label_file = path;
  out.numbers = finite_floats(labels, path);
  for (float v : out.numbers)
    out.classes.push_back(v >= 0 && v < kMostClasses && v == std::floor(v) ? static_cast<std::int32_t>(v) : -1);
}

Arrays read_pair(const std::string& folder, const std::vector<std::string>& files, const char* key,
                 IdxValues::Stream stream) {
  const std::string place = std::string("data.") + key;
  if (files.size() != 2)
    throw Error(ErrorKind::config, {place, "a list of two files, [values, labels]",
                                    files.size() == 1 ? "one, " + quoted(files[0]) : std::to_string(files.size()), ""});
  const std::string labels = data_file(folder, files[1], place + "[1]");
  Arrays out{IdxValues(data_file(folder, files[0], place + "[0]"), stream)};
  read_labels(labels, out);
  return out;
}

// Of each of `channels`, which stand side by side.
std::vector<Moments> moments_of(const IdxValues& values, const RowIndices& rows, std::size_t channels) {
  std::vector<Moments> moments(channels);
  std::vector<float> example(static_cast<std::size_t>(values.shape().without(0).size()));
  for (std::uint32_t row : rows) {
    values.read(row, example);
    for (std::size_t i = 0; i < example.size(); ++i) moments[i % channels].add(static_cast<double>(example[i]));
  }
  return moments;
}

class IdxSource final : public Source {
 public:
  struct Params {
    IdxDataParams data;
    IdxPrepareParams prepare;
    void fields(Fields& f) {
      f("data", data, "the [data] section");
      f("prepare", prepare, "the [prepare] section");
    }
  };

  explicit IdxSource(Params p) : data_(std::move(p.data)), prepare_(std::move(p.prepare)) {}

  LoadedData load(const std::string& folder, std::uint64_t seed) override {
    SplitParams split = required_split(prepare_.split);
    if (data_.train.empty())
      throw Error(ErrorKind::config, "data.train", "is missing", "write train = [\"images.idx\", \"labels.idx\"]");
    std::vector<Arrays> pairs = {read_pair(folder, data_.train, "train", stream())};
    bool has_test = !data_.test.empty();
    if (has_test != (split.method == "files"))
      throw Error(
          ErrorKind::config, "prepare.split",
          has_test ? "[data] gives a test file, so the split must be by files" : "method \"files\" needs test files",
          has_test ? "write split = { method = \"files\", validation = 0.1 }"
                   : "write test = [\"images.idx\", \"labels.idx\"] under [data]");
    if (has_test) pairs.push_back(read_pair(folder, data_.test, "test", stream()));
    const Arrays &train = pairs.front(), &last = pairs.back();
    choose_task(pairs);
    LoadedData out;
    out.notes.push_back(task_note());
    shape_ = train.example_shape();
    augmenter_ = std::make_shared<const Augmenter>(data_.augment, seed);
    check_augmented(train.values.path());
    if (last.example_shape() != shape_)
      throw Error(ErrorKind::data,
                  {data_.test[0], "examples of shape " + shape_.text(), last.example_shape().text(), ""});
    for (const Arrays& a : pairs) note_streamed(a, out.notes);

    SplitData plan;
    plan.train_rows = train.examples();
    for (const Arrays& a : pairs) {
      plan.rows += a.examples();
      if (task_.classifies()) plan.classes.insert(plan.classes.end(), a.classes.begin(), a.classes.end());
    }
    if (task_.classifies()) plan.class_names = task_.classes;
    Split parts = make_split(split, plan, seed);
    if (task_.classifies()) check_classes(parts.train, plan, split);
    fit_input_scale(train.values, parts.train);

    std::vector<double> labels(train.numbers.begin(), train.numbers.end());
    task_.fit_scales(prepare_.scale_target, labels, parts.train, out.notes);
    out.task = task_;
    if (parts.unused > 0) out.notes.push_back(std::to_string(parts.unused) + " examples are in no part of the split");
    out.summary = summary(parts);
    if (task_.classifies()) out.summary.set("classes", class_table(parts, plan.classes, task_.classes));
    if (task_.classifies()) {
      out.class_counts.assign(task_.classes.size(), 0);
      for (std::uint32_t r : parts.train) ++out.class_counts[train.classes[r]];
    }
    for (std::uint32_t& r : parts.test) r -= static_cast<std::uint32_t>(has_test ? plan.train_rows : 0);
    std::shared_ptr<const Dataset> examples = dataset(train), held_back = has_test ? dataset(last) : examples;
    out.train = part_of(augmenter_->empty() ? examples : images(train, augmenter_), parts.train);
    out.validation = part_of(examples, parts.validation);
    out.test = part_of(held_back, parts.test);
    return out;
  }

  Value state() const override {
    Value v = format_.state(), shape = Value::array();
    for (std::int64_t d : shape_) shape.push_back(d);
    v.set("shape", shape);
    v.set("task", task_.state());
    return v;
  }

  void restore(const Value& state) override {
    std::vector<std::int64_t> dims;
    for (const Value& d : state.at("shape").as_array()) dims.push_back(d.as_integer());
    shape_ = Shape(dims);
    format_ = ImageFormat::restored(state, channels());
    task_ = TaskSpec::restored(state.at("task"));
  }

  OpenedData open(const std::vector<std::string>& files, bool need_target) override {
    if (files.empty() || files.size() > 2 || (need_target && files.size() != 2))
      throw Error(ErrorKind::usage,
                  {"--data", need_target ? "two files: values and labels" : "one or two files: values, labels",
                   std::to_string(files.size()), ""});
    Arrays arrays{IdxValues(files[0])};
    if (arrays.example_shape() != shape_)
      throw Error(ErrorKind::data, {files[0], "examples of shape " + shape_.text() + " as in training",
                                    arrays.example_shape().text(), ""});
    OpenedData out;
    out.has_target = files.size() == 2;
    if (out.has_target) {
      read_labels(files[1], arrays);
      check_known(arrays);
    } else {
      arrays.classes.assign(arrays.examples(), 0);
      arrays.numbers.assign(arrays.examples(), 0);
    }
    note_streamed(arrays, out.notes);
    out.data = dataset(arrays);
    return out;
  }

  std::optional<ImageFormat> image_format() const override {
    if (shape_.rank() != 3 || (shape_[2] != 1 && shape_[2] != 3)) return std::nullopt;
    return format_;
  }

 private:
  // Whether the labels are to be classes; where they should be and are not, an error names the first that is none.
  bool labels_are_classes(const std::vector<Arrays>& pairs) const {
    if (data_.task == "regression") return false;
    if (data_.task == "auto" && !std::ranges::all_of(pairs, &Arrays::has_whole_labels)) return false;
    for (const Arrays& a : pairs) {
      std::size_t at = a.first_no_class();
      if (at < a.numbers.size())
        throw Error(ErrorKind::data, {a.label_file, "whole numbers from 0 to 65535 as classes", a.label_text(at),
                                      "number the classes 0, 1, ..., or set data.task = \"regression\""});
    }
    return true;
  }

  void choose_task(const std::vector<Arrays>& pairs) {
    if (!labels_are_classes(pairs)) {
      task_ = {Task::regression, {}, {"label"}};
      return;
    }
    std::int32_t most = 1;
    for (const Arrays& a : pairs)
      for (std::int32_t c : a.classes) most = std::max(most, c);
    std::vector<std::string> names = data_.classes;
    if (names.empty())
      for (std::int32_t c = 0; c <= most; ++c) names.push_back(std::to_string(c));
    if (static_cast<std::int32_t>(names.size()) <= most)
      throw Error(ErrorKind::config, {"data.classes", "a name for each of " + std::to_string(most + 1) + " classes",
                                      std::to_string(names.size()), ""});
    if (data_.task == "binary" && names.size() != 2)
      throw Error(ErrorKind::config, {"data.task", "two classes for a binary task", std::to_string(names.size()), ""});
    task_ = {names.size() == 2 ? Task::binary : Task::multiclass, names, {"label"}};
  }

  void check_known(const Arrays& a) const {
    if (!task_.classifies()) return;
    auto classes = static_cast<std::int32_t>(task_.classes.size());
    for (std::size_t i = 0; i < a.classes.size(); ++i)
      if (a.classes[i] < 0 || a.classes[i] >= classes)
        throw Error(ErrorKind::data, {a.label_file, "whole labels below " + std::to_string(classes) + " as in training",
                                      a.label_text(i), ""});
  }

  std::string task_note() const {
    std::string note = "task: " + std::string(task_name(task_.kind)) + " (";
    if (data_.task != "auto") return note + "the configuration says so)";
    if (!task_.classifies()) return note + "the labels are not all whole numbers)";
    return note + "the labels are whole numbers)";
  }

  // Channels that are scaled each for itself: those of images.
  std::size_t channels() const { return shape_.rank() == 3 ? static_cast<std::size_t>(shape_[2]) : 1; }

  void check_augmented(const std::string& file) const {
    if (augmenter_->empty() || shape_.rank() == 3) return;
    throw Error(ErrorKind::config,
                {data_.augment.place("data.augment"), "images: examples [height, width] or [height, width, channels]",
                 "examples " + shape_.text() + " in " + file, "leave augment out"});
  }

  void fit_input_scale(const IdxValues& values, const RowIndices& rows) {
    format_ = {};
    if (prepare_.scale == "none" && values.are_bytes()) return;
    std::vector<Moments> moments = moments_of(values, rows, channels());
    std::vector<LinearScale> scales;
    for (const Moments& m : moments) scales.push_back(m.scale(prepare_.scale));
    if (prepare_.scale != "none") format_ = ImageFormat::of(scales);
    if (values.are_bytes()) return;
    format_.low = static_cast<float>(std::ranges::min(moments, {}, &Moments::low).low);
    format_.high = static_cast<float>(std::ranges::max(moments, {}, &Moments::high).high);
  }

  IdxValues::Stream stream() const {
    using enum IdxValues::Stream;
    return data_.stream == "always" ? always : data_.stream == "never" ? never : as_fits;
  }

  static void note_streamed(const Arrays& a, std::vector<std::string>& notes) {
    if (a.values.are_streamed()) notes.push_back(a.values.path() + " is read batch by batch, not held in memory");
  }

  Tensor targets(const Arrays& a) const {
    auto n = static_cast<std::int64_t>(a.examples());
    if (task_.classifies()) return Tensor::from(a.classes, {n});
    return Tensor::from(scaled_targets(task_.scales, std::vector<double>(a.numbers.begin(), a.numbers.end())), {n, 1});
  }

  // The examples as they are; where one scale is all channels', the values go into batches from bytes.
  std::shared_ptr<const Dataset> dataset(const Arrays& a) const {
    if (format_.shift.size() > 1) return images(a, nullptr);
    return a.values.dataset(format_.shift[0], format_.scale[0], targets(a));
  }

  std::shared_ptr<const Dataset> images(const Arrays& a, std::shared_ptr<const Augmenter> augmenter) const {
    ImageDataset::Parts parts;
    parts.images = idx_images(a.values);
    parts.format = format_;
    parts.target = targets(a);
    parts.augmenter = std::move(augmenter);
    parts.classes = static_cast<std::int64_t>(task_.classes.size());
    return std::make_shared<const ImageDataset>(std::move(parts));
  }

  Value summary(const Split& parts) const {
    Value v = Value::table(), shape = Value::array();
    for (std::int64_t d : shape_) shape.push_back(d);
    v.set("format", "idx");
    v.set("shape", shape);
    v.set("task", std::string(task_name(task_.kind)));
    v.set("parts", part_sizes(parts));
    return v;
  }

  IdxDataParams data_;
  IdxPrepareParams prepare_;
  Shape shape_;
  ImageFormat format_;
  std::shared_ptr<const Augmenter> augmenter_;
  TaskSpec task_;
};

}  // namespace

void register_idx(Catalog<Source>& catalog) {
  catalog.add<IdxSource>("idx", "Arrays of the MNIST family, plain or gzipped: values and labels in two files.");
}

}  // namespace gradus
