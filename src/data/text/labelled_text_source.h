#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gradus/data/source.h"
#include "gradus/data/table_files.h"
#include "gradus/data/text/text_list.h"
#include "gradus/data/text/tokenizer.h"

namespace gradus {

// What the [data] sections of all sources of labelled texts have in common. Each source says what its files are.
struct TextDataParams {
  PartFiles files;
  std::string task = "auto";
  Value tokenizer = "word";
  void shared_fields(Fields& f);
};

struct TextPrepareParams {
  Value split, scale_target;
  void fields(Fields& f);
};

// Texts with a class or numbers for each, as sequences of token numbers [n, time]. The tokenizer learns from the
// training part alone. A text without a token is one kUnknown.
class LabelledTextSource : public Source {
 public:
  LoadedData load(const std::string& folder, std::uint64_t seed) final;
  Value state() const override;
  void restore(const Value& state) override;
  OpenedData open(const std::vector<std::string>& files, bool need_target) final;
  const Tokenizer* tokenizer() const override { return tokenizer_.get(); }

 protected:
  LabelledTextSource(TextDataParams data, TextPrepareParams prepare)
      : data_(std::move(data)), prepare_(std::move(prepare)) {}

  // The texts that a key of [data] names, with their targets and, if the split goes by one, `group`; relative names
  // start at `folder`. Adds to the notes what was found and repaired.
  virtual TextList gather(const std::vector<std::string>& names, const std::string& folder, const std::string& place,
                          std::vector<std::string>& notes) = 0;
  // The texts in files that a user names, with their targets if these are needed; Error{data} when they have none.
  virtual TextList gather_new(const std::vector<std::string>& files, bool need_target) = 0;
  virtual std::string format_name() const = 0;
  virtual std::string example_name() const = 0;  // of a file, for errors
  virtual std::vector<std::string> target_columns() const = 0;
  // Whether each text is a file of its own, which predictions then name.
  virtual bool is_by_file() const { return false; }

  const TextDataParams& data() const { return data_; }
  const Target& target() const { return target_; }
  const std::optional<std::string>& split_column() const { return split_column_; }

 private:
  TextList gather_parts(const std::string& folder, const SplitParams& split, std::size_t& train_texts,
                        std::vector<std::string>& notes);
  Split divide(const TextList& list, const SplitParams& split, std::size_t train_texts, std::uint64_t seed,
               LoadedData& out);
  EncodedTexts encode(const TextList& list) const;
  Tensor targets(const Table& known) const;
  std::shared_ptr<const Dataset> dataset(const EncodedTexts& encoded, Tensor target) const;
  std::int64_t max_length() const;

  TextDataParams data_;
  TextPrepareParams prepare_;
  std::optional<std::string> split_column_;
  std::unique_ptr<Tokenizer> tokenizer_;
  Target target_;
  TaskSpec task_;
};

}  // namespace gradus
