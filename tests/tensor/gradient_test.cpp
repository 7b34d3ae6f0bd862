#include <functional>

#include "gradus/base/parallel.h"
#include "gradus/tensor/ops.h"
#include "oracle.h"

// Gradients against central differences in f64, and of cut batches against whole ones.
namespace gradus {
namespace {

using Inputs = std::vector<Tensor>;
using Function = std::function<Tensor(const Inputs&)>;

// Inputs whose first axis is the batch are cut.
struct Input {
  Shape shape;
  bool batch = true;
  double low = -2, high = 2;
};

struct Check {
  std::string name;
  std::vector<Input> inputs;
  Function f;
};

RandomKey key(std::uint32_t stream) { return {7, stream, 0}; }

Inputs draw(const Check& c, Dtype dtype = Dtype::f64) {
  Inputs in;
  for (std::size_t i = 0; i < c.inputs.size(); ++i)
    in.push_back(Tensor::uniform(c.inputs[i].shape, c.inputs[i].low, c.inputs[i].high,
                                 key(static_cast<std::uint32_t>(i)), dtype));
  return in;
}

Tensor weighted(const Tensor& y) { return sum(y * Tensor::uniform(y.shape(), 0.5, 1.5, key(99), y.dtype())); }

struct Result {
  std::vector<std::vector<double>> grads;
  std::vector<double> y;
};

Result run(const Check& c, Dtype dtype, const std::vector<int>& shards) {
  Inputs leaves = draw(c, dtype), in;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    leaves[i].set_requires_grad();
    in.push_back(shard(leaves[i], c.inputs[i].batch ? shards[i] : 1));
  }
  Tensor y = c.f(in);
  Gradients g = backward(weighted(y));
  Result r{{}, values_of(y)};
  for (const Tensor& leaf : leaves) {
    Tensor grad = g[leaf];
    if (grad.defined()) {
      EXPECT_EQ(grad.shape().text(), leaf.shape().text()) << c.name;
    }
    r.grads.push_back(grad.defined() ? values_of(grad) : std::vector<double>(leaf.size(), 0));
  }
  return r;
}

const RandomKey kMask{3, 1, 4};

std::vector<Check> checks() {
  using K = Activation::Kind;
  std::vector<Check> all = {
      {"clamp", {{{5, 3}}}, [](const Inputs& in) { return clamp(in[0], -1.1, 0.9); }},
      {"erf", {{{5, 3}}}, [](const Inputs& in) { return erf(in[0]); }},
      {"pow", {{{5, 3}, true, 0.3, 2}, {{3}, false}}, [](const Inputs& in) { return pow(in[0], in[1]); }},
      {"where",
       {{{5, 3}}, {{3}, false}},
       [](const Inputs& in) {
         return where(greater(in[0], Tensor::scalar(0.1, Dtype::f64).to(in[0].dtype())), in[0], in[1]);
       }},
      {"variance", {{{5, 3}}}, [](const Inputs& in) { return variance(in[0], {0}); }},
      {"extremes",
       {{{5, 3}}},
       [](const Inputs& in) {
         return max(in[0], {0}) + min(in[0], {1, 0});
       }},
  };
  all.push_back({"logsumexp", {{{5, 3}}}, [](const Inputs& in) {
                   return logsumexp(in[0], 1, true) * logsumexp(in[0], 0, true);
                 }});
  all.push_back(
      {"softmax_batch_axis", {{{5, 3}}}, [](const Inputs& in) { return softmax(in[0], 0) * log_softmax(in[0], 1); }});
  all.push_back({"dropout", {{{7, 3}}}, [](const Inputs& in) { return dropout(in[0] * 2, 0.4, kMask); }});
  all.push_back(
      {"spatial_dropout", {{{7, 2, 3}}}, [](const Inputs& in) { return spatial_dropout(in[0] * 2, 0.4, kMask); }});
  all.push_back({"group_norm", {{{7, 2, 4}}, {{4}, false}, {{4}, false}}, [](const Inputs& in) {
                   return group_norm(in[0], in[1], in[2], 2, 1e-3);
                 }});
  all.push_back({"group_norm_read_twice", {{{7, 3, 4}}, {{4}, false}, {{4}, false}}, [](const Inputs& in) {
                   Tensor y = group_norm(in[0], in[1], in[2], 4, 1e-3);
                   return y * y + group_norm(tanh(y), in[1], in[2], 1, 1e-3);
                 }});
  for (auto method : {Upsampling::nearest, Upsampling::linear})
    all.push_back({"upsample_" + std::to_string(static_cast<int>(method)), {{{5, 2, 3, 2}}}, [=](const Inputs& in) {
                     return upsample(upsample(in[0], {4, 3}, method), {5, 7}, method);
                   }});
  all.push_back({"adaptive_pools", {{{5, 5, 4, 2}}}, [](const Inputs& in) {
                   return adaptive_max_pool(in[0], {2, 3}) + adaptive_average_pool(in[0], {2, 3}) +
                          adaptive_average_pool(adaptive_max_pool(in[0], {1, 2}), {2, 3});
                 }});
  all.push_back({"prelu", {{{6, 3}}, {{3}, false}}, [](const Inputs& in) { return prelu(in[0], in[1]); }});
  all.push_back({"prelu_one_slope", {{{6, 2, 3}}, {{1}, false}}, [](const Inputs& in) { return prelu(in[0], in[1]); }});
  all.push_back({"layer_norm", {{{7, 2, 4}}, {{4}, false}, {{4}, false}}, [](const Inputs& in) {
                   return layer_norm(in[0], in[1], in[2], 1e-3);
                 }});
  all.push_back({"batch_norm", {{{7, 3}}, {{3}, false}, {{3}, false}}, [](const Inputs& in) {
                   ChannelStatistics batch;
                   return batch_norm(in[0], in[1], in[2], 1e-3, batch);
                 }});
  all.push_back({"batch_norm_images", {{{5, 2, 2, 3}}, {{3}, false}, {{3}, false}}, [](const Inputs& in) {
                   ChannelStatistics batch;
                   return batch_norm(tanh(in[0]), in[1], in[2], 1e-3, batch) * in[0];
                 }});
  all.push_back({"batch_norm_fixed", {{{5, 3}}, {{3}, false}, {{3}, false}}, [](const Inputs& in) {
                   Tensor mean = Tensor::uniform({3}, -1, 1, key(50), in[0].dtype());
                   Tensor variance = Tensor::uniform({3}, 0.5, 2, key(51), in[0].dtype());
                   return batch_norm_fixed(in[0], in[1], in[2], 1e-3, mean, variance);
                 }});
  for (K kind :
       {K::identity, K::sigmoid, K::tanh, K::relu, K::leaky_relu, K::elu, K::gelu, K::gelu_tanh, K::silu, K::softplus})
    for (bool bias : {true, false})
      all.push_back({"linear_" + std::to_string(static_cast<int>(kind)) + (bias ? "_bias" : ""),
                     {{{7, 4}}, {{4, 3}, false}, {{3}, false}},
                     [kind, bias](const Inputs& in) {
                       return linear(in[0], in[1], bias ? in[2] : Tensor(), {kind, 0.3});
                     }});
  for (K kind : {K::identity, K::sigmoid, K::gelu})  // the bias gradient of a single row is no sum
    all.push_back({"linear_row_" + std::to_string(static_cast<int>(kind)),
                   {{{1, 4}}, {{4, 3}, false}, {{3}, false}},
                   [kind](const Inputs& in) {
                     return linear(in[0], in[1], in[2], {kind, 0});
                   }});
  all.push_back({"linear_sequence", {{{5, 2, 4}}, {{4, 3}, false}, {{3}, false}}, [](const Inputs& in) {
                   return linear(in[0], in[1], in[2], {K::tanh, 0});
                 }});
  all.push_back({"matmul_stacks", {{{5, 2, 3}}, {{5, 4, 3}}}, [](const Inputs& in) {
                   return matmul(in[0], in[1], false, true);
                 }});
  all.push_back(
      {"matmul_matrix_left", {{{4, 2}, false}, {{5, 2, 3}}}, [](const Inputs& in) { return matmul(in[0], in[1]); }});
  all.push_back(
      {"matmul_over_batch", {{{5, 2}}, {{5, 3}}}, [](const Inputs& in) { return matmul(in[0], in[1], true); }});
  all.push_back({"concatenate", {{{5, 2}}, {{5, 3}}, {{5, 1}}, {{5, 2}}, {{5, 1}}}, [](const Inputs& in) {
                   return concatenate(in, 1);
                 }});
  all.push_back({"concatenate_rows", {{{5, 2}}, {{3, 2}}}, [](const Inputs& in) { return concatenate(in, 0); }});
  all.push_back({"take", {{{5, 3}}}, [](const Inputs& in) {
                   return take(in[0], Tensor::from(std::vector<std::int32_t>{4, 0, 4}, {3}));
                 }});
  all.push_back(
      {"slices", {{{5, 4}}}, [](const Inputs& in) { return slice(in[0], 1, 0, 4, 2) * slice(in[0], 1, 1, 4, 2); }});
  all.push_back({"reshape_rows", {{{6, 4}}}, [](const Inputs& in) {
                   return reshape(in[0], {12, 2}) * reshape(in[0], {12, 2});
                 }});
  all.push_back({"permute_batch", {{{5, 3, 2}}}, [](const Inputs& in) {
                   return permute(in[0], {1, 0, 2}) * transpose(in[0], 0, 1);
                 }});

  // Whole results that meet a cut batch: their gradients arrive cut, or as one term per shard.
  all.push_back(
      {"whole_sum_beside_cut", {{{5, 3}, false}, {{5}}}, [](const Inputs& in) { return sum(in[0], {1}) * in[1]; }});
  all.push_back({"whole_mean_keep_beside_cut", {{{5, 3}, false}, {{5, 3}}}, [](const Inputs& in) {
                   return mean(in[0], {1}, true) * in[1];
                 }});
  all.push_back(
      {"whole_max_beside_cut", {{{5, 3}, false}, {{5}}}, [](const Inputs& in) { return max(in[0], {1}) * in[1]; }});
  all.push_back({"whole_logsumexp_beside_cut", {{{5, 3}, false}, {{5}}}, [](const Inputs& in) {
                   return logsumexp(in[0], 1) * in[1];
                 }});
  all.push_back({"whole_softmax_beside_cut", {{{5, 3}, false}, {{5, 3}}}, [](const Inputs& in) {
                   return softmax(in[0], 1) * in[1];
                 }});
  all.push_back({"whole_layer_norm_beside_cut", {{{5, 3}, false}, {{5, 3}}, {{3}, false}}, [](const Inputs& in) {
                   return layer_norm(in[0], in[2], in[2], 1e-3) * in[1];
                 }});
  all.push_back({"whole_prelu_beside_cut", {{{5, 3}, false}, {{5, 3}}, {{3}, false}}, [](const Inputs& in) {
                   return prelu(in[0], in[2]) * in[1];
                 }});
  all.push_back(
      {"whole_linear_beside_cut", {{{5, 3}, false}, {{5, 4}}, {{3, 4}, false}, {{4}, false}}, [](const Inputs& in) {
         return linear(in[0], in[2], in[3], {K::sigmoid, 0}) * in[1];
       }});
  all.push_back({"whole_dropout_beside_cut", {{{5, 3}, false}, {{5, 3}}}, [](const Inputs& in) {
                   return dropout(in[0], 0.3, kMask) * in[1];
                 }});
  all.push_back({"whole_broadcast_beside_cut", {{{5, 1}, false}, {{5, 3}}}, [](const Inputs& in) {
                   return broadcast_to(in[0], {5, 3}) * in[1];
                 }});
  all.push_back({"whole_slice_beside_cut", {{{5, 4}, false}, {{5, 3}}}, [](const Inputs& in) {
                   return slice(in[0], 1, 1, 4) * in[1];
                 }});
  all.push_back({"whole_stack_beside_cut", {{{5, 3}, false}, {{5, 2, 3}}}, [](const Inputs& in) {
                   return stack({in[0], in[0]}, 1) * in[1];
                 }});
  all.push_back({"whole_batch_norm_beside_cut", {{{5, 3}, false}, {{5, 3}}, {{3}, false}}, [](const Inputs& in) {
                   ChannelStatistics batch;
                   return batch_norm(in[0], in[2], in[2], 1e-3, batch) * in[1];
                 }});
  for (bool ta : {false, true})
    for (bool tb : {false, true})
      all.push_back({std::string("product_as_weight_") + (ta ? "t" : "n") + (tb ? "t" : "n"),
                     {{{7, 3}}, {ta ? Shape{2, 3} : Shape{3, 2}, false}, {tb ? Shape{4, 2} : Shape{2, 4}, false}},
                     [ta, tb](const Inputs& in) { return linear(in[0], matmul(in[1], in[2], ta, tb), Tensor()); }});
  all.push_back({"weight_cut_and_whole", {{{7, 3}}, {{3, 3}, false}}, [](const Inputs& in) {
                   return linear(in[0], in[1], Tensor()) + sum(square(in[1])) +
                          linear(linear(in[0], in[1], Tensor()), in[1], Tensor());
                 }});
  all.push_back({"batch_sum_as_weight", {{{5, 3}}, {{5, 3}}}, [](const Inputs& in) {
                   return matmul(in[0], matmul(in[1], in[1], true));
                 }});
  all.push_back({"batch_mean_as_bias", {{{5, 3}}, {{3, 3}, false}}, [](const Inputs& in) {
                   return linear(in[0], in[1], mean(in[0], {0}), {K::tanh, 0});
                 }});
  all.push_back({"batch_sum_as_gain", {{{5, 3}}}, [](const Inputs& in) {
                   Tensor s = sum(in[0], {0});
                   return layer_norm(in[0], s, s, 1e-3) + prelu(in[0], s);
                 }});
  all.push_back({"batch_sum_as_batch_norm_gain", {{{5, 3}}}, [](const Inputs& in) {
                   Tensor s = sum(in[0], {0}), one = Tensor::ones({3}, in[0].dtype());
                   ChannelStatistics batch;
                   return batch_norm(in[0], s, s, 1e-3, batch) + batch_norm_fixed(in[0], s, s, 1e-3, one, one);
                 }});
  all.push_back({"one_row_of_channels", {{{5}}, {{5}, false}}, [](const Inputs& in) {
                   return layer_norm(in[0], in[1], in[1], 1e-3) + prelu(in[0], in[1]) +
                          linear(in[0], Tensor::ones({5, 5}, in[0].dtype()), in[1]);
                 }});
  all.push_back({"one_row_of_scores", {{{5}}}, [](const Inputs& in) {
                   return cross_entropy(in[0], Tensor::full({}, 2, Dtype::i32));
                 }});
  // Convolutions with each kind of derivative their activation may need; the reader's gradient comes cut too.
  using A = Activation::Kind;
  for (auto [kind, parameter] : {std::pair{A::identity, 0.0}, {A::tanh, 0.0}, {A::leaky_relu, 0.2}, {A::silu, 0.0}}) {
    Activation f{kind, parameter};
    std::string name = "_" + std::to_string(static_cast<int>(kind));
    all.push_back({"conv" + name, {{{5, 4, 5, 2}}, {{3, 2, 2, 3}, false}, {{3}, false}}, [f](const Inputs& in) {
                     return conv(in[0], in[1], in[2], {{2, 1, 1}, {1, 2, 1}, {1, 0, 0}, {0, 1, 0}}, f);
                   }});
    all.push_back(
        {"conv_transpose" + name, {{{5, 3, 2, 2}}, {{3, 2, 3, 2}, false}, {{3}, false}}, [f](const Inputs& in) {
           return conv_transpose(in[0], in[1], in[2], {{2, 1, 1}}, f);
         }});
  }
  // A gradient that one reader has alone is written over, one that others also have is not.
  all.push_back({"batch_norm_relu", {{{7, 2, 3}}, {{3}, false}, {{3}, false}}, [](const Inputs& in) {
                   ChannelStatistics batch;
                   return batch_norm(in[0], in[1], in[2], 1e-5, batch, true);
                 }});
  all.push_back({"batch_norm_read_twice", {{{7, 3}}, {{3}, false}, {{3}, false}}, [](const Inputs& in) {
                   ChannelStatistics batch;
                   Tensor y = batch_norm(in[0], in[1], in[2], 1e-5, batch, true);
                   return y * y + batch_norm(y, in[1], in[2], 1e-5, batch);
                 }});
  all.push_back({"batch_norm_fixed_relu", {{{7, 3}}, {{3}, false}, {{3}, false}}, [](const Inputs& in) {
                   Dtype d = in[0].dtype();
                   return batch_norm_fixed(in[0], in[1], in[2], 1e-5, Tensor::full({3}, 0.1, d),
                                           Tensor::full({3}, 2, d), true);
                 }});
  all.push_back({"add_relu", {{{7, 2, 3}}, {{7, 2, 3}}}, [](const Inputs& in) {
                   return add_relu(in[0], tanh(in[1])) + in[0] * 0.5;
                 }});
  all.push_back({"add_relu_of_itself", {{{7, 3}}}, [](const Inputs& in) {
                   Tensor h = tanh(in[0]);
                   return add_relu(h, add_relu(h, h)) * h;
                 }});
  all.push_back({"conv_of_conv", {{{5, 6, 2}}, {{3, 2, 3}, false}, {{2, 3, 2}, false}}, [](const Inputs& in) {
                   Tensor h = conv(in[0], in[1], {}, {}, {A::sigmoid, 0});
                   return sum(max_pool(conv(h, in[2], {}), {2}, {{2}}), {1});
                 }});
  all.push_back({"scalar_statistic", {{{5, 3}}}, [](const Inputs& in) { return in[0] / sum(square(in[0])); }});
  all.push_back(
      {"used_several_times", {{{5, 3}}}, [](const Inputs& in) { return in[0] * in[0] + in[0] * 3 + exp(in[0]); }});
  return all;
}

std::vector<Check> loss_checks() {
  std::vector<Check> all;
  for (bool weighted_rows : {false, true}) {
    std::string w = weighted_rows ? "_weighted" : "";
    auto weights = [weighted_rows](const Tensor& z) {
      LossWeights lw;
      if (weighted_rows) lw.weight = Tensor::uniform({z.dim(0)}, 0.2, 2, key(60), z.dtype());
      return lw;
    };
    for (auto [name, kind] : {std::pair{"squared", PointwiseLoss::squared},
                              {"absolute", PointwiseLoss::absolute},
                              {"huber", PointwiseLoss::huber},
                              {"bce", PointwiseLoss::binary_cross_entropy},
                              {"hinge", PointwiseLoss::hinge}})
      all.push_back({name + w, {{{7, 3}}}, [kind, weights](const Inputs& in) {
                       Tensor t = greater(Tensor::uniform(in[0].shape(), -1, 1, key(61), in[0].dtype()),
                                          Tensor::scalar(0, in[0].dtype()));
                       return pointwise_loss(kind, in[0], t, 0.7, weights(in[0]));
                     }});
    for (double smoothing : {0.0, 0.2})
      all.push_back({"cross_entropy" + w, {{{7, 4}}}, [smoothing, weights](const Inputs& in) {
                       Tensor t = Tensor::from(std::vector<std::int32_t>{0, 3, 2, 1, 1, 0, 3}, {7});
                       return cross_entropy(in[0], t, smoothing, weights(in[0]));
                     }});
    for (bool divergence : {false, true})
      all.push_back({"cross_entropy_soft" + w, {{{7, 4}}}, [divergence, weights](const Inputs& in) {
                       Tensor q = softmax(Tensor::uniform({7, 4}, -1, 1, key(62), in[0].dtype()));
                       return cross_entropy_soft(in[0], q, divergence, weights(in[0]));
                     }});
    all.push_back({"multi_hinge" + w, {{{7, 4}}}, [weights](const Inputs& in) {
                     Tensor t = Tensor::from(std::vector<std::int32_t>{0, 3, 2, 1, 1, 0, 3}, {7});
                     return multi_hinge(in[0], t, 0.9, weights(in[0]));
                   }});
  }
  // Pixels or steps that each have a class or a value: weights for the examples, and for the places.
  for (const Shape& weighted : {Shape{5}, Shape{5, 2}, Shape{5, 2, 3}}) {
    auto weights = [weighted](const Tensor& z) {
      return LossWeights{Tensor::uniform(weighted, 0.2, 2, key(65), z.dtype())};
    };
    std::string name = "_places_weights" + weighted.text();
    Tensor classes = Tensor::uniform({5, 2, 3}, 0, 4, key(66)).to(Dtype::i32);
    all.push_back({"cross_entropy" + name, {{{5, 2, 3, 4}}}, [=](const Inputs& in) {
                     return cross_entropy(in[0], classes, 0.1, weights(in[0]));
                   }});
    all.push_back({"multi_hinge" + name, {{{5, 2, 3, 4}}}, [=](const Inputs& in) {
                     return multi_hinge(in[0], classes, 0.9, weights(in[0]));
                   }});
    all.push_back({"cross_entropy_soft" + name, {{{5, 2, 3, 4}}}, [=](const Inputs& in) {
                     Tensor q = softmax(Tensor::uniform({5, 2, 3, 4}, -1, 1, key(67), in[0].dtype()));
                     return cross_entropy_soft(in[0], q, true, weights(in[0]));
                   }});
    all.push_back({"squared" + name, {{{5, 2, 3, 4}}}, [=](const Inputs& in) {
                     return pointwise_loss(PointwiseLoss::squared, in[0], Tensor::zeros(in[0].shape(), in[0].dtype()),
                                           0, weights(in[0]));
                   }});
  }
  // Whole scores beside a cut target.
  all.push_back({"whole_scores", {{{7, 3}, false}}, [](const Inputs& in) {
                   Tensor t = shard(Tensor::from(std::vector<std::int32_t>{0, 2, 2, 1, 1, 0, 2}, {7}), 3);
                   return cross_entropy(tanh(in[0]), t) * 2;
                 }});
  return all;
}

std::vector<Check> every_check() {
  std::vector<Check> all = checks();
  for (Check& c : loss_checks()) all.push_back(std::move(c));
  return all;
}

std::vector<int> uncut(const Check& c) { return std::vector<int>(c.inputs.size(), 1); }

double value(const Check& c, const Inputs& in) {
  NoGrad no_grad;
  return weighted(c.f(in)).item();
}

TEST(Gradient, MatchesCentralDifferences) {
  constexpr double h = 1e-5;
  for (const Check& c : every_check()) {
    Result r = run(c, Dtype::f64, uncut(c));
    Inputs in = draw(c);
    for (std::size_t i = 0; i < in.size(); ++i) {
      double* x = in[i].mutable_data<double>();
      std::vector<double> slopes;
      for (std::int64_t j = 0; j < in[i].size(); ++j) {
        double at = x[j];
        x[j] = at + h;
        double above = value(c, in);
        x[j] = at - h;
        double below = value(c, in);
        x[j] = at;
        slopes.push_back((above - below) / (2 * h));
      }
      expect_close(r.grads[i], slopes, 1e-7, c.name + " gradient of input " + std::to_string(i));
    }
  }
}

TEST(Gradient, OfCutBatchesEqualsWhole) {
  for (const Check& c : every_check()) {
    Result whole = run(c, Dtype::f64, uncut(c));
    for (int s : {2, 3, 4}) {
      for (bool mixed : {false, true}) {
        std::vector<int> shards(c.inputs.size(), s);
        if (mixed) shards.back() = s == 2 ? 3 : 2;
        std::string what = c.name + " in " + std::to_string(s) + (mixed ? " mixed" : "");
        Result cut = run(c, Dtype::f64, shards);
        expect_close(cut.y, whole.y, 1e-12, what);
        for (std::size_t i = 0; i < cut.grads.size(); ++i)
          expect_close(cut.grads[i], whole.grads[i], 1e-11, what + " gradient of input " + std::to_string(i));
      }
    }
  }
}

TEST(Gradient, F32IsCloseToF64) {
  for (const Check& c : every_check()) {
    Result exact = run(c, Dtype::f64, uncut(c)), single = run(c, Dtype::f32, uncut(c));
    for (std::size_t i = 0; i < exact.grads.size(); ++i)
      expect_close(single.grads[i], exact.grads[i], 2e-4, c.name + " f32 gradient of input " + std::to_string(i));
  }
}

TEST(Gradient, BitsDoNotDependOnThreads) {
  Threads restore;
  for (const Check& c : every_check()) {
    std::vector<int> shards(c.inputs.size(), 4);
    set_threads(1);
    Result one = run(c, Dtype::f32, shards);
    for (int n : {2, 3}) {
      set_threads(n);
      Result more = run(c, Dtype::f32, shards);
      EXPECT_EQ(one.y, more.y) << c.name;
      EXPECT_EQ(one.grads, more.grads) << c.name;
    }
  }
}

}  // namespace
}  // namespace gradus
