#include <algorithm>
#include <cmath>

#include "gradus/base/error.h"
#include "gradus/data/numbers.h"
#include "gradus/data/source.h"
#include "gradus/data/stream_dataset.h"
#include "gradus/data/table_files.h"
#include "gradus/data/text/text_list.h"
#include "gradus/data/text/tokenizer.h"
#include "gradus/data/text/utf8.h"

namespace gradus {
namespace {

// How a text is read until training says how, see Dataset::in_streams.
constexpr std::int64_t kStreams = 16, kLength = 128;

struct TextDataParams {
  std::string format = "text";
  PartFiles files;
  Value tokenizer = "char";
  void fields(Fields& f) {
    f("format", format, {"text"}, "the files' format");
    f("source", files.source, "the text's file, or several that are read one after the other; the split divides it");
    f("train", files.train, "the training text's file or files, where training and test text are kept apart");
    f("test", files.test, "the test text's file or files");
    f("tokenizer", tokenizer, "a name or { type = ..., ... }", "how the text is divided: char, word or bpe");
  }
};

struct TextPrepareParams {
  Value split;
  void fields(Fields& f) {
    f("split", split, "{ method = ..., train = ..., validation = ..., test = ... }",
      "how the text is divided: contiguous, or files; no default");
  }
};

// The parts of a text, in order.
struct TextParts {
  std::string_view train, validation, test, unused;
};

// Plain text whose next symbol is to be predicted, everywhere.
class TextSource final : public Source {
 public:
  struct Params {
    TextDataParams data;
    TextPrepareParams prepare;
    void fields(Fields& f) {
      f("data", data, "the [data] section");
      f("prepare", prepare, "the [prepare] section");
    }
  };

  explicit TextSource(Params p) : data_(std::move(p.data)), prepare_(std::move(p.prepare)) {}

  LoadedData load(const std::string& folder, std::uint64_t) override {
    SplitParams split = required_split(prepare_.split);
    check_split(split);
    if (const Value* cut = data_.tokenizer.find("max_length"); cut != nullptr && *cut != Value(0))
      throw Error(ErrorKind::config, cut->place("data.tokenizer.max_length"),
                  "would cut the whole text to its beginning",
                  "leave it out; train.sequence_length says how far back gradients go");
    if (const Value* bounds = data_.tokenizer.find("bounds"); bounds != nullptr && *bounds == Value(true))
      throw Error(ErrorKind::config, bounds->place("data.tokenizer.bounds"), "marks texts, and this is one whole",
                  "leave it out");
    check_parts(split, data_.files.given(), "book.txt");
    const bool by_files = split.method == "files";
    std::string text =
        by_files ? read(data_.files.train, folder, "data.train") : read(data_.files.source, folder, "data.source");
    std::string test = by_files ? read(data_.files.test, folder, "data.test") : "";
    TextParts parts = divide(text, test, split);
    if (parts.train.empty())
      throw Error(ErrorKind::data, by_files ? data_.files.train[0] : data_.files.source[0],
                  text.empty() ? "the text is empty" : "its training part is empty", "");
    tokenizer_ = tokenizers().make(data_.tokenizer, "data.tokenizer");
    tokenizer_->learn([&](const std::function<void(std::string_view)>& visit) { visit(parts.train); });
    require_known_tokens(*tokenizer_);

    LoadedData out;
    out.symbols = tokenizer_->size();
    out.task = task();
    Value sizes = Value::table();
    auto part = [&](const char* name, std::string_view piece) -> std::shared_ptr<const Dataset> {
      if (piece.empty()) return nullptr;
      require_token_memory(*tokenizer_, piece, "the " + std::string(name) + " part");
      std::vector<std::int32_t> tokens = tokenizer_->encode(piece);
      sizes.set(name, static_cast<std::int64_t>(tokens.size()));
      note_unknown(tokens, name, out.notes);
      return dataset(tokens, "the " + std::string(name) + " part", "give it a larger share, or use a longer text");
    };
    out.train = part("train", parts.train);
    out.validation = part("validation", parts.validation);
    out.test = part("test", parts.test);
    out.summary = Value::table();
    out.summary.set("format", "text");
    out.summary.set("task", "next symbol");
    out.summary.set("symbols", sizes);
    out.summary.set("vocabulary", out.symbols);
    return out;
  }

  Value state() const override {
    Value v = Value::table();
    v.set("tokenizer", tokenizer_state(data_.tokenizer, *tokenizer_));
    return v;
  }
  void restore(const Value& state) override {
    data_.tokenizer = state.at("tokenizer").at("tokenizer");
    tokenizer_ = restored_tokenizer(state.at("tokenizer"));
  }

  OpenedData open(const std::vector<std::string>& files, bool) override {
    if (files.empty()) throw Error(ErrorKind::usage, "--data", "names no file");
    std::string text = read(files);
    OpenedData out;
    out.has_target = true;
    require_token_memory(*tokenizer_, text, files[0]);
    std::vector<std::int32_t> tokens = tokenizer_->encode(text);
    note_unknown(tokens, files[0], out.notes);
    out.data = dataset(tokens, files[0], "use a longer text");
    return out;
  }

  const Tokenizer* tokenizer() const override { return tokenizer_.get(); }

 private:
  static void check_split(const SplitParams& split) {
    if (split.method != "contiguous" && split.method != "files")
      throw Error(ErrorKind::config, "prepare.split",
                  "method \"" + split.method + "\" divides examples, and a text to go on with is one whole",
                  "write split = { method = \"contiguous\", train = 0.9, validation = 0.05, test = 0.05 }");
  }

  static std::string read(const std::vector<std::string>& files, const std::string& folder, const std::string& place) {
    std::vector<std::string> paths;
    for (const std::string& file : files) paths.push_back(data_file(folder, file, place));
    return read(paths);
  }
  static std::string read(const std::vector<std::string>& paths) {
    std::string text;
    for (const std::string& path : paths) {
      std::string more = read_text_file(path);
      text = text.empty() ? std::move(more) : text + more;
    }
    return text;
  }

  // Shares are those of the bytes, ends moved to the next whole character.
  static TextParts divide(std::string_view text, std::string_view test, const SplitParams& split) {
    auto cut = [&](double share) {
      auto at = static_cast<std::size_t>(std::llround(share * static_cast<double>(text.size())));
      at = std::min(at, text.size());
      while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
      return at;
    };
    if (split.method == "files") {
      const std::size_t end = cut(1 - split.validation);
      return {text.substr(0, end), text.substr(end), test, {}};
    }
    const double train = split.train.value_or(0), last = train + split.validation;
    const std::size_t a = cut(train), b = cut(last), c = cut(last + split.test.value_or(0));
    return {text.substr(0, a), text.substr(a, b - a), text.substr(b, c - b), text.substr(c)};
  }

  std::shared_ptr<const Dataset> dataset(const std::vector<std::int32_t>& tokens, const std::string& name,
                                         const std::string& fix) const {
    const auto count = static_cast<std::int64_t>(tokens.size());
    if (count < 2)
      throw Error(ErrorKind::data,
                  {name, "two symbols or more, as each one's next is what is learned", std::to_string(count), fix});
    return std::make_shared<const StreamDataset>(Tensor::from(tokens, {count}), kStreams, kLength);
  }

  static void note_unknown(const std::vector<std::int32_t>& tokens, const std::string& name,
                           std::vector<std::string>& notes) {
    const auto unknown = std::ranges::count(tokens, kUnknown);
    if (unknown > 0)
      notes.push_back(name + ": " + count_text(static_cast<std::size_t>(unknown), "symbol") + " of " +
                      std::to_string(tokens.size()) + " unknown to the training part");
  }

  TaskSpec task() const {
    TaskSpec t;
    t.kind = Task::multiclass;
    t.language = true;
    t.outputs = {"next"};
    for (std::int64_t i = 0; i < tokenizer_->size(); ++i)
      t.classes.push_back(repaired_utf8(tokenizer_->token(static_cast<std::int32_t>(i))));
    return t;
  }

  TextDataParams data_;
  TextPrepareParams prepare_;
  std::unique_ptr<Tokenizer> tokenizer_;
};

}  // namespace

void register_text(Catalog<Source>& catalog) {
  catalog.add<TextSource>("text", "Plain text in UTF-8 to go on with: letter by letter, or word by word.");
}

}  // namespace gradus
