#include "gradus/data/sequence_dataset.h"

#include "gradus/base/error.h"

namespace gradus {

SequenceDataset::SequenceDataset(Tensor steps, const std::vector<std::int32_t>& lengths, Target per, Tensor target,
                                 Tensor weight)
    : sequences_(std::move(steps), lengths), per_(per), target_(std::move(target)), weight_(std::move(weight)) {
  check_labels(per_ == Target::step ? sequences_.steps() : size(), target_, {});
  if (weight_.defined() && weight_.shape() != Shape{size()})
    throw Error(ErrorKind::data, {"sequences", "weights [" + std::to_string(size()) + "]", weight_.shape().text(),
                                  "one for each sequence"});
}

Batch SequenceDataset::fetch(std::span<const std::uint32_t> rows) const {
  Batch batch;
  batch.lengths = sequences_.lengths(rows);
  batch.inputs = sequences_.padded(rows);
  if (per_ == Target::sequence) {
    fetch_labels(target_, weight_, rows, batch);
    return batch;
  }
  batch.target = sequences_.padded(target_, rows);
  Tensor own = weight_.defined() ? gather_rows(weight_, rows) : Tensor();
  batch.weight = weigh_steps(batch.lengths, batch.inputs.dim(1), own, batch.total_weight);
  return batch;
}

PairDataset::PairDataset(SequenceStore sources, SequenceStore targets)
    : sources_(std::move(sources)), targets_(std::move(targets)) {
  if (sources_.size() != targets_.size())
    throw Error(ErrorKind::data, {"pairs", "as many targets as sources, " + std::to_string(sources_.size()),
                                  std::to_string(targets_.size()), ""});
  for (std::int64_t i = 0; i < size(); ++i)
    if (targets_.length(static_cast<std::uint32_t>(i)) < 2)
      throw Error(ErrorKind::data, {"pairs", "two symbols or more in each target, the first of which is only shown",
                                    "one in target " + std::to_string(i) + " (the first is 0)", ""});
}

Batch PairDataset::fetch(std::span<const std::uint32_t> rows) const {
  Batch batch;
  batch.inputs = sources_.padded(rows);
  batch.lengths = sources_.lengths(rows);
  batch.shown = targets_.padded(rows, 0, 1);
  batch.shown_lengths = targets_.lengths(rows, 1);
  batch.target = targets_.padded(rows, 1, 1);
  batch.weight = weigh_steps(batch.shown_lengths, batch.target.dim(1), {}, batch.total_weight);
  return batch;
}

}  // namespace gradus
