#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gradus/data/alphabet.h"
#include "gradus/data/linear_scale.h"
#include "gradus/data/source.h"
#include "gradus/data/target.h"

namespace gradus {

// What the [data] sections of all sources of sequences have in common.
struct SequenceFiles {
  Value source, train, test;
  GivenParts given() const { return {!source.is_null(), !train.is_null(), !test.is_null()}; }
};

struct SequencePrepareParams {
  Value split;
  std::string scale = "none";
  Value scale_target;
  void fields(Fields& f);
};

// Sequences before they are divided: their steps one after the other, as letters or as numbers, and what is known of
// them.
struct Sequences {
  std::vector<std::int32_t> lengths;  // at least one step each
  std::string letters;                // a letter a step, or
  std::vector<double> values;         // the numbers of each step, row-major
  std::vector<std::string> names;     // what people know each by
  Table known;                        // a row for each sequence: labels, groups
  Table known_steps;                  // a row for each step, where these have the targets
  std::vector<std::string> notes;

  std::size_t size() const { return lengths.size(); }
  std::size_t steps() const;
  // Throws Error{data} for more than 2^31 - 1 steps.
  void add(std::string name, std::size_t steps);
  void append(Sequences more);
};

// Sequences with labels turned into parts: what the sources of letters, tables and sounds share. A source says where
// its sequences are. Where all have one length the examples are arrays [time, features], else SequenceDataset pads
// them.
class SequenceSource : public Source {
 public:
  LoadedData load(const std::string& folder, std::uint64_t seed) final;
  Value state() const override;
  void restore(const Value& state) override;
  OpenedData open(const std::vector<std::string>& files, bool need_target) final;

 protected:
  SequenceSource(SequenceFiles files, SequencePrepareParams prepare)
      : files_(std::move(files)), prepare_(std::move(prepare)) {}

  // The sequences that a key of [data] names; relative names start at `folder`.
  virtual Sequences gather(const Value& given, const std::string& folder, const std::string& place) = 0;
  // The sequences in files that a user names, with their targets if these are needed; Error{data} where there are none.
  virtual Sequences gather_new(const std::vector<std::string>& files, bool need_target) = 0;
  virtual std::string format_name() const = 0;
  virtual std::string example_source() const = 0;  // what data.source could name
  // The column that names the sequences beside predictions.
  virtual std::string name_column() const { return "id"; }
  // The columns of what is known that hold the target, and what task it is.
  virtual TargetParams target_params() const = 0;

  std::string folder_;                       // where the config lies
  std::optional<std::string> group_column_;  // that the split goes by
  std::optional<Alphabet> alphabet_;         // of sequences of letters
  std::vector<std::string> features_;        // names of the numbers of a step
  bool per_step_ = false;                    // whether each step has a target
  Target target_;                            // once it is known

 private:
  Sequences gather_all(const SplitParams& split, std::size_t& train);
  const Table& known(const Sequences& s) const { return per_step_ ? s.known_steps : s.known; }
  RowIndices labelled(const Sequences& s, std::vector<std::string>& notes) const;
  void choose_task(const Table& known, std::vector<std::string>& notes);
  void fit_scales(const Sequences& s, const RowIndices& steps);
  Tensor inputs(const Sequences& s) const;
  Tensor targets(const Sequences& s, const RowIndices& rows) const;
  std::shared_ptr<const Dataset> dataset(const Sequences& s, Tensor target) const;
  Value summary(const Sequences& s, const Split& parts) const;

  SequenceFiles files_;
  SequencePrepareParams prepare_;
  std::vector<LinearScale> scales_;  // of each feature; empty for letters
  TaskSpec task_;
};

}  // namespace gradus
