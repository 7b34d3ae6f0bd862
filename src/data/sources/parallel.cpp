#include <fmt/format.h>

#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/data/numbers.h"
#include "gradus/data/sequence_dataset.h"
#include "gradus/data/source.h"
#include "gradus/data/table_files.h"
#include "gradus/data/text/text_list.h"
#include "gradus/data/text/text_summary.h"
#include "gradus/data/text/tokenizer.h"
#include "gradus/data/text/utf8.h"

namespace gradus {
namespace {

struct ParallelDataParams {
  std::string format = "parallel";
  PartFiles files;
  Value tokenizer = "bpe", target_tokenizer;
  std::int64_t max_length = 0;
  void fields(Fields& f) {
    f("format", format, {"parallel"}, "the files' format");
    f("source", files.source, "two text files, [from, to]: line by line what is given and what is to be made of it");
    f("train", files.train, "the two training files, where training and test lines are kept apart");
    f("test", files.test, "the two test files");
    f("tokenizer", tokenizer, "a name or { type = ..., ... }", "how lines are divided: bpe, word or char");
    f("target_tokenizer", target_tokenizer, "a name or { type = ..., ... }",
      "how the lines to be made are divided; left out: in the same way, with symbols of their own");
    f("max_length", max_length, at_least(0),
      "pairs of lines with more tokens than this, on either side, are not trained on; 0: all are");
  }
};

struct ParallelPrepareParams {
  Value split;
  void fields(Fields& f) {
    f("split", split, "{ method = ..., train = ..., validation = ..., test = ... }",
      "how pairs are divided: random, contiguous or files; no default");
  }
};

// Pairs of lines: of each the first is given, and the second is to be made of it.
struct Pairs {
  TextList from, to;
};

// Two text files, line by line: translation.
class ParallelSource final : public Source {
 public:
  struct Params {
    ParallelDataParams data;
    ParallelPrepareParams prepare;
    void fields(Fields& f) {
      f("data", data, "the [data] section");
      f("prepare", prepare, "the [prepare] section");
    }
  };

  explicit ParallelSource(Params p) : data_(std::move(p.data)), prepare_(std::move(p.prepare)) {}

  LoadedData load(const std::string& folder, std::uint64_t seed) override {
    SplitParams split = required_split(prepare_.split);
    if (split.column || split.method == "stratified")
      throw Error(ErrorKind::config, "prepare.split", "method \"" + split.method + "\" goes by a class or a column",
                  "pairs of lines have neither: use random, contiguous or files");
    check_parts(split, data_.files.given(), "lines.txt");
    const bool by_files = split.method == "files";
    LoadedData out;
    Pairs pairs = by_files ? read(data_.files.train, folder, "data.train", out.notes)
                           : read(data_.files.source, folder, "data.source", out.notes);
    SplitData plan;
    plan.train_rows = pairs.from.size();
    if (by_files) {
      Pairs test = read(data_.files.test, folder, "data.test", out.notes);
      pairs.from.append(std::move(test.from));
      pairs.to.append(std::move(test.to));
    }
    plan.rows = pairs.from.size();
    Split parts = make_split(split, plan, seed);
    if (parts.unused > 0) out.notes.push_back(count_text(parts.unused, "pair is", "pairs are") + " in no part");
    make_tokenizers();
    learn(*from_, pairs.from, parts.train);
    learn(*to_, pairs.to, parts.train);
    EncodedTexts from = encode_all(*from_, pairs.from.texts()), to = encode_all(*to_, pairs.to.texts());
    leave_out_long(from, to, parts.train, out.notes);
    for (const std::string& note : duplicate_notes(pairs.from, parts)) out.notes.push_back(note);
    out.summary = Value::table();
    out.summary.set("format", "parallel");
    out.summary.set("task", "translation");
    out.summary.set("parts", part_sizes(parts));
    Value target = Value::table();
    add_text_summary(out.summary, *from_, from, parts);
    add_text_summary(target, *to_, to, parts);
    out.summary.set("target_vocabulary", target.at("vocabulary"));
    out.summary.set("target_texts", target.at("texts"));
    std::shared_ptr<const Dataset> all = dataset(from, to);
    out.train = part_of(all, parts.train);
    out.validation = part_of(all, parts.validation);
    out.test = part_of(all, parts.test);
    out.symbols = from_->size();
    out.task = task();
    return out;
  }

  Value state() const override {
    Value v = Value::table();
    v.set("tokenizer", tokenizer_state(data_.tokenizer, *from_));
    v.set("target_tokenizer", tokenizer_state(data_.target_tokenizer, *to_));
    return v;
  }
  void restore(const Value& state) override {
    data_.tokenizer = state.at("tokenizer").at("tokenizer");
    data_.target_tokenizer = state.at("target_tokenizer").at("tokenizer");
    from_ = restored_tokenizer(state.at("tokenizer"));
    to_ = restored_tokenizer(state.at("target_tokenizer"));
    if (!to_->bounds())
      throw Error(ErrorKind::data, "the model's tokenizer", "damaged: targets have no marks at their ends",
                  "train the model again");
  }

  OpenedData open(const std::vector<std::string>& files, bool need_target) override {
    if (files.size() != (need_target ? 2 : 1))
      throw Error(
          ErrorKind::usage,
          {"--data", need_target ? "two files, what is given and what is to be made of it" : "one file of lines",
           count_text(files.size(), "file"), ""});
    OpenedData out;
    Pairs pairs;
    if (need_target) {
      pairs = paired(files, out.notes);
    } else {
      pairs.from.add_rows(files[0], lines_of(read_text_file(files[0])));
      pairs.to.add_rows(files[0], std::vector<std::string>(pairs.from.size()));
    }
    if (pairs.from.size() == 0) throw Error(ErrorKind::data, files[0], "has no lines to work on");
    EncodedTexts from = encode_all(*from_, pairs.from.texts()), to = encode_all(*to_, pairs.to.texts());
    for (const std::string& note : text_notes(pairs.from, from, 0)) out.notes.push_back(note);
    out.data = dataset(from, to);
    out.has_target = need_target;
    out.echo.emplace_back("text", pairs.from.texts());
    return out;
  }

  const Tokenizer* tokenizer() const override { return from_.get(); }
  const Tokenizer* target_tokenizer() const override { return to_.get(); }

 private:
  void make_tokenizers() {
    if (data_.target_tokenizer.is_null()) data_.target_tokenizer = data_.tokenizer;
    for (const auto& [spec, place] :
         {std::pair{&data_.tokenizer, "data.tokenizer"}, {&data_.target_tokenizer, "data.target_tokenizer"}})
      if (const Value* cut = spec->find("max_length"); cut != nullptr && *cut != Value(0))
        throw Error(ErrorKind::config, cut->place(std::string(place) + ".max_length"),
                    "would cut lines, and half a line is no translation of a whole one",
                    "set data.max_length, which leaves long pairs out of training");
    from_ = tokenizers().make(data_.tokenizer, "data.tokenizer");
    Value bounded = tokenizers().written_out(data_.target_tokenizer);
    bounded.set("bounds", true);  // a translation begins and ends
    data_.target_tokenizer = bounded;
    to_ = tokenizers().make(data_.target_tokenizer, "data.target_tokenizer");
  }

  static void learn(Tokenizer& tokenizer, const TextList& list, const RowIndices& rows) {
    tokenizer.learn([&](const std::function<void(std::string_view)>& visit) {
      for (std::uint32_t row : rows) visit(list.texts()[row]);
    });
    require_known_tokens(tokenizer);
  }

  static Pairs read(const std::vector<std::string>& names, const std::string& folder, const std::string& place,
                    std::vector<std::string>& notes) {
    if (names.size() != 2)
      throw Error(ErrorKind::config, {place, "two files, [from, to]", count_text(names.size(), "file"), ""});
    return paired({data_file(folder, names[0], place + "[0]"), data_file(folder, names[1], place + "[1]")}, notes);
  }

  // Two files' lines, without the pairs of which one side is empty.
  static Pairs paired(const std::vector<std::string>& files, std::vector<std::string>& notes) {
    std::vector<std::string> from = lines_of(read_text_file(files[0])), to = lines_of(read_text_file(files[1]));
    if (from.size() != to.size())
      throw Error(ErrorKind::data, {files[1], fmt::format("{} lines, as many as {} has", from.size(), files[0]),
                                    std::to_string(to.size()), "line k of one must belong to line k of the other"});
    Pairs pairs;
    pairs.from.add_rows(files[0], from);
    pairs.to.add_rows(files[1], to);
    RowIndices whole;
    for (std::uint32_t i = 0; i < pairs.from.size(); ++i)
      if (!pairs.from.texts()[i].empty() && !pairs.to.texts()[i].empty()) whole.push_back(i);
    if (whole.empty()) throw Error(ErrorKind::data, files[0], "has no line with a counterpart in " + files[1]);
    const std::size_t left_out = pairs.from.size() - whole.size();
    if (left_out > 0)
      notes.push_back(count_text(left_out, "pair of lines", "pairs of lines") + " with an empty side left out");
    return {pairs.from.select(whole), pairs.to.select(whole)};
  }

  void leave_out_long(const EncodedTexts& from, const EncodedTexts& to, RowIndices& rows,
                      std::vector<std::string>& notes) const {
    if (data_.max_length == 0) return;
    const std::size_t left = std::erase_if(rows, [&](std::uint32_t row) {
      constexpr std::int32_t kMarks = 2;
      return from.lengths[row] > data_.max_length || to.lengths[row] - kMarks > data_.max_length;
    });
    if (rows.empty())
      throw Error(ErrorKind::config, {"data.max_length", "a length that some training pair has",
                                      std::to_string(data_.max_length), "the limit is in tokens"});
    if (left > 0)
      notes.push_back(fmt::format("{} longer than {} tokens, not trained on", count_text(left, "pair is", "pairs are"),
                                  data_.max_length));
  }

  static std::shared_ptr<const Dataset> dataset(const EncodedTexts& from, const EncodedTexts& to) {
    auto stored = [](const EncodedTexts& texts) {
      return SequenceStore(Tensor::from(texts.tokens, {static_cast<std::int64_t>(texts.tokens.size())}), texts.lengths);
    };
    return std::make_shared<const PairDataset>(stored(from), stored(to));
  }

  TaskSpec task() const {
    TaskSpec t;
    t.kind = Task::multiclass;
    t.translation = true;
    t.outputs = {"translation"};
    for (std::int64_t i = 0; i < to_->size(); ++i)
      t.classes.push_back(repaired_utf8(to_->token(static_cast<std::int32_t>(i))));
    return t;
  }

  ParallelDataParams data_;
  ParallelPrepareParams prepare_;
  std::unique_ptr<Tokenizer> from_, to_;
};

}  // namespace

void register_parallel(Catalog<Source>& catalog) {
  catalog.add<ParallelSource>("parallel",
                              "Two text files in UTF-8, line by line: what is given and what to make of it.");
}

}  // namespace gradus
