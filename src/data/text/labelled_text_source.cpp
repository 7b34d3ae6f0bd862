#include "gradus/data/text/labelled_text_source.h"

#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/base/text.h"
#include "gradus/data/numbers.h"
#include "gradus/data/sequence_dataset.h"
#include "gradus/data/text/text_summary.h"
#include "gradus/data/text/utf8.h"

namespace gradus {

void TextDataParams::shared_fields(Fields& f) {
  f("tokenizer", tokenizer, "a name or { type = ..., ... }", "how texts are divided: word, char or bpe");
  f("task", task, {"auto", "regression", "binary", "multiclass"},
    "what the target is; auto: text and few whole numbers are classes, other numbers regression");
}

void TextPrepareParams::fields(Fields& f) {
  f("split", split, "{ method = ..., train = ..., validation = ..., test = ... }", "how texts are divided; no default");
  f("scale_target", scale_target, "a method or { default = ..., columns = { NAME = ... } }",
    "what a regression is trained on: none, standardize or normalize");
}

TextList LabelledTextSource::gather_parts(const std::string& folder, const SplitParams& split, std::size_t& train_texts,
                                          std::vector<std::string>& notes) {
  check_parts(split, data_.files.given(), example_name());
  split_column_ = split.column;
  bool by_files = split.method == "files";
  TextList list = by_files ? gather(data_.files.train, folder, "data.train", notes)
                           : gather(data_.files.source, folder, "data.source", notes);
  train_texts = list.size();
  if (by_files) list.append(gather(data_.files.test, folder, "data.test", notes));
  RowIndices labelled = labelled_rows(list.known, target_columns());
  if (labelled.size() == list.size()) return list;
  notes.push_back(count_text(list.size() - labelled.size(), "text has", "texts have") +
                  " no target and will not be learned from");
  train_texts = static_cast<std::size_t>(std::ranges::lower_bound(labelled, train_texts) - labelled.begin());
  return list.select(labelled);
}

Split LabelledTextSource::divide(const TextList& list, const SplitParams& split, std::size_t train_texts,
                                 std::uint64_t seed, LoadedData& out) {
  SplitData plan;
  plan.rows = list.size();
  plan.train_rows = train_texts;
  if (split.column) plan.column = &list.known.column(*split.column);
  if (task_.classifies()) {
    plan.classes = target_.classes(list.known);
    plan.class_names = task_.classes;
  }
  Split parts = make_split(split, plan, seed);
  if (parts.unused > 0) out.notes.push_back(count_text(parts.unused, "text is", "texts are") + " in no part");
  out.summary = Value::table();
  out.summary.set("format", format_name());
  out.summary.set("task", std::string(task_name(task_.kind)));
  out.summary.set("parts", part_sizes(parts));
  if (task_.classifies()) {
    check_classes(parts.train, plan, split);
    out.summary.set("classes", class_table(parts, plan.classes, task_.classes));
    for (std::size_t n : class_counts(plan.classes, parts.train, task_.classes.size()))
      out.class_counts.push_back(static_cast<double>(n));
  }
  std::vector<double> values = task_.classifies() ? std::vector<double>() : target_.values(list.known);
  task_.fit_scales(prepare_.scale_target, values, parts.train, out.notes);
  return parts;
}

namespace {

constexpr std::size_t kBesidePrediction = 60, kInReport = 400;  // characters of a text that are shown

// A text's beginning, of at most `most` characters, as one line.
std::string beginning_of(std::string_view text, std::size_t most) {
  constexpr std::string_view kDots = "...";
  std::string shown(first_code_points(text, most));
  if (shown.size() < text.size()) shown = std::string(first_code_points(text, most - kDots.size())).append(kDots);
  for (char& c : shown)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  return shown;
}

}  // namespace

LoadedData LabelledTextSource::load(const std::string& folder, std::uint64_t seed) {
  SplitParams split = required_split(prepare_.split);
  tokenizer_ = tokenizers().make(data_.tokenizer, "data.tokenizer");
  LoadedData out;
  std::size_t train_texts = 0;
  TextList list = gather_parts(folder, split, train_texts, out.notes);
  target_ = Target::infer(list.known, {target_columns(), data_.task});
  task_ = {target_.task(), target_.class_names(), target_.columns()};
  out.notes.push_back("task: " + std::string(task_name(task_.kind)) + " (" + target_.reason() + ")");
  Split parts = divide(list, split, train_texts, seed, out);

  tokenizer_->learn([&](const std::function<void(std::string_view)>& visit) {
    for (std::uint32_t row : parts.train) visit(list.texts()[row]);
  });
  require_known_tokens(*tokenizer_);
  EncodedTexts encoded = encode(list);
  for (const auto& notes : {text_notes(list, encoded, max_length()), duplicate_notes(list, parts)})
    out.notes.insert(out.notes.end(), notes.begin(), notes.end());
  add_text_summary(out.summary, *tokenizer_, encoded, parts);

  std::shared_ptr<const Dataset> all = dataset(encoded, targets(list.known));
  out.train = part_of(all, parts.train);
  out.validation = part_of(all, parts.validation);
  out.test = part_of(all, parts.test);
  for (std::uint32_t row : parts.test) out.test_names.push_back(beginning_of(list.texts()[row], kInReport));
  out.symbols = tokenizer_->size();
  out.task = task_;
  return out;
}

EncodedTexts LabelledTextSource::encode(const TextList& list) const {
  for (std::size_t i = 0; i < list.size(); ++i) require_token_memory(*tokenizer_, list.texts()[i], list.name(i));
  return encode_all(*tokenizer_, list.texts());
}

Tensor LabelledTextSource::targets(const Table& known) const {
  auto n = static_cast<std::int64_t>(known.rows());
  if (task_.classifies()) return Tensor::from(target_.classes(known), {n});
  return Tensor::from(scaled_targets(task_.scales, target_.values(known)), {n, task_.width()});
}

std::shared_ptr<const Dataset> LabelledTextSource::dataset(const EncodedTexts& encoded, Tensor target) const {
  Tensor tokens = Tensor::from(encoded.tokens, {static_cast<std::int64_t>(encoded.tokens.size())});
  return std::make_shared<const SequenceDataset>(tokens, encoded.lengths, SequenceDataset::Target::sequence,
                                                 std::move(target));
}

std::int64_t LabelledTextSource::max_length() const {
  const Value* given = data_.tokenizer.find("max_length");
  return given == nullptr ? 0 : given->as_integer();
}

Value LabelledTextSource::state() const {
  Value v = Value::table();
  v.set("tokenizer", tokenizer_state(data_.tokenizer, *tokenizer_));
  v.set("target", target_.state());
  if (!task_.scales.empty()) v.set("target_scales", scales_state(task_.scales));
  return v;
}

void LabelledTextSource::restore(const Value& state) {
  data_.tokenizer = state.at("tokenizer").at("tokenizer");
  tokenizer_ = restored_tokenizer(state.at("tokenizer"));
  target_.restore(state.at("target"));
  task_ = {target_.task(), target_.class_names(), target_.columns()};
  if (const Value* scales = state.find("target_scales")) task_.scales = restored_scales(*scales, task_.outputs.size());
}

OpenedData LabelledTextSource::open(const std::vector<std::string>& files, bool need_target) {
  if (files.empty()) throw Error(ErrorKind::usage, "--data", "names no file");
  OpenedData out;
  TextList list = gather_new(files, need_target);
  out.has_target = need_target;
  if (need_target) {
    RowIndices labelled = labelled_rows(list.known, task_.outputs);
    if (labelled.size() < list.size())
      out.notes.push_back(count_text(list.size() - labelled.size(), "text") + " without a target, left out");
    list = list.select(labelled);
  }
  if (list.size() == 0)
    throw Error(ErrorKind::data, files[0], out.notes.empty() ? "has no texts to work on" : "has no text with a target",
                out.notes.empty() ? "" : "fill in " + quoted(task_.outputs[0]));
  EncodedTexts encoded = encode(list);
  for (const std::string& note : text_notes(list, encoded, max_length())) out.notes.push_back(note);
  auto n = static_cast<std::int64_t>(list.size());
  Tensor none = task_.classifies() ? Tensor::zeros({n}, Dtype::i32) : Tensor::zeros({n, task_.width()});
  out.data = dataset(encoded, need_target ? targets(list.known) : none);
  std::vector<std::string> names, texts;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (is_by_file()) names.push_back(list.file(i));
    texts.push_back(beginning_of(list.texts()[i], kBesidePrediction));
  }
  if (is_by_file()) out.echo.emplace_back("file", std::move(names));
  out.echo.emplace_back("text", std::move(texts));
  return out;
}

}  // namespace gradus
