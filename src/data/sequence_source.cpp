#include "gradus/data/sequence_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "gradus/base/memory.h"
#include "gradus/base/text.h"
#include "gradus/data/numbers.h"
#include "gradus/data/sequence_dataset.h"

namespace gradus {

void SequencePrepareParams::fields(Fields& f) {
  f("split", split, "a table with method and shares",
    "how sequences are held back: { method = \"files\", validation = 0.1 }");
  f("scale", scale, {"none", "normalize", "standardize"},
    "none: numbers as they are; normalize: each feature's training minimum and maximum to 0 and 1; standardize: each "
    "feature's training steps to mean 0, deviation 1");
  f("scale_target", scale_target, "none, standardize or normalize",
    "what numbers to predict are trained as; losses are in that scale, predictions and MSE, MAE, R2 in their own "
    "units");
}

std::size_t Sequences::steps() const {
  return std::accumulate(lengths.begin(), lengths.end(), std::size_t{0},
                         [](std::size_t sum, std::int32_t n) { return sum + static_cast<std::size_t>(n); });
}

void Sequences::add(std::string name, std::size_t steps) {
  if (steps > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    throw Error(ErrorKind::data, "sequence " + shown(name), "is longer than 2,147,483,647 steps", "cut it into pieces");
  lengths.push_back(static_cast<std::int32_t>(steps));
  names.push_back(std::move(name));
}

void Sequences::append(Sequences more) {
  if (size() == 0) {
    std::ranges::move(notes, std::back_inserter(more.notes));
    *this = std::move(more);
    return;
  }
  lengths.insert(lengths.end(), more.lengths.begin(), more.lengths.end());
  letters += more.letters;
  values.insert(values.end(), more.values.begin(), more.values.end());
  std::ranges::move(more.names, std::back_inserter(names));
  std::ranges::move(more.notes, std::back_inserter(notes));
  if (known.columns() > 0) known.append(more.known);
  if (known_steps.columns() > 0) known_steps.append(more.known_steps);
}

namespace {

// The steps of some of the sequences, by number.
RowIndices steps_of(const Sequences& s, const RowIndices& rows) {
  std::vector<std::uint32_t> begin(s.size() + 1);
  std::partial_sum(s.lengths.begin(), s.lengths.end(), begin.begin() + 1, std::plus<std::uint32_t>());
  RowIndices steps;
  for (std::uint32_t row : rows)
    for (std::uint32_t step = begin[row]; step < begin[row + 1]; ++step) steps.push_back(step);
  return steps;
}

RowIndices all_rows(std::size_t n) {
  RowIndices rows(n);
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

RowIndices of_all(const RowIndices& rows, const RowIndices& usable) {
  RowIndices out;
  for (std::uint32_t r : rows) out.push_back(usable[r]);
  return out;
}

// What people know some of the sequences by: the first letters of each, or what the data call it.
std::vector<std::string> readable(const Sequences& s, const RowIndices& rows) {
  constexpr std::size_t kMost = 400;
  std::vector<std::size_t> begin(s.size() + 1);
  std::partial_sum(s.lengths.begin(), s.lengths.end(), begin.begin() + 1, std::plus<std::size_t>());
  std::vector<std::string> names;
  for (std::uint32_t row : rows) {
    auto length = static_cast<std::size_t>(s.lengths[row]);
    if (s.letters.empty())
      names.push_back(s.names[row]);
    else
      names.push_back(s.letters.substr(begin[row], std::min(length, kMost)) + (length > kMost ? "..." : ""));
  }
  return names;
}

std::string lengths_note(const Sequences& s, std::size_t features) {
  auto [shortest, longest] = std::ranges::minmax(s.lengths);
  double mean = static_cast<double>(s.steps()) / static_cast<double>(s.size());
  std::string steps = shortest == longest ? count_text(static_cast<std::uint64_t>(longest), "step")
                                          : fmt::format("{} to {} steps (mean {:.4g})", shortest, longest, mean);
  return fmt::format("{} of {}, {} each", count_text(s.size(), "sequence"), steps, count_text(features, "number"));
}

}  // namespace

Sequences SequenceSource::gather_all(const SplitParams& split, std::size_t& train) {
  check_parts(split, files_.given(), example_source());
  const bool by_files = split.method == "files";
  group_column_ = split.column;
  Sequences s = by_files ? gather(files_.train, folder_, "data.train") : gather(files_.source, folder_, "data.source");
  train = s.size();
  if (by_files) s.append(gather(files_.test, folder_, "data.test"));
  if (s.steps() > kMaxRows) throw Error(ErrorKind::data, "data", "holds more than 4,294,967,295 steps in all");
  return s;
}

// The sequences that can be trained on.
RowIndices SequenceSource::labelled(const Sequences& s, std::vector<std::string>& notes) const {
  std::vector<std::string> columns = target_params().columns;
  if (per_step_) {
    RowIndices steps = labelled_rows(s.known_steps, columns);
    if (steps.size() < s.known_steps.rows())
      throw Error(ErrorKind::data, s.known_steps.name(),
                  fmt::format("{} without a target", count_text(s.known_steps.rows() - steps.size(), "step")),
                  "with target_per = \"step\" every step needs one");
    return all_rows(s.size());
  }
  RowIndices rows = labelled_rows(s.known, columns);
  if (rows.empty()) throw Error(ErrorKind::data, s.known.name(), "no sequence has a target");
  if (rows.size() < s.size())
    notes.push_back(
        count_text(s.size() - rows.size(), "sequence without a target is", "sequences without a target are") +
        " left out");
  return rows;
}

void SequenceSource::choose_task(const Table& known, std::vector<std::string>& notes) {
  target_ = Target::infer(known, target_params());
  task_ = {target_.task(), target_.class_names(), target_.columns()};
  task_.per_step = per_step_;
  notes.push_back(
      fmt::format("task: {}{} ({})", task_name(task_.kind), per_step_ ? " of every step" : "", target_.reason()));
}

void SequenceSource::fit_scales(const Sequences& s, const RowIndices& steps) {
  scales_.clear();
  if (alphabet_) return;
  RowIndices rows = all_rows(steps.size());
  std::vector<double> cells(steps.size());
  for (std::size_t c = 0; c < features_.size(); ++c) {
    for (std::size_t i = 0; i < steps.size(); ++i) cells[i] = s.values[steps[i] * features_.size() + c];
    scales_.push_back(fit_scale(prepare_.scale, cells, rows, "feature " + quoted(features_[c])));
  }
}

// The steps of all sequences [steps, features].
Tensor SequenceSource::inputs(const Sequences& s) const {
  std::size_t width = features_.size(), steps = s.steps();
  require_memory(4.0 * static_cast<double>(steps) * static_cast<double>(width), ErrorKind::data, "data",
                 "the sequences", "use fewer or shorter ones");
  Tensor out = Tensor::empty({static_cast<std::int64_t>(steps), static_cast<std::int64_t>(width)});
  float* to = out.mutable_data<float>();
  if (alphabet_) {
    for (char letter : s.letters) {
      alphabet_->encode(letter, to);
      to += width;
    }
    return out;
  }
  for (std::size_t i = 0; i < s.values.size(); ++i) to[i] = static_cast<float>(scales_[i % width].apply(s.values[i]));
  return out;
}

// A target for each of all sequences (or steps), zeros where it is not known; `rows` have one.
Tensor SequenceSource::targets(const Sequences& s, const RowIndices& rows) const {
  std::size_t all = per_step_ ? s.steps() : s.size(), width = task_.classifies() ? 1 : task_.outputs.size();
  auto n = static_cast<std::int64_t>(all);
  if (rows.empty()) {
    if (task_.classifies()) return Tensor::zeros({n}, Dtype::i32);
    return Tensor::zeros({n, task_.width()});
  }
  auto spread = [&](const auto& own) {
    std::decay_t<decltype(own)> values(all * width);
    for (std::size_t r = 0; r < rows.size(); ++r)
      std::copy_n(own.begin() + static_cast<std::ptrdiff_t>(r * width), width,
                  values.begin() + static_cast<std::ptrdiff_t>(rows[r] * width));
    return values;
  };
  Table own = known(s).select_rows(rows);
  if (task_.classifies()) return Tensor::from(spread(target_.classes(own)), {n});
  return Tensor::from(spread(scaled_targets(task_.scales, target_.values(own))), {n, task_.width()});
}

std::shared_ptr<const Dataset> SequenceSource::dataset(const Sequences& s, Tensor target) const {
  Tensor steps = inputs(s);
  auto [shortest, longest] = std::ranges::minmax(s.lengths);
  if (shortest != longest) {
    using enum SequenceDataset::Target;
    return std::make_shared<const SequenceDataset>(std::move(steps), s.lengths, per_step_ ? step : sequence,
                                                   std::move(target));
  }
  std::int64_t n = static_cast<std::int64_t>(s.size()), time = s.lengths[0];
  auto by_sequence = [&](const Tensor& t) { return reshape(t, t.shape().with(0, time).inserted(0, n)); };
  return std::make_shared<const ArrayDataset>(ArrayInputs{by_sequence(steps), 0, 1},
                                              per_step_ ? by_sequence(target) : std::move(target));
}

LoadedData SequenceSource::load(const std::string& folder, std::uint64_t seed) {
  folder_ = folder;
  SplitParams split = required_split(prepare_.split);
  LoadedData out;
  std::size_t train = 0;
  Sequences s = gather_all(split, train);
  out.notes = s.notes;
  out.notes.push_back(lengths_note(s, features_.size()));
  RowIndices usable = labelled(s, out.notes), labels = per_step_ ? all_rows(s.steps()) : usable;
  Table targets_known = known(s).select_rows(labels);
  choose_task(targets_known, out.notes);

  SplitData plan;
  plan.rows = usable.size();
  plan.train_rows = static_cast<std::size_t>(std::ranges::lower_bound(usable, train) - usable.begin());
  Column group = split.column ? s.known.column(*split.column).select(usable) : Column::numeric("", {});
  if (split.column) plan.column = &group;
  bool has_classes = task_.classifies() && !per_step_;
  if (per_step_ && split.method == "stratified")
    throw Error(ErrorKind::config, "prepare.split",
                "\"stratified\" goes by the class of a sequence, and here each step has its own",
                "use method = \"random\"");
  if (has_classes) {
    plan.classes = target_.classes(targets_known);
    plan.class_names = task_.classes;
  }
  Split parts = make_split(split, plan, seed);
  if (has_classes) check_classes(parts.train, plan, split);
  if (parts.unused > 0) out.notes.push_back(count_text(parts.unused, "sequence is", "sequences are") + " in no part");
  RowIndices train_rows = of_all(parts.train, usable), train_steps = steps_of(s, train_rows);
  fit_scales(s, train_steps);
  task_.fit_scales(prepare_.scale_target, task_.classifies() ? std::vector<double>() : target_.values(targets_known),
                   per_step_ ? train_steps : parts.train, out.notes);

  out.summary = summary(s, parts);
  if (has_classes) out.summary.set("classes", class_table(parts, plan.classes, task_.classes));
  if (task_.classifies()) {
    std::vector<std::int32_t> classes = has_classes ? plan.classes : target_.classes(targets_known);
    for (std::size_t n : class_counts(classes, has_classes ? parts.train : train_steps, task_.classes.size()))
      out.class_counts.push_back(static_cast<double>(n));
  }
  std::shared_ptr<const Dataset> all = dataset(s, targets(s, labels));
  out.train = part_of(all, train_rows);
  out.validation = part_of(all, of_all(parts.validation, usable));
  out.test = part_of(all, of_all(parts.test, usable));
  out.test_names = readable(s, of_all(parts.test, usable));
  out.task = task_;
  return out;
}

Value SequenceSource::summary(const Sequences& s, const Split& parts) const {
  Value v = Value::table(), lengths = Value::table(), features = Value::array();
  auto [shortest, longest] = std::ranges::minmax(s.lengths);
  lengths.set("min", shortest);
  lengths.set("mean", static_cast<double>(s.steps()) / static_cast<double>(s.size()));
  lengths.set("max", longest);
  for (std::size_t c = 0; c < features_.size(); ++c) {
    Value feature = Value::table();
    feature.set("name", features_[c]);
    if (!scales_.empty()) scales_[c].write(feature);
    features.push_back(std::move(feature));
  }
  v.set("format", format_name());
  v.set("task", std::string(task_name(task_.kind)));
  v.set("sequences", s.size());
  v.set("steps", std::move(lengths));
  v.set("features", std::move(features));
  v.set("parts", part_sizes(parts));
  return v;
}

OpenedData SequenceSource::open(const std::vector<std::string>& files, bool need_target) {
  if (files.empty()) throw Error(ErrorKind::usage, "--data", "names no file");
  OpenedData out;
  Sequences s = gather_new(files, need_target);
  if (s.size() == 0) throw Error(ErrorKind::data, files[0], "holds no sequence");
  out.has_target = need_target;
  out.notes = s.notes;
  RowIndices usable = need_target ? labelled(s, out.notes) : all_rows(s.size());
  RowIndices labels = !need_target ? RowIndices() : per_step_ ? all_rows(s.steps()) : usable;
  out.data = part_of(dataset(s, targets(s, labels)), usable);
  std::vector<std::string> names;
  for (std::uint32_t row : usable) names.push_back(s.names[row]);
  out.echo.emplace_back(name_column(), std::move(names));
  return out;
}

Value SequenceSource::state() const {
  Value v = Value::table(), features = Value::array(), scales = Value::array();
  for (const std::string& name : features_) features.push_back(name);
  for (const LinearScale& scale : scales_) scale.write(scales.as_array().emplace_back(Value::table()));
  if (alphabet_) v.set("alphabet", alphabet_->name());
  v.set("features", std::move(features));
  v.set("scales", std::move(scales));
  v.set("target", target_.state());
  v.set("task", task_.state());
  return v;
}

void SequenceSource::restore(const Value& state) {
  features_.clear();
  scales_.clear();
  if (const Value* name = state.find("alphabet")) alphabet_.emplace(name->as_string());
  for (const Value& name : state.at("features").as_array()) features_.push_back(name.as_string());
  for (const Value& scale : state.at("scales").as_array()) scales_.push_back(LinearScale::restored(scale));
  if (features_.empty() || (alphabet_ ? features_.size() != alphabet_->size() : scales_.size() != features_.size()))
    throw Error(ErrorKind::data, "the model's sequences", "damaged: features and scales do not go together",
                "train the model again");
  target_.restore(state.at("target"));
  task_ = TaskSpec::restored(state.at("task"));
  per_step_ = task_.per_step;
}

}  // namespace gradus
