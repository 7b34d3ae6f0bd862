#include <cmath>

#include "../base/expect_error.h"
#include "../tensor/oracle.h"
#include "gradus/nn/loss.h"

// Losses of masks: against PyTorch, central differences, and worked by hand.
namespace gradus {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::unique_ptr<Loss> loss_of(const std::string& type, Value params) {
  params.set("type", type);
  return make_loss(params, "loss");
}

void run_case(const Case& c, Dtype dtype, int shards, double tolerance) {
  SCOPED_TRACE(c.name + " in " + std::to_string(shards));
  auto loss = loss_of(c.op, c.params);
  Tensor z = tensor_of(c.inputs.at("logits"), dtype).set_requires_grad(),
         t = tensor_of(c.inputs.at("target"), Dtype::i32);
  LossWeights w;
  if (c.inputs.count("weight") != 0) w.weight = tensor_of(c.inputs.at("weight"), dtype);
  Tensor y = (*loss)(shard(z, shards), shard(t, shards), w);
  expect_close(values_of(y), c.outputs.at("loss").data, tolerance, c.name);
  expect_close(backward(y)[z], c.grads.at("logits"), tolerance, c.name + " gradient");
}

TEST(SegmentationLosses, AgreeWithPyTorch) {
  int ran = 0;
  for (const Case& c : read_cases(TEST_DATA "/oracles/segmentation_losses.json")) {
    int most = static_cast<int>(c.inputs.at("logits").shape[0]);
    for (int s = 1; s <= most; ++s) run_case(c, Dtype::f64, s, 1e-12);
    run_case(c, Dtype::f32, 2, 1e-5);
    ++ran;
  }
  EXPECT_EQ(ran, 4 * 36 + 6);
}

// The sums of an example are its own, and are added in the examples' order.
TEST(SegmentationLosses, AreTheSameBitsHoweverTheBatchIsCut) {
  Tensor x = Tensor::normal({37, 9, 7, 4}, 0, 2, {1, 0, 0});
  Tensor t = argmax(Tensor::normal({37, 9, 7, 4}, 0, 1, {2, 0, 0}));
  for (const char* type : {"dice", "tversky"}) {
    auto loss = make_loss(type, "loss");
    auto run = [&](int shards, int workers) {
      Threads threads;
      set_threads(workers);
      Tensor z = x.copy().set_requires_grad();
      Tensor y = (*loss)(shard(z, shards), shard(t, shards), {});
      std::vector<double> all = values_of(backward(y)[z]);
      all.push_back(y.item());
      return all;
    };
    std::vector<double> whole = run(1, 1);
    for (int shards : {2, 3, 8})
      for (int workers : {1, 2, 4}) EXPECT_EQ(run(shards, workers), whole) << type << " " << shards << " " << workers;
  }
}

TEST(SegmentationLosses, GradientsMatchCentralDifferences) {
  Tensor t = argmax(Tensor::normal({3, 4, 5, 3}, 0, 1, {3, 0, 0}));
  for (const char* type : {"dice", "tversky", "combined"}) {
    auto loss = make_loss(type, "loss");
    Tensor z = Tensor::normal({3, 4, 5, 3}, 0, 1, {4, 0, 0}, Dtype::f64).set_requires_grad();
    std::vector<double> got = values_of(backward((*loss)(shard(z, 2), shard(t, 2), {}))[z]), slopes;
    NoGrad no_grad;
    double* v = z.mutable_data<double>();
    for (std::int64_t i = 0; i < z.size(); ++i) {
      double middle = v[i];
      v[i] = middle + 1e-5;
      double above = (*loss)(z, t, {}).item();
      v[i] = middle - 1e-5;
      slopes.push_back((above - (*loss)(z, t, {}).item()) / 2e-5);
      v[i] = middle;
    }
    expect_close(got, slopes, 1e-9, type);
  }
}

// Certain scores give 0 or 1 probabilities: 2 of 3 places of class 1 are found and none is wrongly given to it.
TEST(SegmentationLosses, OfCertainScoresAreTheIndices) {
  Tensor z = Tensor::from(std::vector<double>{0, 99, 0, 99, 99, 0, 99, 0}, {1, 4, 2}),
         t = Tensor::from(std::vector<std::int32_t>{1, 1, 1, 0}, {1, 4});
  Value plain(Value::Table{{"smooth", 0}, {"background", false}});
  EXPECT_NEAR((*loss_of("dice", plain))(z, t).item(), 1 - 2 * 2.0 / (2 + 3), 1e-12);
  plain.set("alpha", 0.25);
  plain.set("beta", 0.5);
  EXPECT_NEAR((*loss_of("tversky", plain))(z, t).item(), 1 - 2 / (2 + 0.5 * 1), 1e-12);
  // A class that is nowhere true nor predicted is as it should be.
  Tensor all = Tensor::from(std::vector<std::int32_t>{0, 0}, {1, 2}),
         sure = Tensor::from(std::vector<double>{2000, 0, 2000, 0}, {1, 2, 2}).set_requires_grad();
  Tensor y = (*loss_of("dice", Value(Value::Table{{"smooth", 0}})))(sure, all);
  EXPECT_EQ(y.item(), 0);
  EXPECT_EQ(values_of(backward(y)[sure]), std::vector<double>(4, 0));
}

TEST(SegmentationLosses, OnePlaceOrMoreMustWeigh) {
  Tensor z = Tensor::zeros({2, 3, 2}), t = Tensor::zeros({2, 3}).to(Dtype::i32);
  auto dice = make_loss("dice", "loss");
  EXPECT_THAT(error_of(ErrorKind::value, [&] { (*dice)(z, t, {Tensor::zeros({2}), 0}); }), HasSubstr("above 0"));
  EXPECT_THAT(error_of(ErrorKind::shape, [&] { (*dice)(z, t, {Tensor::ones({3}), 0}); }), HasSubstr("weights [2, 3]"));
}

TEST(SegmentationLosses, RefuseWhatIsNoMask) {
  auto dice = make_loss("dice", "loss");
  Tensor z = Tensor::zeros({2, 3, 2});
  EXPECT_THAT(error_of(ErrorKind::shape, [&] { (*dice)(z, Tensor::zeros({2, 3})); }), HasSubstr("class numbers"));
  EXPECT_THAT(error_of(ErrorKind::shape,
                       [&] {
                         (*dice)(z, Tensor::zeros({3, 2}).to(Dtype::i32));
                       }),
              AllOf(HasSubstr("[2, 3, 2]"), HasSubstr("[3, 2]")));
  EXPECT_THAT(error_of(ErrorKind::value,
                       [&] {
                         (*dice)(z, Tensor::full({2, 3}, 2).to(Dtype::i32));
                       }),
              HasSubstr("[0, 2), got 2"));
  Tensor one = Tensor::zeros({2, 3, 1});
  EXPECT_THAT(error_of(ErrorKind::value,
                       [&] {
                         (*dice)(one, Tensor::full({2, 3}, 2).to(Dtype::i32));
                       }),
              HasSubstr("[0, 2), got 2"));
  EXPECT_THAT(error_of(ErrorKind::shape, [&] { (*dice)(Tensor::zeros({2}), Tensor::zeros({2}).to(Dtype::i32)); }),
              HasSubstr("scores [n, .., classes]"));
}

Error combining(Value::Table params) {
  params.emplace_back("type", "combined");
  try {
    make_loss(Value(std::move(params)), "model.loss");
  } catch (const Error& e) {
    return e;
  }
  return Error(ErrorKind::state, "no error", "");
}

TEST(CombinedLoss, RefusesWhatDoesNotGoTogether) {
  auto list = [](std::vector<const char*> names) { return Value(Value::Array(names.begin(), names.end())); };
  EXPECT_THAT(combining({{"losses", list({})}}).what(), HasSubstr("model.loss.losses: expected at least one loss"));
  EXPECT_THAT(combining({{"losses", list({"cross_entropy", "dise"})}}).what(),
              AllOf(HasSubstr("model.loss.losses[1]"), HasSubstr("dice")));
  EXPECT_THAT(combining({{"losses", list({"mse", "dice"})}}).what(), HasSubstr("mse and dice go apart"));
  EXPECT_THAT(combining({{"losses", list({"binary_cross_entropy", "cross_entropy"})}}).what(),
              HasSubstr("cross_entropy needs a score for each class"));
  EXPECT_THAT(combining({{"weights", Value::Array{1}}}).what(), HasSubstr("expected 2 numbers, one per loss, got 1"));
  EXPECT_THAT(combining({{"weights", Value::Array{1, 0}}}).what(), HasSubstr("expected numbers above 0"));
}

TEST(CombinedLoss, OfNumbersTakesNumbers) {
  Value losses(Value::Array{"mse", "mae"});
  auto loss = make_loss(Value(Value::Table{{"type", "combined"}, {"losses", losses}}), "loss");
  EXPECT_EQ(loss->target_kind(), TargetKind::values);
  Tensor p = Tensor::from(std::vector<double>{1, 4}, {2, 1}), t = Tensor::from(std::vector<double>{3, 3}, {2, 1});
  EXPECT_NEAR((*loss)(p, t).item(), (4 + 1) / 2.0 + (2 + 1) / 2.0, 1e-12);
}

TEST(CombinedLoss, HasOneScoreWhereOneOfItsLossesHas) {
  Value losses(Value::Array{"binary_cross_entropy", "dice"});
  auto loss = make_loss(Value(Value::Table{{"type", "combined"}, {"losses", losses}}), "loss");
  EXPECT_EQ(loss->outputs(2), 1);
  EXPECT_TRUE(loss->gives_probabilities());
  EXPECT_EQ(make_loss("combined", "loss")->outputs(4), 4);
}

}  // namespace
}  // namespace gradus
