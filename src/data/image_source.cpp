#include "gradus/data/image_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "gradus/base/text.h"
#include "gradus/data/numbers.h"

namespace gradus {

void ImageDataParams::shared_fields(Fields& f) {
  f("image", image, "the form that every image is brought to");
  f("augment", augment, "a list of tables", "what is done to training images: [ { type = \"flip_horizontal\" }, ... ]");
  f("stream", stream, {"auto", "always", "never"},
    "auto: decoded images are held in memory as far as half of what is free has room; always, never: none or all are");
  f("on_broken", on_broken, {"fail", "skip"}, "what is done about an image that cannot be decoded");
}

void ImagePrepareParams::fields(Fields& f) {
  f("split", split, "a table with method and shares",
    "how data are held back: { method = \"files\", validation = 0.1 }");
  f("scale", scale, {"none", "normalize", "standardize"},
    "none: values from 0 to 255; normalize: each channel's training minimum and maximum to 0 and 1; standardize: each "
    "channel's training values to mean 0, deviation 1");
  f("scale_target", scale_target, "none, standardize or normalize",
    "what numbers to predict are trained as; target pictures as values from 0 to 1 where it is left out");
}

void ImageList::append(ImageList more) {
  std::ranges::move(more.files, std::back_inserter(files));
  if (known.columns() > 0) known.append(more.known);
}

namespace {

LinearScale channel_scale(const std::string& method, const PixelSums& s, std::size_t c) {
  return Moments{static_cast<double>(s.places), static_cast<double>(s.sum[c]), static_cast<double>(s.squares[c]),
                 static_cast<double>(s.low[c]), static_cast<double>(s.high[c])}
      .scale(method);
}

PixelSums total(const std::vector<FoundImage>& found, const RowIndices& rows, PixelSums FoundImage::*part) {
  PixelSums sums;
  for (std::uint32_t row : rows) sums.add(found[row].*part);
  return sums;
}

RowIndices of_examples(const RowIndices& rows, const RowIndices& usable) {
  RowIndices out;
  for (std::uint32_t r : rows) out.push_back(usable[r]);
  return out;
}

void check_not_in_both(const ImageList& list, std::size_t train) {
  std::set<std::string> trained;
  for (std::size_t i = 0; i < train; ++i) trained.insert(list.files[i].image);
  for (std::size_t i = train; i < list.files.size(); ++i)
    if (trained.contains(list.files[i].image))
      throw Error(ErrorKind::data, list.files[i].image, "is among the training images and the test images",
                  "what is tested on must not be trained on");
}

}  // namespace

std::vector<std::string> images_in(const std::string& folder) {
  return files_in(folder, has_image_name, "images (.png, .jpg, .jpeg or .webp)");
}

ImagesRead ImageSource::read(const ImageList& list, std::optional<ImageForm>& form) {
  std::vector<std::string> images, targets;
  for (const ImageFiles& f : list.files) {
    images.push_back(f.image);
    targets.push_back(f.target);
  }
  if (!form) form = image_form_for(data_.image, images, "data.image");
  if (target_kind() == ImageTarget::picture && !target_form_)
    target_form_ = image_form_for(target_image_, targets, "data.target_image");
  ImageStream stream = data_.stream == "always"  ? ImageStream::always
                       : data_.stream == "never" ? ImageStream::never
                                                 : ImageStream::as_fits;
  auto files = std::make_shared<const FileImages>(FileImages::Parts{list.files, *form, target_form_, codes_, stream});
  return {files, files->read_all()};
}

ImageList ImageSource::gather_all(const std::string& folder, const SplitParams& split, std::size_t& train) {
  check_parts(split, {!data_.source.is_null(), !data_.train.is_null(), !data_.test.is_null()}, "images");
  const bool by_files = split.method == "files";
  group_column_ = split.column;
  ImageList list = by_files ? gather(data_.train, folder, "data.train") : gather(data_.source, folder, "data.source");
  train = list.files.size();
  if (by_files) list.append(gather(data_.test, folder, "data.test"));
  check_not_in_both(list, train);
  return list;
}

RowIndices ImageSource::usable_rows(const ImageList& list, const std::vector<FoundImage>& found,
                                    std::vector<std::string>& notes) const {
  constexpr std::size_t kNamed = 5;
  RowIndices usable;
  std::vector<std::string> broken;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!found[i].broken) {
      usable.push_back(static_cast<std::uint32_t>(i));
      continue;
    }
    if (data_.on_broken == "fail")
      throw found[i].broken->with_fix("mend or remove the file, or set data.on_broken = \"skip\"");
    broken.push_back(list.files[i].image);
  }
  if (usable.empty()) throw Error(ErrorKind::data, "data", "no image can be decoded");
  if (!broken.empty()) {
    std::string more = broken.size() > kNamed ? fmt::format(" and {} more", broken.size() - kNamed) : "";
    std::string count = count_text(broken.size(), "example is broken and", "examples are broken and");
    broken.resize(std::min(broken.size(), kNamed));
    notes.push_back(fmt::format("{} left out: {}{}", count, fmt::join(broken, ", "), more));
  }
  return usable;
}

void ImageSource::choose_mask_classes(const ImageList& list, const std::vector<FoundImage>& found,
                                      const RowIndices& usable) {
  std::vector<std::string> names = class_names_;
  if (names.empty() && !codes_->values().empty())
    for (std::int64_t v : codes_->values()) names.push_back(std::to_string(v));
  if (names.empty()) {  // the numbers themselves, if they are classes': none below the largest is missing
    std::vector<std::uint64_t> places;
    std::uint32_t largest = usable[0];
    for (std::uint32_t i : usable) {
      const auto& own = found[i].classes;
      if (own.size() > places.size()) {
        places.resize(own.size());
        largest = i;
      }
      for (std::size_t k = 0; k < own.size(); ++k) places[k] += own[k];
    }
    if (std::ranges::find(places, 0u) != places.end())
      throw Error(ErrorKind::data, list.files[largest].mask,
                  fmt::format("has the number {}, and not all numbers below it occur in the masks: they do not look "
                              "like classes 0, 1, 2 ...",
                              places.size() - 1),
                  fmt::format("say what the numbers mean: values = [0, {}] under [data], or name the classes",
                              places.size() - 1));
    for (std::size_t k = 0; k < places.size(); ++k) names.push_back(std::to_string(k));
    codes_.emplace(std::vector<std::int64_t>{}, names.size());
  }
  if (names.size() < 2) throw Error(ErrorKind::data, list.files[usable[0]].mask, "all masks have one class");
  task_ = {names.size() == 2 ? Task::binary : Task::multiclass, names, {"mask"}};
  task_.per_place = true;
}

void ImageSource::choose_task(const ImageList& list, const std::vector<FoundImage>& found, const RowIndices& usable,
                              std::vector<std::string>& notes) {
  if (target_kind() == ImageTarget::mask) {
    choose_mask_classes(list, found, usable);
    notes.push_back("task: " + std::string(task_name(task_.kind)) + " of every pixel (images have masks)");
  } else if (target_kind() == ImageTarget::picture) {
    task_ = {Task::regression,
             {},
             target_form_->channels == 1 ? std::vector<std::string>{"grey"}
                                         : std::vector<std::string>{"red", "green", "blue"}};
    task_.per_place = true;
    notes.emplace_back("task: regression of every pixel (images have target pictures)");
  } else {
    target_ = Target::infer(list.known, target_params());
    task_ = {target_.task(), target_.class_names(), target_.columns()};
    notes.push_back("task: " + std::string(task_name(task_.kind)) + " (" + target_.reason() + ")");
  }
}

void ImageSource::fit_target_scale(const std::vector<FoundImage>& found, const RowIndices& train,
                                   std::vector<std::string>& notes) {
  if (!prepare_.scale_target.is_null() && !prepare_.scale_target.is_string())
    throw Error(ErrorKind::config, {prepare_.scale_target.place("prepare.scale_target"), "a method's name",
                                    describe(prepare_.scale_target), ""});
  std::string method = prepare_.scale_target.is_null() ? "" : prepare_.scale_target.as_string();
  if (!method.empty() && std::ranges::find(kScaleMethods, method) == kScaleMethods.end())
    throw Error(ErrorKind::config, {prepare_.scale_target.place("prepare.scale_target"),
                                    "one of " + comma_list(kScaleMethods), shown(method), ""});
  PixelSums sums = total(found, train, &FoundImage::target);
  for (std::size_t c = 0; c < task_.outputs.size(); ++c)
    task_.scales.push_back(method.empty() ? LinearScale{0, 255} : channel_scale(method, sums, c));
  if (method.empty()) notes.emplace_back("target pictures are trained on as values from 0 to 1");
  target_format_ = ImageFormat::of(task_.scales);
}

Tensor ImageSource::known_targets(const Table& known, const RowIndices& usable, std::size_t examples) const {
  auto n = static_cast<std::int64_t>(examples), width = task_.width();
  if (task_.classifies()) {
    std::vector<std::int32_t> all(examples), own = target_.classes(known);
    for (std::size_t r = 0; r < usable.size(); ++r) all[usable[r]] = own[r];
    return Tensor::from(all, {n});
  }
  std::vector<float> own = scaled_targets(task_.scales, target_.values(known)),
                     all(examples * static_cast<std::size_t>(width));
  for (std::size_t r = 0; r < usable.size(); ++r)
    std::copy_n(own.begin() + static_cast<std::ptrdiff_t>(r) * width, width,
                all.begin() + static_cast<std::ptrdiff_t>(usable[r]) * width);
  return Tensor::from(all, {n, width});
}

std::shared_ptr<const Dataset> ImageSource::dataset(const ImagesRead& read, Tensor target,
                                                    std::shared_ptr<const Augmenter> augmenter) const {
  return std::make_shared<const ImageDataset>(
      ImageDataset::Parts{read.images, format_, std::move(target), {}, target_format_, std::move(augmenter)});
}

// The training part's classes and, for the summary, all parts'; of masks they are counted by place.
void ImageSource::count_classes(const std::vector<FoundImage>& found, const Split& parts, LoadedData& out) const {
  Value table = Value::table();
  auto places = [&](const RowIndices& rows, std::size_t k) {
    std::uint64_t n = 0;
    for (std::uint32_t i : rows) n += k < found[i].classes.size() ? found[i].classes[k] : 0;
    return n;
  };
  for (std::size_t k = 0; k < task_.classes.size(); ++k) {
    Value v = Value::table();
    out.class_counts.push_back(static_cast<double>(places(parts.train, k)));
    v.set("train", places(parts.train, k));
    v.set("validation", places(parts.validation, k));
    v.set("test", places(parts.test, k));
    table.set(task_.classes[k], std::move(v));
  }
  out.summary.set("classes", std::move(table));
}

LoadedData ImageSource::load(const std::string& folder, std::uint64_t seed) {
  SplitParams split = required_split(prepare_.split);
  auto augmenter = std::make_shared<const Augmenter>(data_.augment, seed);
  if (augmenter->empty()) augmenter = nullptr;
  LoadedData out;
  std::size_t train = 0;
  ImageList list = gather_all(folder, split, train);
  ImagesRead images = read(list, form_);
  RowIndices usable = usable_rows(list, images.found, out.notes);
  if (list.known.columns() > 0) list.known = list.known.select_rows(usable);
  choose_task(list, images.found, usable, out.notes);

  SplitData plan;
  plan.rows = usable.size();
  plan.train_rows = static_cast<std::size_t>(std::ranges::lower_bound(usable, train) - usable.begin());
  if (split.column) plan.column = &list.known.column(*split.column);
  bool has_classes = task_.classifies() && !task_.per_place;
  if (has_classes) {
    plan.classes = target_.classes(list.known);
    plan.class_names = task_.classes;
  }
  Split parts = make_split(split, plan, seed);
  if (has_classes) check_classes(parts.train, plan, split);
  if (parts.unused > 0) out.notes.push_back(count_text(parts.unused, "example is", "examples are") + " in no part");
  Split examples{of_examples(parts.train, usable), of_examples(parts.validation, usable),
                 of_examples(parts.test, usable), parts.unused};

  PixelSums sums = total(images.found, examples.train, &FoundImage::image);
  std::vector<LinearScale> channels;
  for (int c = 0; c < form_->channels; ++c)
    channels.push_back(channel_scale(prepare_.scale, sums, static_cast<std::size_t>(c)));
  format_ = ImageFormat::of(channels);
  Tensor target;
  if (target_kind() == ImageTarget::known) {
    task_.fit_scales(prepare_.scale_target, has_classes ? std::vector<double>() : target_.values(list.known),
                     parts.train, out.notes);
    target = known_targets(list.known, usable, list.files.size());
  } else if (target_kind() == ImageTarget::picture) {
    fit_target_scale(images.found, examples.train, out.notes);
  } else {
    task_.fit_scales(prepare_.scale_target, {}, {}, out.notes);
  }

  out.summary = Value::table();
  out.summary.set("format", format_name());
  Value shape = Value::array();
  for (std::int64_t d : form_->shape()) shape.push_back(d);
  out.summary.set("shape", shape);
  out.summary.set("task", std::string(task_name(task_.kind)));
  out.summary.set("parts", part_sizes(parts));
  if (has_classes) {
    out.summary.set("classes", class_table(parts, plan.classes, task_.classes));
    for (std::size_t n : class_counts(plan.classes, parts.train, task_.classes.size()))
      out.class_counts.push_back(static_cast<double>(n));
  } else if (task_.classifies()) {
    count_classes(images.found, examples, out);
  }
  if (images.images->is_slow())
    out.notes.emplace_back("memory has no room for all decoded images: those it lacks are decoded in every epoch");
  std::shared_ptr<const Dataset> all = dataset(images, target, augmenter);
  out.train = part_of(all, examples.train);
  out.validation = part_of(all, examples.validation);
  out.test = part_of(all, examples.test);
  out.task = task_;
  return out;
}

// New images have the form of those trained on. Masks may be of any one size, where no size was asked for in training.
std::optional<ImageForm> ImageSource::form_of_new(const ImageList& list) const {
  if (target_kind() != ImageTarget::mask || form_->fit != "refuse") return form_;
  std::vector<std::string> images;
  for (const ImageFiles& f : list.files) images.push_back(f.image);
  ImageFormParams own;
  own.channels = form_->channels;
  ImageForm form;
  try {
    form = image_form_for(own, images, "data.image");
  } catch (const Error& e) {
    throw e.with_fix("give images of one size at a time");
  }
  if (form.height == 0) return form_;  // no file has a header
  form.background = form_->background;
  return form;
}

OpenedData ImageSource::open(const std::vector<std::string>& files, bool need_target) {
  if (files.empty()) throw Error(ErrorKind::usage, "--data", "names no file");
  OpenedData out;
  out.has_target = need_target;
  ImageList list = gather_new(files, need_target);
  std::optional<ImageForm> form = form_of_new(list);
  if (form->shape() != form_->shape())
    out.notes.push_back(fmt::format("the images of {} x {} are taken in patches of {} x {}, the size trained on",
                                    form->height, form->width, form_->height, form_->width));
  ImagesRead images = read(list, form);
  RowIndices usable = usable_rows(list, images.found, out.notes);
  auto n = static_cast<std::int64_t>(list.files.size());
  Tensor target;
  if (target_kind() == ImageTarget::known) {
    if (need_target)
      target = known_targets(list.known.select_rows(usable), usable, list.files.size());
    else
      target = task_.classifies() ? Tensor::zeros({n}, Dtype::i32) : Tensor::zeros({n, task_.width()});
  }
  out.data = part_of(dataset(images, target, nullptr), usable);
  std::vector<std::string> names;
  for (std::uint32_t i : usable) names.push_back(images.images->name(i));
  if (target_kind() == ImageTarget::mask && form_->fit != "refuse")
    out.in_own_size = [form = *form_, names](std::int64_t example, const LabelImage& mask) {
      ImageHeader own = read_image_header(names[static_cast<std::size_t>(example)]);
      return form.undone(mask, own.height, own.width);
    };
  out.echo.emplace_back("file", std::move(names));
  return out;
}

Value ImageSource::state() const {
  Value v = format_.state();
  v.set("image", form_->state());
  if (target_form_) v.set("target_image", target_form_->state());
  v.set("on_broken", data_.on_broken);
  v.set("task", task_.state());
  if (target_kind() == ImageTarget::known) v.set("target", target_.state());
  if (codes_) v.set("values", Value::Array(codes_->values().begin(), codes_->values().end()));
  return v;
}

void ImageSource::restore(const Value& state) {
  form_ = ImageForm::restored(state.at("image"));
  if (const Value* target = state.find("target_image")) target_form_ = ImageForm::restored(*target);
  format_ = ImageFormat::restored(state, static_cast<std::size_t>(form_->channels));
  data_.on_broken = state.at("on_broken").as_string();
  task_ = TaskSpec::restored(state.at("task"));
  if (target_kind() == ImageTarget::known) target_.restore(state.at("target"));
  if (!task_.scales.empty()) target_format_ = ImageFormat::of(task_.scales);
  if (const Value* values = state.find("values")) {
    std::vector<std::int64_t> numbers;
    for (const Value& v : values->as_array()) numbers.push_back(v.as_integer());
    codes_.emplace(std::move(numbers), task_.classes.size());
  }
}

}  // namespace gradus
