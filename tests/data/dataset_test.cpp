#include "gradus/data/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "../base/expect_error.h"
#include "gradus/data/sequence_dataset.h"

namespace gradus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Rows = std::vector<std::uint32_t>;

Tensor counting(const Shape& shape) { return reshape(Tensor::arange(shape.size()), shape); }

TEST(ArrayDataset, TargetsMayBeMasks) {
  ArrayDataset data({Tensor::zeros({3, 2, 2, 1})}, counting({3, 2, 2}).to(Dtype::i32));
  Batch batch = data.fetch(Rows{2, 0});
  EXPECT_EQ(batch.target.shape(), (Shape{2, 2, 2}));
  EXPECT_THAT(batch.target.to_vector<std::int32_t>(), ElementsAre(8, 9, 10, 11, 0, 1, 2, 3));
  EXPECT_FALSE(batch.lengths.defined());
}

TEST(ArrayDataset, ExamplesOrTheirPlacesHaveWeights) {
  Tensor x = Tensor::zeros({3, 1}), mask = Tensor::zeros({3, 2}, Dtype::i32);
  Batch examples = ArrayDataset({x}, mask, Tensor::from({1, 2, 4}, {3})).fetch(Rows{2, 0});
  EXPECT_THAT(examples.weight.to_vector<float>(), ElementsAre(4, 1));
  EXPECT_EQ(examples.total_weight, 5);
  Batch places = ArrayDataset({x}, mask, counting({3, 2})).fetch(Rows{2, 0});
  EXPECT_EQ(places.weight.shape(), (Shape{2, 2}));
  EXPECT_EQ(places.total_weight, 4 + 5 + 0 + 1);
  EXPECT_EQ(ArrayDataset({x}, mask).fetch(Rows{2, 0}).total_weight, 2);
}

TEST(ArrayDataset, ValuesAreShiftedAndScaled) {
  Tensor bytes = Tensor::from(std::vector<std::uint8_t>{0, 255, 3, 5}, {2, 2});
  for (const Tensor& values : {bytes, bytes.to(Dtype::f32)})
    EXPECT_THAT(ArrayDataset({values, 1, 0.5f}, Tensor::zeros({2, 1})).fetch(Rows{1, 0}).inputs.to_vector<float>(),
                ElementsAre(1, 2, -0.5, 127));
}

TEST(ArrayDataset, TargetsAndWeightsMustFit) {
  Tensor x = Tensor::zeros({3, 2}), y = Tensor::zeros({3, 4}, Dtype::i32);
  EXPECT_THAT(error_of(ErrorKind::data,
                       [&] {
                         ArrayDataset({x}, Tensor::zeros({2, 4}));
                       }),
              AllOf(HasSubstr("targets [3, ...]"), HasSubstr("got [2, 4]")));
  for (const Shape& wrong : {Shape{2}, Shape{3, 2}, Shape{3, 4, 1}, Shape{}})
    EXPECT_THAT(error_of(ErrorKind::data, [&] { ArrayDataset({x}, y, Tensor::zeros(wrong)); }),
                AllOf(HasSubstr("weights [3, 4]"), HasSubstr("got " + wrong.text())));
}

TEST(Subset, ShowsItsRowsInTheirOrder) {
  auto whole = std::make_shared<ArrayDataset>(ArrayInputs{counting({4, 1})}, Tensor::zeros({4, 1}));
  auto some = std::make_shared<Subset>(whole, Rows{3, 1, 1});
  EXPECT_EQ(some->size(), 3);
  EXPECT_EQ(some->input_shape(), (Shape{1}));
  EXPECT_THAT(some->fetch(Rows{2, 0}).inputs.to_vector<float>(), ElementsAre(1, 3));
  EXPECT_THAT(Subset(some, Rows{1, 0}).fetch(Rows{1, 0}).inputs.to_vector<float>(), ElementsAre(3, 1));
  EXPECT_THAT(error_of(ErrorKind::value,
                       [&] {
                         Subset(whole, Rows{0, 4, 1});
                       }),
              AllOf(HasSubstr("rows below 4"), HasSubstr("got 4")));
}

// 5,000 examples of one number and 3 of a million.
TEST(EachBatch, HandsOutAllExamplesInOrder) {
  for (auto [n, width, batches] : {std::tuple{5000, 1, 5}, {3, 1'000'000, 3}}) {
    ArrayDataset data({Tensor::zeros({n, width})}, counting({n, 1}));
    int calls = 0;
    std::vector<float> seen;
    each_batch(data, 1 << 20, [&](const Batch& batch) {
      ++calls;
      for (float y : batch.target.to_vector<float>()) seen.push_back(y);
    });
    EXPECT_EQ(calls, batches);
    EXPECT_EQ(seen, counting({n}).to_vector<float>());
  }
}

TEST(Fingerprint, ChangesWithEveryPartOfTheExamples) {
  Tensor x = counting({3, 2}), y = Tensor::zeros({3, 1}), w = Tensor::ones({3});
  std::vector<std::uint64_t> all;
  auto add = [&](const Dataset& data) { all.push_back(fingerprint(data)); };
  add(ArrayDataset({x}, y));
  add(ArrayDataset({x, 0, 2}, y));
  add(ArrayDataset({x}, y + 1));
  add(ArrayDataset({x}, y, w));
  add(ArrayDataset({x}, y, w * 2));
  add(ArrayDataset({reshape(x, {3, 1, 2})}, y));
  add(Subset(std::make_shared<ArrayDataset>(ArrayInputs{x}, y), {0, 2, 1}));
  add(SequenceDataset(counting({6, 1}), {1, 2, 3}, SequenceDataset::Target::sequence, y));
  add(SequenceDataset(counting({6, 1}), {2, 1, 3}, SequenceDataset::Target::sequence, y));
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::unique(all.begin(), all.end()), all.end());
  EXPECT_EQ(fingerprint(ArrayDataset({x}, y)), fingerprint(ArrayDataset({x.copy()}, y.copy())));
}

// Sequences 0 | 1 2 | 3 4 5.
TEST(SequenceDataset, BatchesArePaddedToTheirLongest) {
  SequenceDataset data(counting({6, 1}), {1, 2, 3}, SequenceDataset::Target::sequence,
                       Tensor::from({10, 20, 30}, {3, 1}), Tensor::from({1, 2, 4}, {3}));
  EXPECT_EQ(data.size(), 3);
  EXPECT_EQ(data.input_shape(), (Shape{3, 1}));
  Batch batch = data.fetch(Rows{1, 0});
  EXPECT_EQ(batch.inputs.shape(), (Shape{2, 2, 1}));
  EXPECT_THAT(batch.inputs.to_vector<float>(), ElementsAre(1, 2, 0, 0));
  EXPECT_THAT(batch.lengths.to_vector<std::int32_t>(), ElementsAre(2, 1));
  EXPECT_THAT(batch.target.to_vector<float>(), ElementsAre(20, 10));
  EXPECT_THAT(batch.weight.to_vector<float>(), ElementsAre(2, 1));
  EXPECT_EQ(batch.total_weight, 3);
}

TEST(SequenceDataset, StepsOfThePaddingWeighNothing) {
  Tensor tokens = counting({6}).to(Dtype::i32), classes = (counting({6}) + 10).to(Dtype::i32);
  Batch batch = SequenceDataset(tokens, {1, 2, 3}, SequenceDataset::Target::step, classes).fetch(Rows{0, 2});
  EXPECT_THAT(batch.inputs.to_vector<std::int32_t>(), ElementsAre(0, 0, 0, 3, 4, 5));
  EXPECT_THAT(batch.target.to_vector<std::int32_t>(), ElementsAre(10, 0, 0, 13, 14, 15));
  EXPECT_THAT(batch.weight.to_vector<float>(), ElementsAre(1, 0, 0, 1, 1, 1));
  EXPECT_EQ(batch.total_weight, 4);
  Batch weighted =
      SequenceDataset(tokens, {1, 2, 3}, SequenceDataset::Target::step, classes, Tensor::from({1, 2, 4}, {3}))
          .fetch(Rows{1, 2});
  EXPECT_THAT(weighted.weight.to_vector<float>(), ElementsAre(2, 2, 0, 4, 4, 4));
  EXPECT_EQ(weighted.total_weight, 16);
}

TEST(SequenceDataset, LengthsMustFit) {
  using enum SequenceDataset::Target;
  Tensor steps = counting({6, 1});
  auto error = [&](const std::vector<std::int32_t>& lengths, SequenceDataset::Target per, const Tensor& target,
                   const Tensor& weight = {}) {
    return error_of(ErrorKind::data, [&] { SequenceDataset(steps, lengths, per, target, weight); });
  };
  EXPECT_THAT(error({1, 2}, sequence, counting({2, 1})), AllOf(HasSubstr("steps [3, ...]"), HasSubstr("got [6, 1]")));
  EXPECT_THAT(error({6, 0}, sequence, counting({2, 1})), AllOf(HasSubstr("0 in sequence 1"), HasSubstr("leave")));
  EXPECT_THAT(error({1, 5}, sequence, counting({6, 1})), HasSubstr("targets [2, ...]"));
  EXPECT_THAT(error({1, 5}, step, counting({2, 1})), HasSubstr("targets [6, ...]"));
  EXPECT_THAT(error({1, 5}, step, counting({6, 1}), counting({6})), AllOf(HasSubstr("weights [2]"), HasSubstr("[6]")));
}

}  // namespace
}  // namespace gradus
