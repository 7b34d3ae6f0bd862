#include "gradus/train/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "gradus/base/error.h"

namespace gradus {
namespace {

// y = 2 x0 - 3 x1 + 1, without noise.
ArrayDataset line(std::int64_t n) {
  Tensor x = Tensor::normal({n, 2}, 0, 1, {7, 1, 0});
  std::vector<float> v = x.to_vector<float>(), y;
  for (std::int64_t i = 0; i < n; ++i) y.push_back(2 * v[2 * i] - 3 * v[2 * i + 1] + 1);
  return ArrayDataset({x, 0, 1}, Tensor::from(y, {n, 1}));
}

struct Fixture {
  Network network = nn::network(nn::linear(1));
  std::unique_ptr<Loss> loss = make_loss("mse", "loss");
  TrainParams params;
  Fixture() {
    network.build({2}, 1);
    params.optimizer = Value(Value::Table{{"type", "sgd"}, {"lr", 0.1}});
  }
  TrainResult fit(const Dataset& data, TrainCallbacks callbacks = {}) {
    Trainer trainer(network, *loss, params, 1);
    return trainer.fit(data, callbacks);
  }
};

TEST(Trainer, FindsTheLine) {
  Fixture f;
  f.params.epochs = 50;
  TrainResult r = f.fit(line(200));
  EXPECT_EQ(r.epochs, 50);
  EXPECT_EQ(r.steps, 50 * 7);  // 200 examples in batches of 32
  EXPECT_EQ(r.stopped, Stopped::epochs);
  auto parameters = parameters_of(f.network);
  auto w = parameters[0].value.to_vector<float>();
  EXPECT_NEAR(w[0], 2, 1e-3);
  EXPECT_NEAR(w[1], -3, 1e-3);
  EXPECT_NEAR(parameters[1].value.item(), 1, 1e-3);
}

TEST(Trainer, FullBatchIsOneStepAnEpoch) {
  Fixture f;
  f.params.epochs = 4;
  f.params.batch_size = "all";
  EXPECT_EQ(f.fit(line(100)).steps, 4);
  f.params.batch_size = "half";
  EXPECT_THROW(f.fit(line(100)), Error);
}

TEST(Trainer, StopsWhenTheGradientIsSmall) {
  Fixture f;
  f.params.epochs = 1000;
  f.params.min_gradient_norm = 1e-3;
  TrainResult r = f.fit(line(64));
  EXPECT_EQ(r.stopped, Stopped::small_gradient);
  EXPECT_LT(r.epochs, 1000);
}

TEST(Trainer, StopsAfterItsTime) {
  Fixture f;
  f.params.epochs = 100000000;
  f.params.max_seconds = 0.05;
  EXPECT_EQ(f.fit(line(64)).stopped, Stopped::time);
}

// Validation losses 5, 4, 3, 4, 5, 6: with a patience of 3 training ends after epoch 6 with the weights of epoch 3.
TEST(Trainer, EarlyStoppingRestoresTheBestWeights) {
  Fixture f;
  f.params.epochs = 100;
  f.params.early_stopping = Value(Value::Table{{"patience", 3}});
  std::vector<double> losses = {5, 4, 3, 4, 5, 6};
  std::size_t epoch = 0;
  std::vector<float> at_best;
  TrainCallbacks callbacks;
  callbacks.validate = [&] {
    if (epoch == 2) at_best = parameters_of(f.network)[0].value.to_vector<float>();
    return Measured{{"loss", losses[epoch++]}};
  };
  TrainResult r = f.fit(line(64), callbacks);
  EXPECT_EQ(r.stopped, Stopped::early_stopping);
  EXPECT_EQ(r.epochs, 6);
  EXPECT_EQ(r.best_epoch, 3);
  EXPECT_EQ(parameters_of(f.network)[0].value.to_vector<float>(), at_best);
}

TEST(Trainer, EarlyStoppingOnAScoreWantsMore) {
  Fixture f;
  f.params.epochs = 100;
  f.params.early_stopping = Value(Value::Table{{"monitor", "validation.accuracy"}, {"patience", 2}});
  std::vector<double> accuracy = {0.5, 0.7, 0.6, 0.65, 0.9};
  std::size_t epoch = 0;
  TrainCallbacks callbacks;
  callbacks.validate = [&] { return Measured{{"loss", 1.0}, {"accuracy", accuracy[epoch++]}}; };
  TrainResult r = f.fit(line(64), callbacks);
  EXPECT_EQ(r.epochs, 4);
  EXPECT_EQ(r.best_epoch, 2);
}

TEST(Trainer, UnknownMonitorIsNamed) {
  Fixture f;
  f.params.early_stopping = Value(Value::Table{{"monitor", "validation.acuracy"}});
  TrainCallbacks callbacks;
  callbacks.validate = [] { return Measured{{"loss", 1.0}, {"accuracy", 0.5}}; };
  try {
    f.fit(line(64), callbacks);
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::config);
    EXPECT_THAT(e.what(), testing::HasSubstr("validation.accuracy"));
    EXPECT_THAT(e.what(), testing::HasSubstr("validation.acuracy"));
  }
}

// Checkpoints kept in memory.
struct Saved {
  Value metadata;
  std::vector<std::pair<std::string, Tensor>> tensors;
};
TrainCallbacks saving(std::vector<Saved>& saved) {
  TrainCallbacks callbacks;
  callbacks.save = [&](const Value& m, const std::vector<std::pair<std::string, Tensor>>& tensors) {
    Saved s{m, {}};
    for (auto& [name, t] : tensors) s.tensors.emplace_back(name, t.copy());
    saved.push_back(std::move(s));
  };
  return callbacks;
}

// Every step's state, stored and taken up by a new trainer, ends in the same bits.
TEST(Trainer, ResumesFromAnyStep) {
  ArrayDataset data = line(50);
  auto make = [] {
    Network n = nn::network(nn::linear(6), nn::batch_norm(), nn::tanh(), nn::dropout(0.3), nn::linear(1));
    n.build({2}, 3);
    return n;
  };
  TrainParams params;
  params.epochs = 3;
  params.batch_size = 16;
  params.optimizer = "adam";
  params.schedule = "cosine";
  params.checkpoint_steps = 1;
  auto loss = make_loss("mse", "loss");
  std::vector<Saved> saved;
  TrainCallbacks callbacks = saving(saved);
  Network whole = make();
  Trainer(whole, *loss, params, 5).fit(data, callbacks);
  auto expected = state_of(whole);
  ASSERT_GE(saved.size(), 12u);
  for (const Saved& s : saved) {
    Network resumed = make();
    Trainer trainer(resumed, *loss, params, 5);
    trainer.resume(s.metadata, s.tensors);
    TrainResult r = trainer.fit(data, {});
    EXPECT_EQ(r.history.size(), 3u);
    auto got = state_of(resumed);
    for (std::size_t i = 0; i < got.size(); ++i)
      EXPECT_EQ(got[i].second.to_vector<float>(), expected[i].second.to_vector<float>())
          << got[i].first << " from step " << s.metadata.at("steps").as_integer();
  }
}

// Killed after the last checkpoint and before its model is written, a run that had reached its end has still reached
// it.
TEST(Trainer, ResumedWhereItHadStoppedItTakesNoFurtherStep) {
  ArrayDataset data = line(64);
  Fixture whole;
  whole.params.epochs = 1000;
  whole.params.batch_size = 8;
  whole.params.min_gradient_norm = 0.3;
  std::vector<Saved> saved;
  TrainResult first = whole.fit(data, saving(saved));
  ASSERT_EQ(first.stopped, Stopped::small_gradient);
  ASSERT_NE(first.steps % 8, 0) << "it is to stop inside an epoch";
  Fixture resumed;
  resumed.params = whole.params;
  Trainer trainer(resumed.network, *resumed.loss, resumed.params, 1);
  trainer.resume(saved.back().metadata, saved.back().tensors);
  TrainResult second = trainer.fit(data, {});
  EXPECT_EQ(second.stopped, Stopped::small_gradient);
  EXPECT_EQ(second.steps, first.steps);
  EXPECT_EQ(second.epochs, first.epochs);
  EXPECT_EQ(second.history.size(), first.history.size());
  EXPECT_EQ(parameters_of(resumed.network)[0].value.to_vector<float>(),
            parameters_of(whole.network)[0].value.to_vector<float>());
}

TEST(Trainer, ResumingRefusesOtherDataAndDamagedCounts) {
  Fixture f;
  f.params.epochs = 2;
  f.params.checkpoint_steps = 1;
  std::vector<Saved> saved;
  f.fit(line(64), saving(saved));
  auto resume = [&](const Value& metadata, std::int64_t examples) {
    try {
      Trainer trainer(f.network, *f.loss, f.params, 1);
      trainer.resume(metadata, saved.front().tensors);
      trainer.fit(line(examples), {});
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_EQ(resume(saved.front().metadata, 64), "");
  EXPECT_THAT(resume(saved.front().metadata, 65), testing::HasSubstr("expected 64 examples"));
  for (const char* count : {"steps", "epoch", "position", "examples", "waited"}) {
    Value damaged = saved.front().metadata;
    damaged.set(count, -1);
    EXPECT_THAT(resume(damaged, 64), testing::HasSubstr(count));
  }
  Value far = saved.front().metadata;
  far.set("position", 1'000'000);
  EXPECT_NE(resume(far, 64), "");
}

// A score that is no number at first (R2 of a constant target) does not stand in the way of those after it, nor of
// writing the checkpoint down.
TEST(Trainer, ValuesThatAreNoNumberAreNoImprovement) {
  Fixture f;
  f.params.epochs = 10;
  f.params.early_stopping = Value(Value::Table{{"patience", 3}});
  f.params.schedule = Value(Value::Table{{"type", "plateau"}, {"patience", 1}});
  f.params.checkpoint_steps = 1;
  std::vector<double> losses = {std::nan(""), INFINITY, 3, 2, 2.5, 2.5, 2.5};
  std::vector<Saved> saved;
  std::size_t epoch = 0;
  TrainCallbacks callbacks = saving(saved);
  callbacks.validate = [&] { return Measured{{"loss", losses[epoch++]}}; };
  TrainResult r = f.fit(line(64), callbacks);
  EXPECT_EQ(r.best_epoch, 4);
  for (const Saved& s : saved) {
    Trainer trainer(f.network, *f.loss, f.params, 1);
    EXPECT_NO_THROW(trainer.resume(parse_json(to_json(s.metadata), "checkpoint"), s.tensors));
  }
}

// Metadata of a model file are limited; a small network may well be trained for a million epochs.
TEST(Trainer, ACheckpointsMetadataDoNotGrowWithTheEpochs) {
  Fixture f;
  f.params.batch_size = "all";
  f.params.epochs = 50;
  f.params.checkpoint_steps = 1;
  std::vector<Saved> saved;
  TrainCallbacks callbacks = saving(saved);
  callbacks.validate = [] { return Measured{{"loss", 0.1}, {"r2", std::nan("")}}; };
  TrainResult r = f.fit(line(8), callbacks);
  EXPECT_LT(to_json(saved.back().metadata).size(), to_json(saved[1].metadata).size() + 50);
  Trainer trainer(f.network, *f.loss, f.params, 1);
  trainer.resume(saved.back().metadata, saved.back().tensors);
  ASSERT_EQ(trainer.history().size(), 50u);
  const EpochRecord &got = trainer.history()[30], &expected = r.history[30];
  EXPECT_EQ(got.epoch, 31);
  EXPECT_EQ(got.train_loss, expected.train_loss);
  EXPECT_EQ(got.lr, 0.1);
  EXPECT_EQ(got.gradient_norm, expected.gradient_norm);
  EXPECT_EQ(got.seconds, expected.seconds);
  ASSERT_EQ(got.validation.size(), 2u);
  EXPECT_EQ(got.validation[0], std::pair(std::string("loss"), 0.1));
  EXPECT_EQ(got.validation[1].first, "r2");
  EXPECT_TRUE(std::isnan(got.validation[1].second));
}

// 33 examples in batches of 16: the last batch has one, which batch norm inside a branch cannot use either.
TEST(Trainer, ALastBatchOfOneIsLeftOutForBatchNormAtAnyDepth) {
  auto branch = parse_toml("layers = [ { type = \"linear\", units = 2 }, { type = \"batch_norm\" } ]", "branch");
  Network n = nn::network(nn::layer("residual", branch), nn::linear(1));
  n.build({2}, 1);
  auto loss = make_loss("mse", "loss");
  TrainParams params;
  params.epochs = 3;
  params.batch_size = 16;
  EXPECT_EQ(Trainer(n, *loss, params, 1).fit(line(33), {}).steps, 3 * 2);
}

TEST(Trainer, ClassWeightsCountLikeRepeatedExamples) {
  Tensor x = Tensor::from({0, 1, 2, 3}, {4, 1}), repeated = Tensor::from({0, 1, 2, 3, 3, 3}, {6, 1});
  ArrayDataset once({x, 0, 1}, Tensor::from(std::vector<std::int32_t>{0, 0, 0, 1}, {4})),
      thrice({repeated, 0, 1}, Tensor::from(std::vector<std::int32_t>{0, 0, 0, 1, 1, 1}, {6}));
  auto train = [](const Dataset& data, std::vector<float> weights) {
    Network n = nn::network(nn::linear(2));
    n.build({1}, 1);
    auto loss = make_loss("cross_entropy", "loss");
    TrainParams params;
    params.epochs = 30;
    params.batch_size = "all";
    Trainer t(n, *loss, params, 1);
    t.set_class_weights(std::move(weights));
    t.fit(data, {});
    return parameters_of(n)[0].value.to_vector<float>();
  };
  std::vector<float> weighted = train(once, {1, 3}), copied = train(thrice, {});
  for (std::size_t i = 0; i < weighted.size(); ++i) EXPECT_NEAR(weighted[i], copied[i], 1e-5);
}

TEST(Trainer, BatchesThatWeighNothingAreSkipped) {
  // Rows of the line, every second one far off it with weight 0.
  ArrayDataset clean = line(40);
  Batch rows = clean.fetch(std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  std::vector<float> y = rows.target.to_vector<float>(), weight(10, 1);
  for (std::size_t i = 0; i < 10; i += 2) y[i] = 1000, weight[i] = 0;
  Fixture f;
  f.params.epochs = 200;
  f.params.batch_size = std::int64_t{1};
  TrainResult r = f.fit(ArrayDataset({rows.inputs, 0, 1}, Tensor::from(y, {10, 1}), Tensor::from(weight, {10})));
  EXPECT_EQ(r.steps, 200 * 5);
  EXPECT_LT(r.history.back().train_loss, 1e-4);
}

TEST(Trainer, NamesTheLayerThatIsNotFinite) {
  Network n = nn::network(nn::linear(3), nn::relu(), nn::linear(1));
  n.build({2}, 1);
  parameters_of(n)[2].value.mutable_data<float>()[0] = std::nanf("");
  auto loss = make_loss("mse", "loss");
  Trainer trainer(n, *loss, {}, 1);
  try {
    trainer.fit(line(32), {});
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::numeric);
    EXPECT_THAT(e.what(), testing::HasSubstr("linear2"));
    EXPECT_THAT(e.what(), testing::HasSubstr("step 1"));
  }
}

}  // namespace
}  // namespace gradus
