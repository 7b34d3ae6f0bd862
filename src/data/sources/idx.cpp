#include "gradus/data/readers/idx.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "gradus/base/error.h"
#include "gradus/base/text.h"
#include "gradus/data/numbers.h"
#include "gradus/data/source.h"
#include "gradus/tensor/ops.h"

namespace gradus {
namespace {

struct IdxDataParams {
  std::string format = "idx";
  std::vector<std::string> train, test, classes;
  std::string task = "auto";
  void fields(Fields& f) {
    f("format", format, {"idx"}, "the files' format");
    f("train", train, "[values, labels]: two files, of images or other arrays and of their labels");
    f("test", test, "[values, labels] to test on; left out: the split makes the test part");
    f("classes", classes, "names of the classes in the order of their numbers");
    f("task", task, {"auto", "regression", "binary", "multiclass"},
      "what the labels are; auto: whole numbers from 0 to 65535 are classes, others regression");
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
      "over all elements of the training part");
    f("scale_target", scale_target, "none, standardize or normalize",
      "what a regression is trained on; losses are in that scale, predictions, MSE, MAE and R2 in the labels' own "
      "units");
  }
};

constexpr float kMostClasses = 65536;

// Values and labels of one pair of files.
struct Arrays {
  Tensor values;  // u8 or f32 [n, ...]
  std::string label_file;
  std::vector<std::int32_t> classes;  // -1 for a label that is no class's number
  std::vector<float> numbers;         // labels as numbers

  bool has_whole_labels() const {
    return std::ranges::all_of(numbers, [](float v) { return v == std::floor(v); });
  }
  // The first label that is no class's number; the number of labels where all are.
  std::size_t first_no_class() const {
    return static_cast<std::size_t>(std::ranges::find(classes, -1) - classes.begin());
  }
  std::string label_text(std::size_t i) const;
};

std::string example_text(double value, std::size_t example) {
  return number_text(value) + " in example " + std::to_string(example) + " (the first is 0)";
}

std::string Arrays::label_text(std::size_t i) const { return example_text(static_cast<double>(numbers[i]), i); }

std::string dims_text(const IdxArray& array) {
  return Shape(std::vector<std::int64_t>(array.dims.begin(), array.dims.end())).text();
}

// The elements as 32-bit numbers, of which training needs each to be finite.
std::vector<float> finite_floats(const IdxArray& array, const std::string& path) {
  std::vector<float> out = array.floats();
  auto bad = std::ranges::find_if(out, [](float x) { return !std::isfinite(x); });
  if (bad == out.end()) return out;
  auto at = static_cast<std::size_t>(bad - out.begin());
  throw Error(ErrorKind::data,
              {path, "finite 32-bit numbers", example_text(array.value(at), at / (out.size() / array.dims[0])),
               "correct the file, or leave the example out"});
}

Tensor tensor_of(const IdxArray& array, const std::string& path) {
  std::vector<std::int64_t> dims(array.dims.begin(), array.dims.end());
  if (dims.size() == 3) dims.push_back(1);  // grey images have one channel
  Shape shape(dims);
  if (array.type == IdxType::u8) {
    Tensor t = Tensor::empty(shape, Dtype::u8);
    std::copy(array.bytes.begin(), array.bytes.end(), t.mutable_data<std::uint8_t>());
    return t;
  }
  return Tensor::from(finite_floats(array, path), shape);
}

// The values of at least one example.
Tensor read_values(const std::string& path) {
  IdxArray array = read_idx(path);
  if (array.dims[0] == 0) throw Error(ErrorKind::data, path, "has no examples");
  return tensor_of(array, path);
}

// Reads the labels of the examples that `out` has values of.
void read_labels(const std::string& path, Arrays& out) {
  IdxArray labels = read_idx(path);
  std::int64_t n = out.values.dim(0);
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

Arrays read_pair(const std::string& folder, const std::vector<std::string>& files, const char* key) {
  const std::string place = std::string("data.") + key;
  if (files.size() != 2)
    throw Error(ErrorKind::config, {place, "a list of two files, [values, labels]",
                                    files.size() == 1 ? "one, " + quoted(files[0]) : std::to_string(files.size()), ""});
  Arrays out;
  const std::string labels = data_file(folder, files[1], place + "[1]");
  out.values = read_values(data_file(folder, files[0], place + "[0]"));
  read_labels(labels, out);
  return out;
}

template <class T>
void moments(const T* p, std::int64_t width, const RowIndices& rows, double& low, double& high, double& mean,
             double& dev) {
  double sum = 0, squares = 0;
  low = INFINITY, high = -INFINITY;
  for (std::uint32_t r : rows)
    for (std::int64_t i = 0; i < width; ++i) {
      double v = static_cast<double>(p[r * width + i]);
      sum += v;
      squares += v * v;
      low = std::min(low, v);
      high = std::max(high, v);
    }
  double n = static_cast<double>(rows.size()) * static_cast<double>(width);
  mean = sum / n;
  dev = std::sqrt(std::max(0.0, squares / n - mean * mean));
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
    Arrays train = read_pair(folder, data_.train, "train"), test;
    bool has_test = !data_.test.empty();
    if (has_test != (split.method == "files"))
      throw Error(
          ErrorKind::config, "prepare.split",
          has_test ? "[data] gives a test file, so the split must be by files" : "method \"files\" needs test files",
          has_test ? "write split = { method = \"files\", validation = 0.1 }"
                   : "write test = [\"images.idx\", \"labels.idx\"] under [data]");
    if (has_test) test = read_pair(folder, data_.test, "test");
    choose_task(train, test);
    LoadedData out;
    out.notes.push_back(task_note());
    shape_ = train.values.shape().without(0);
    if (has_test && test.values.shape().without(0) != shape_)
      throw Error(ErrorKind::data,
                  {data_.test[0], "examples of shape " + shape_.text(), test.values.shape().without(0).text(), ""});

    SplitData plan;
    plan.train_rows = static_cast<std::size_t>(train.values.dim(0));
    plan.rows = plan.train_rows + (has_test ? static_cast<std::size_t>(test.values.dim(0)) : 0);
    if (task_.classifies()) {
      plan.classes = train.classes;
      plan.classes.insert(plan.classes.end(), test.classes.begin(), test.classes.end());
      plan.class_names = task_.classes;
    }
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
    out.train = part(train, parts.train);
    out.validation = part(train, parts.validation);
    if (has_test) {
      RowIndices rows = parts.test;
      for (std::uint32_t& r : rows) r -= static_cast<std::uint32_t>(plan.train_rows);
      out.test = part(test, rows);
      shown_ = {test.values, rows};
    } else {
      out.test = part(train, parts.test);
      shown_ = {train.values, parts.test};
    }
    return out;
  }

  Value state() const override {
    Value v = Value::table(), shape = Value::array();
    for (std::int64_t d : shape_) shape.push_back(d);
    v.set("shape", shape);
    v.set("shift", static_cast<double>(shift_));
    v.set("scale", static_cast<double>(scale_));
    v.set("task", task_.state());
    return v;
  }

  void restore(const Value& state) override {
    std::vector<std::int64_t> dims;
    for (const Value& d : state.at("shape").as_array()) dims.push_back(d.as_integer());
    shape_ = Shape(dims);
    shift_ = static_cast<float>(state.at("shift").as_real());
    scale_ = static_cast<float>(state.at("scale").as_real());
    task_ = TaskSpec::restored(state.at("task"));
  }

  OpenedData open(const std::vector<std::string>& files, bool need_target) override {
    if (files.empty() || files.size() > 2 || (need_target && files.size() != 2))
      throw Error(ErrorKind::usage,
                  {"--data", need_target ? "two files: values and labels" : "one or two files: values, labels",
                   std::to_string(files.size()), ""});
    Arrays arrays;
    arrays.values = read_values(files[0]);
    auto n = static_cast<std::size_t>(arrays.values.dim(0));
    if (arrays.values.shape().without(0) != shape_)
      throw Error(ErrorKind::data, {files[0], "examples of shape " + shape_.text() + " as in training",
                                    arrays.values.shape().without(0).text(), ""});
    OpenedData out;
    out.has_target = files.size() == 2;
    if (out.has_target) {
      read_labels(files[1], arrays);
      check_known(arrays);
    } else {
      arrays.classes.assign(n, 0);
      arrays.numbers.assign(n, 0);
    }
    RowIndices all(n);
    std::iota(all.begin(), all.end(), 0u);
    out.data = part(arrays, all);
    return out;
  }

  bool picture(std::int64_t row, Pixels& out) const override {
    const auto& [values, rows] = shown_;
    if (!values.defined() || values.dtype() != Dtype::u8 || values.rank() != 4 ||
        row >= static_cast<std::int64_t>(rows.size()))
      return false;
    out.height = static_cast<int>(values.dim(1));
    out.width = static_cast<int>(values.dim(2));
    out.channels = static_cast<int>(values.dim(3));
    if (out.channels != 1 && out.channels != 3) return false;
    std::int64_t size = values.shape().product(1, 4);
    const std::uint8_t* p = values.data<std::uint8_t>() + rows[row] * size;
    out.values.assign(p, p + size);
    return true;
  }

 private:
  // Whether the labels are to be classes; where they should be and are not, an error names the first that is none.
  bool labels_are_classes(const Arrays& train, const Arrays& test) const {
    if (data_.task == "regression") return false;
    if (data_.task == "auto" && !(train.has_whole_labels() && test.has_whole_labels())) return false;
    for (const Arrays* a : {&train, &test}) {
      std::size_t at = a->first_no_class();
      if (at < a->numbers.size())
        throw Error(ErrorKind::data, {a->label_file, "whole numbers from 0 to 65535 as classes", a->label_text(at),
                                      "number the classes 0, 1, ..., or set data.task = \"regression\""});
    }
    return true;
  }

  void choose_task(const Arrays& train, const Arrays& test) {
    if (!labels_are_classes(train, test)) {
      task_ = {Task::regression, {}, {"label"}};
      return;
    }
    std::int32_t most = 1;
    for (const Arrays* a : {&train, &test})
      for (std::int32_t c : a->classes) most = std::max(most, c);
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

  void fit_input_scale(const Tensor& values, const RowIndices& rows) {
    shift_ = 0;
    scale_ = 1;
    if (prepare_.scale == "none") return;
    double low, high, mean, deviation;
    std::int64_t width = shape_.size();
    if (values.dtype() == Dtype::u8)
      moments(values.data<std::uint8_t>(), width, rows, low, high, mean, deviation);
    else
      moments(values.data<float>(), width, rows, low, high, mean, deviation);
    bool standardize = prepare_.scale == "standardize";
    double spread = standardize ? deviation : high - low;
    shift_ = static_cast<float>(standardize ? mean : low);
    scale_ = static_cast<float>(spread > 0 ? 1 / spread : 1);
  }

  std::unique_ptr<Dataset> part(const Arrays& a, const RowIndices& rows) const {
    if (rows.empty()) return nullptr;
    std::int64_t n = a.values.dim(0);
    Tensor target;
    if (task_.classifies())
      target = Tensor::from(a.classes, {n});
    else
      target =
          Tensor::from(scaled_targets(task_.scales, std::vector<double>(a.numbers.begin(), a.numbers.end())), {n, 1});
    ArrayInputs inputs{a.values, shift_, scale_};
    if (a.values.dtype() == Dtype::f32 && (shift_ != 0 || scale_ != 1)) inputs = {(a.values - shift_) * scale_, 0, 1};
    return std::make_unique<ArrayDataset>(inputs, target, Tensor(), rows);
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
  float shift_ = 0, scale_ = 1;
  TaskSpec task_;
  std::pair<Tensor, RowIndices> shown_;
};

}  // namespace

void register_idx(Catalog<Source>& catalog) {
  catalog.add<IdxSource>("idx", "Arrays of the MNIST family, plain or gzipped: values and labels in two files.");
}

}  // namespace gradus
