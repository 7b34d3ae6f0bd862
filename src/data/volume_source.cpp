#include "gradus/data/volume_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "gradus/base/error.h"
#include "gradus/base/memory.h"
#include "gradus/base/random.h"
#include "gradus/base/text.h"
#include "gradus/data/image_dataset.h"
#include "gradus/data/numbers.h"

namespace gradus {
namespace {

constexpr std::size_t kMostClasses = 256;

std::uint64_t cache_budget() { return available_memory().value_or(UINT64_MAX) / 2; }

std::string size_text(const Extent3& size) { return fmt::format("{}", fmt::join(size, " x ")); }

bool has_label_files(const Table& table) {
  const Column* labels = table.find("label");
  return labels != nullptr && !labels->is_numeric() && std::ranges::any_of(labels->levels(), is_nifti_name);
}

std::vector<Scan> scans_in(const Table& table, bool with_labels) {
  std::vector<Scan> out;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    Scan scan{table.column("subject").text(r), table.column("image").text(r),
              with_labels ? table.column("label").text(r) : ""};
    std::string place = fmt::format("{}: row {}", table.name(), r + 1);
    if (scan.subject.empty() || scan.image.empty())
      throw Error(ErrorKind::data, place, scan.subject.empty() ? "names no subject" : "names no image");
    if (with_labels && !is_nifti_name(scan.label))
      throw Error(ErrorKind::data, {place, "a label volume (.nii or .nii.gz) as in the other rows",
                                    scan.label.empty() ? "none" : gradus::quoted(scan.label), ""});
    out.push_back(std::move(scan));
  }
  if (out.empty()) throw Error(ErrorKind::data, table.name(), "lists no scan");
  return out;
}

// Positions 0, step, 2 step, ... of examples of a size, the last one where it just ends with the volume.
std::vector<std::int64_t> grid(std::int64_t size, std::int64_t patch, std::int64_t step) {
  std::vector<std::int64_t> out;
  for (std::int64_t at = 0; at + patch < size; at += step) out.push_back(at);
  out.push_back(size - patch);
  return out;
}

// What distances between surfaces are measured in; says so where scans leave them without a unit.
std::vector<double> spacing_of(const VolumeStore& examples, std::vector<std::string>& notes) {
  std::vector<double> spacing = examples.spacing();
  if (spacing.empty())
    notes.emplace_back(
        "the scans' voxels differ in size, so distances between surfaces are in voxels; data.spacing brings all to one "
        "size, in mm");
  return spacing;
}

}  // namespace

VolumeSource::VolumeSource(std::string format, VolumeParams data, VolumePrepareParams prepare)
    : format_(std::move(format)), data_(std::move(data)), prepare_(std::move(prepare)) {}

int VolumeSource::axis() const {
  if (data_.take != "slices") return -1;
  return data_.axis == "axial" ? 0 : data_.axis == "coronal" ? 1 : 2;
}

ScanPreparation VolumeSource::preparation() const {
  return {spacing_in(data_.spacing), extent_in(data_.size, "data.size"), prepare_.scale == "standardize_each"};
}

VolumeSource::Listed VolumeSource::read_lists(const std::string& folder, const VolumeSplit& split) const {
  Files f = files();
  check_parts(split.params, {!f.source.empty(), !f.train.empty(), !f.test.empty()}, f.example);
  const bool by_files = split.params.method == "files";
  Listed out;
  std::string key = by_files ? "train" : "source";
  out.table = listed(located(folder, by_files ? f.train : f.source, "data." + key));
  out.train_rows = out.table.rows();
  if (by_files) out.table.append(listed(located(folder, f.test, "data.test")));
  return out;
}

void VolumeSource::leave_out_unlabelled(Listed& all, std::vector<std::string>& notes) const {
  RowIndices labelled = all.table.find("label") == nullptr ? RowIndices() : labelled_rows(all.table, {"label"});
  if (labelled.empty())
    throw Error(ErrorKind::data,
                {all.table.name(), "a label volume, a class or a number for each scan", "no " + labels_sought(), ""});
  if (labelled.size() == all.table.rows()) return;
  notes.push_back(count_text(all.table.rows() - labelled.size(), "scan has", "scans have") +
                  " no label and are left out");
  all.train_rows = static_cast<std::size_t>(std::ranges::lower_bound(labelled, all.train_rows) - labelled.begin());
  all.table = all.table.select_rows(labelled);
}

void VolumeSource::choose_task(Listed& all, std::vector<std::string>& notes) {
  leave_out_unlabelled(all, notes);
  bool places = has_label_files(all.table);
  all.scans = scans_in(all.table, places);
  if (places) {
    choose_classes(all.scans);
    notes.push_back(fmt::format("task: {} of each voxel (the labels are volumes)", task_name(task_.kind)));
    return;
  }
  for (const char* key : {"classes", "label_values"})
    if (std::string(key) == "classes" ? !data_.classes.empty() : !data_.label_values.is_null())
      throw Error(ErrorKind::config, std::string("data.") + key, "is for label volumes, and the labels are no files");
  if (data_.only_labelled)
    throw Error(ErrorKind::config, "data.only_labelled", "is for label volumes, and the labels are no files");
  target_ = Target::infer(all.table, {{"label"}, data_.task});
  task_ = {target_.task(), target_.class_names(), target_.columns()};
  notes.push_back(fmt::format("task: {} ({})", task_name(task_.kind), target_.reason()));
}

void VolumeSource::choose_classes(const std::vector<Scan>& scans) {
  if (!data_.label_values.is_null()) {
    labels_.values = label_values_in(data_.label_values);
  } else if (!data_.classes.empty()) {
    for (std::size_t c = 0; c < data_.classes.size(); ++c) labels_.values.push_back({static_cast<std::int64_t>(c)});
  } else {
    std::map<std::int64_t, std::uint64_t> found;
    for (const Scan& scan : scans)
      for (const auto& [value, count] : label_values(scan.label)) found[value] += count;
    for (const auto& [value, count] : found) labels_.values.push_back({value});
  }
  std::vector<std::string> names = data_.classes;
  if (names.empty())
    for (const auto& values : labels_.values) names.push_back(fmt::format("{}", fmt::join(values, "+")));
  std::size_t n = labels_.values.size();
  if (names.size() != n)
    throw Error(ErrorKind::config, {"data.classes", fmt::format("a name for each of {} classes of label_values", n),
                                    std::to_string(names.size()), ""});
  if (n < 2 || n > kMostClasses)
    throw Error(ErrorKind::data, {scans.front().label, fmt::format("2 to {} classes", kMostClasses), std::to_string(n),
                                  "label_values says which values make a class"});
  task_ = {n == 2 ? Task::binary : Task::multiclass, names, {"label"}};
  task_.per_place = true;
}

Extent3 VolumeSource::extent_for(const ScanGeometry& g) const {
  if (data_.take == "volumes") return g.size;
  if (data_.take == "patches") {
    std::optional<Extent3> patch = extent_in(data_.patch, "data.patch");
    if (!patch) throw Error(ErrorKind::config, "data.patch", "is missing", "write patch = [depth, height, width]");
    return *patch;
  }
  Extent3 out = g.size;
  out[static_cast<std::size_t>(axis())] = 1;
  return out;
}

std::vector<VolumeExample> VolumeSource::examples_of(const ScanCache& scans, std::uint32_t scan, std::uint64_t seed,
                                                     bool of_training) const {
  const Extent3 &size = scans.geometry(scan).size, extent = extent_for(scans.geometry(scan));
  const std::string& file = scans.scans()[scan].image;
  if (extent != *extent_)
    throw Error(ErrorKind::data, {file, "examples of " + size_text(*extent_) + " voxels like the others",
                                  size_text(extent), "set data.size to cut and pad all scans to one size"});
  for (std::size_t a = 0; a < 3; ++a)
    if (extent[a] > size[a])
      throw Error(ErrorKind::data, {file, "room for a patch of " + size_text(extent) + " voxels", size_text(size),
                                    "use smaller patches, or set data.size to pad the scans"});
  std::vector<VolumeExample> out;
  if (data_.take == "patches" && of_training && data_.per_volume) {
    RandomKey key = RandomKey{seed, 0, 0}.in("patches");
    for (std::int64_t i = 0; i < *data_.per_volume; ++i) {
      VolumeExample e{scan, {}};
      for (std::size_t a = 0; a < 3; ++a) {
        auto number = 3 * (static_cast<std::uint64_t>(scan) << 32 | static_cast<std::uint64_t>(i)) + a;
        e.first[a] =
            static_cast<std::int64_t>(uniform_below(key, number, static_cast<std::uint64_t>(size[a] - extent[a] + 1)));
      }
      out.push_back(e);
    }
    return out;
  }
  Extent3 step = extent_in(data_.stride, "data.stride").value_or(extent);
  if (data_.take == "slices") step = {data_.every, data_.every, data_.every};
  if (!of_training && data_.take == "slices") step = {1, 1, 1};
  for (std::int64_t z : grid(size[0], extent[0], step[0]))
    for (std::int64_t y : grid(size[1], extent[1], step[1]))
      for (std::int64_t x : grid(size[2], extent[2], step[2])) out.push_back({scan, {z, y, x}});
  return out;
}

std::shared_ptr<const VolumeStore> VolumeSource::store(std::vector<Scan> scans, std::uint64_t seed, bool of_training) {
  auto cache = std::make_shared<const ScanCache>(std::move(scans), preparation(), labels_, cache_budget());
  if (!extent_) extent_ = extent_for(cache->geometry(0));
  std::vector<VolumeExample> all;
  for (std::uint32_t s = 0; s < cache->scans().size(); ++s) {
    std::vector<VolumeExample> more = examples_of(*cache, s, seed, of_training);
    all.insert(all.end(), more.begin(), more.end());
  }
  if (of_training && data_.only_labelled) {
    VolumeStore every(cache, all, *extent_, axis(), true);
    std::vector<std::int32_t> mask(places(*extent_));
    std::vector<VolumeExample> labelled;
    for (std::size_t i = 0; i < all.size(); ++i) {
      every.read_mask(static_cast<std::int64_t>(i), mask);
      if (std::ranges::any_of(mask, [](std::int32_t c) { return c != 0; })) labelled.push_back(all[i]);
    }
    all = std::move(labelled);
  }
  if (all.size() > kMaxRows)
    throw Error(ErrorKind::data, "data.take", "makes more examples than can be counted", "use a larger stride");
  return std::make_shared<const VolumeStore>(std::move(cache), std::move(all), *extent_, axis(), task_.per_place);
}

Split VolumeSource::example_parts(const VolumeSplit& split, const Split& scans, const VolumeStore& store) const {
  Split out;
  RowIndices* parts[] = {&out.train, &out.validation, &out.test};
  const std::vector<VolumeExample>& examples = store.examples();
  std::vector<int> part_of(store.scans().scans().size(), 3);
  const RowIndices* given[] = {&scans.train, &scans.validation, &scans.test};
  for (int p = 0; p < 3; ++p)
    for (std::uint32_t s : *given[p]) part_of[s] = p;
  for (std::size_t i = 0; i < examples.size();) {
    std::size_t end = i;
    while (end < examples.size() && examples[end].scan == examples[i].scan) ++end;
    std::vector<int> slices;
    auto at = [&](std::size_t k) { return examples[k].first[static_cast<std::size_t>(axis())]; };
    if (split.slices)
      slices = slice_parts(split, at(end - 1) - at(i) + 1, store.scans().scans()[examples[i].scan].image);
    for (std::size_t first = i; i < end; ++i) {
      int p = split.slices ? slices[static_cast<std::size_t>(at(i) - at(first))] : part_of[examples[i].scan];
      if (p < 3)
        parts[p]->push_back(static_cast<std::uint32_t>(i));
      else
        ++out.unused;
    }
  }
  if (out.train.empty()) throw Error(ErrorKind::data, "prepare.split", "leaves no example to train on");
  return out;
}

// Learns from the training examples: the scale, what is black and white, and how often classes occur.
void VolumeSource::fit(const VolumeStore& store, const RowIndices& rows, LoadedData& out) {
  std::vector<float> values(static_cast<std::size_t>(store.shape().size()));
  std::vector<std::int32_t> mask(task_.per_place ? values.size() : 0);
  Moments moments;
  if (task_.per_place) out.class_counts.assign(task_.classes.size(), 0);
  for (std::uint32_t r : rows) {
    store.read(r, values);
    for (float x : values) moments.add(static_cast<double>(x));
    if (!task_.per_place) continue;
    store.read_mask(r, mask);
    for (std::int32_t c : mask) ++out.class_counts[static_cast<std::size_t>(c)];
  }
  bool each = prepare_.scale == "standardize_each";  // then scans come scaled
  scale_ = ImageFormat::of({moments.scale(each ? "none" : prepare_.scale)});
  scale_.low = static_cast<float>(moments.low);
  scale_.high = static_cast<float>(moments.high);
}

Tensor VolumeSource::targets(const Table& table, const VolumeStore& store) const {
  if (task_.per_place) return {};
  auto n = static_cast<std::int64_t>(store.examples().size());
  if (task_.classifies()) {
    std::vector<std::int32_t> by_scan = target_.classes(table), all;
    for (const VolumeExample& e : store.examples()) all.push_back(by_scan[e.scan]);
    return Tensor::from(all, {n});
  }
  std::vector<double> by_scan = target_.values(table), all;
  for (const VolumeExample& e : store.examples()) all.push_back(by_scan[e.scan]);
  return Tensor::from(scaled_targets(task_.scales, all), {n, 1});
}

std::shared_ptr<const Dataset> VolumeSource::part(const std::shared_ptr<const VolumeStore>& store, const Tensor& target,
                                                  const RowIndices& rows, std::uint64_t seed, bool augmented) const {
  ImageDataset::Parts parts{store, scale_, target, {}, {}, nullptr};
  if (augmented) {
    auto augmenter = std::make_shared<const Augmenter>(data_.augment, seed);
    if (!augmenter->empty()) parts.augmenter = augmenter;
  }
  return part_of(std::make_shared<const ImageDataset>(std::move(parts)), rows);
}

LoadedData VolumeSource::load(const std::string& folder, std::uint64_t seed) {
  VolumeSplit split = read_volume_split(prepare_.split);
  if (split.slices && data_.take != "slices")
    throw Error(ErrorKind::config, "prepare.split",
                "method \"slices\" divides slices, and data.take is " + gradus::quoted(data_.take),
                "write take = \"slices\" under [data], or use method = \"subject\"");
  LoadedData out;
  Listed all = read_lists(folder, split);
  out.notes = all.table.notes();
  choose_task(all, out.notes);

  SplitData plan;
  plan.rows = all.table.rows();
  plan.train_rows = all.train_rows;
  if (split.params.column) plan.column = &all.table.column(*split.params.column);
  bool by_scan = task_.classifies() && !task_.per_place;
  if (by_scan) {
    plan.classes = target_.classes(all.table);
    plan.class_names = task_.classes;
  }
  Split scans;
  if (!split.slices) scans = split_scans(split, plan, all.scans, seed);
  if (by_scan && !split.slices) check_classes(scans.train, plan, split.params);

  std::shared_ptr<const VolumeStore> examples = store(all.scans, seed, true);
  std::uint64_t not_finite = 0;  // and every scan has been checked
  for (std::size_t s = 0; s < all.scans.size(); ++s) not_finite += examples->scans().get(s)->not_finite;
  if (not_finite > 0)
    out.notes.push_back(count_text(not_finite, "voxel holds", "voxels hold") + " no finite number and count as 0");
  if (examples->is_slow()) out.notes.push_back("the scans are read when they are needed: they do not fit into memory");
  Split parts = example_parts(split, scans, *examples);
  if (parts.unused > 0)
    out.notes.push_back(count_text(parts.unused, "example is", "examples are") + " in no part of the split");
  if (split.slices)
    out.notes.push_back(
        fmt::format("parts of one scan are told apart by runs of slices with {} left out between them", split.gap));
  fit(*examples, parts.train, out);
  if (by_scan) {
    out.class_counts.assign(task_.classes.size(), 0);
    for (std::uint32_t r : parts.train)
      ++out.class_counts[static_cast<std::size_t>(plan.classes[examples->examples()[r].scan])];
  }
  std::vector<double> values = task_.classifies() ? std::vector<double>() : target_.values(all.table);
  task_.fit_scales(prepare_.scale_target, values, scans.train, out.notes);
  if (task_.per_place) task_.spacing = spacing_of(*examples, out.notes);
  out.task = task_;
  Tensor target = targets(all.table, *examples);
  out.train = part(examples, target, parts.train, seed, true);
  out.validation = part(examples, target, parts.validation, seed, false);
  out.test = part(examples, target, parts.test, seed, false);

  Value shape = Value::array();
  for (std::int64_t d : examples->shape()) shape.push_back(d);
  out.summary = Value::table();
  out.summary.set("format", format_);
  out.summary.set("scans", all.scans.size());
  out.summary.set("shape", shape);
  out.summary.set("task", std::string(task_name(task_.kind)));
  out.summary.set("parts", part_sizes(parts));
  return out;
}

Value VolumeSource::state() const {
  Value v = Value::table(), extent = Value::array(), values = Value::array();
  VolumeParams data = data_;
  data.augment = {};
  data.label_values = {};
  v.set("data", write_params(data));
  v.set("list", list_state());
  v.set("scale", prepare_.scale);
  for (std::int64_t d : extent_.value()) extent.push_back(d);
  v.set("extent", extent);
  for (const auto& of_class : labels_.values) values.push_back(Value(Value::Array(of_class.begin(), of_class.end())));
  v.set("label_values", values);
  v.set("format", scale_.state());
  v.set("task", task_.state());
  if (!task_.per_place) v.set("target", target_.state());
  return v;
}

void VolumeSource::restore(const Value& state) {
  read_params(data_, state.at("data"), "data");
  restore_list(state.at("list"));
  prepare_.scale = state.at("scale").as_string();
  std::vector<std::int64_t> extent;
  for (const Value& d : state.at("extent").as_array()) extent.push_back(d.as_integer());
  extent_ = extent_in(extent, "extent");
  labels_.values = label_values_in(state.at("label_values"));
  scale_ = ImageFormat::restored(state.at("format"), 1);
  task_ = TaskSpec::restored(state.at("task"));
  if (const Value* target = state.find("target")) target_.restore(*target);
  if (!extent_ || (task_.per_place && labels_.values.size() != task_.classes.size()))
    throw Error(ErrorKind::data, "source", "is damaged: its extent or label values are incomplete");
}

OpenedData VolumeSource::open(const std::vector<std::string>& files, bool need_target) {
  if (files.empty()) throw Error(ErrorKind::usage, "--data", "names no scan and no list of scans");
  std::vector<std::string> subjects, images;
  std::optional<Table> table;
  for (const std::string& file : files) {
    if (is_nifti_name(file)) {
      subjects.push_back(std::filesystem::path(file).filename().string());
      images.push_back(file);
    } else if (table) {
      table->append(listed(file));
    } else {
      table = listed(file);
    }
  }
  if (table && !images.empty()) throw Error(ErrorKind::usage, {"--data", "scans or lists of scans", "both", ""});
  if (!table) {
    table = Table(files[0]);
    table->add(Column::texts("subject", subjects));
    table->add(Column::texts("image", images));
  }
  OpenedData out;
  const Column* labels = table->find("label");
  bool all_labelled = labels != nullptr && labels->missing_count() == 0;
  out.has_target = all_labelled && has_label_files(*table) == task_.per_place;
  if (need_target) {
    Listed all{*table, {}, 0};
    leave_out_unlabelled(all, out.notes);
    table = all.table;
    if (has_label_files(*table) != task_.per_place)
      throw Error(ErrorKind::data, {files[0], task_.per_place ? "label volumes" : "a class or a number for each scan",
                                    task_.per_place ? "others" : "label volumes", "as in training"});
  }
  std::vector<Scan> scans = scans_in(*table, need_target && task_.per_place);
  std::shared_ptr<const VolumeStore> examples = store(scans, 0, false);
  ImageDataset::Parts parts{examples, scale_, {}, {}, {}, nullptr};
  auto n = static_cast<std::int64_t>(examples->examples().size());
  if (need_target)
    parts.target = targets(*table, *examples);
  else if (!task_.per_place)
    parts.target = task_.classifies() ? Tensor::zeros({n}, Dtype::i32) : Tensor::zeros({n, 1});
  out.data = std::make_shared<const ImageDataset>(std::move(parts));
  out.echo = {{"subject", {}}, {"example", {}}};
  for (std::int64_t i = 0; i < n; ++i) {
    out.echo[0].second.push_back(scans[examples->examples()[static_cast<std::size_t>(i)].scan].subject);
    out.echo[1].second.push_back(examples->name(i));
  }
  if (need_target && task_.per_place) out.spacing = spacing_of(*examples, out.notes);
  if (task_.per_place)
    out.write_masks = [examples, labels = labels_](const std::string& to, std::span<const std::int32_t> classes) {
      return write_predictions(*examples, labels, classes, to);
    };
  return out;
}

std::optional<ImageFormat> VolumeSource::image_format() const { return scale_; }

}  // namespace gradus
