#include <cmath>
#include <cstdint>
#include <functional>

#include "../base/expect_error.h"
#include "gradus/tensor/ops.h"
#include "oracle.h"

// Bad calls next to good ones: messages name the op, what was expected and both shapes.
namespace gradus {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Tensor f32(const Shape& s) { return Tensor::ones(s); }
Tensor i32(const std::vector<std::int32_t>& v) { return Tensor::from(v, {static_cast<std::int64_t>(v.size())}); }

template <class Call>
std::string shape_error(Call&& call) {
  return error_of(ErrorKind::shape, call);
}

TEST(Errors, ElementwiseNamesOpAndBothShapes) {
  EXPECT_EQ(add(f32({3, 1}), f32({4})).shape().text(), "[3, 4]");
  EXPECT_THAT(shape_error([] {
                add(f32({3, 2}), f32({4}));
              }),
              AllOf(HasSubstr("add"), HasSubstr("[3, 2]"), HasSubstr("[4]")));
  EXPECT_THAT(shape_error([] { maximum(f32({3}), f32({2})); }),
              AllOf(HasSubstr("maximum"), HasSubstr("[3]"), HasSubstr("[2]")));
  EXPECT_THAT(shape_error([] { less(f32({3}), f32({2})); }), HasSubstr("less"));
  EXPECT_THAT(shape_error([] { mul(f32({2}), Tensor::ones({2}, Dtype::f64)); }),
              AllOf(HasSubstr("mul"), HasSubstr("f32"), HasSubstr("f64")));
  EXPECT_THAT(shape_error([] { exp(i32({1, 2})); }), AllOf(HasSubstr("exp"), HasSubstr("i32")));
  EXPECT_THAT(shape_error([] { where(f32({2}), f32({3}), f32({3})); }),
              AllOf(HasSubstr("where"), HasSubstr("[2]"), HasSubstr("[3]")));
}

TEST(Errors, ShapesBeyondAnyMemory) {
  const std::int64_t large = std::int64_t{1} << 32;
  EXPECT_THAT(shape_error([&] { Shape{large, large}; }), HasSubstr("2^60"));
  EXPECT_THAT(shape_error([&] { Shape{0, large, large}; }), HasSubstr("2^60"));
  EXPECT_EQ(Shape({large, 1000}).size(), large * 1000);
}

// kRest (-1) is a size for reshape() only.
TEST(Errors, NewTensorsHaveNoNegativeSizes) {
  const RandomKey key{1, 0, 0};
  for (const Shape& s : {Shape{-1, 3}, Shape{-1, -1}})
    for (auto call : std::vector<std::function<void()>>{
             [&] { Tensor::empty(s); }, [&] { Tensor::zeros(s); }, [&] { Tensor::full(s, 1, Dtype::i32); },
             [&] { Tensor::uniform(s, 0, 1, key); }, [&] { Tensor::normal(s, 0, 1, key); },
             [&] {
               Tensor::from(std::vector<float>(static_cast<std::size_t>(std::max<std::int64_t>(s.size(), 0))), s);
             },
             [&] { broadcast_to(f32({}), s); }})
      EXPECT_THAT(shape_error(call), HasSubstr(s.text()));
  EXPECT_THAT(error_of(ErrorKind::value, [] { Tensor::arange(-1); }), AllOf(HasSubstr("arange"), HasSubstr("-1")));
  EXPECT_EQ(Tensor::arange(0).size(), 0);
  EXPECT_THAT(error_of(ErrorKind::value, [&] { Tensor::normal({3}, 0, -1, key); }),
              AllOf(HasSubstr("normal"), HasSubstr("-1")));
  EXPECT_EQ(values_of(Tensor::normal({2}, 5, 0, key)), (std::vector<double>{5, 5}));
}

TEST(Errors, Products) {
  EXPECT_EQ(matmul(f32({3, 4}), f32({4, 5})).shape().text(), "[3, 5]");
  EXPECT_THAT(shape_error([] {
                matmul(f32({3, 4}), f32({5, 4}));
              }),
              AllOf(HasSubstr("matmul"), HasSubstr("[3, 4]"), HasSubstr("[5, 4]")));
  EXPECT_THAT(shape_error([] { matmul(f32({3, 4}), f32({4, 5}), false, true); }), HasSubstr("transposed"));
  EXPECT_THAT(shape_error([] { matmul(f32({}), f32({4, 5})); }), HasSubstr("matmul"));
  EXPECT_THAT(shape_error([] { matmul(f32({2, 3, 4}), f32({3, 4, 5})); }), HasSubstr("matmul"));
  EXPECT_THAT(shape_error([] {
                linear(f32({3, 4}), f32({5, 2}), Tensor());
              }),
              AllOf(HasSubstr("linear"), HasSubstr("[3, 4]"), HasSubstr("[5, 2]")));
  EXPECT_THAT(shape_error([] {
                linear(f32({3, 4}), f32({4, 2}), f32({3}));
              }),
              AllOf(HasSubstr("linear"), HasSubstr("[2]"), HasSubstr("[3]")));
}

TEST(Errors, ReductionsAndAxes) {
  EXPECT_EQ(sum(f32({3, 4}), {-1}).shape().text(), "[3]");
  EXPECT_THAT(shape_error([] {
                sum(f32({3, 4}), {2});
              }),
              AllOf(HasSubstr("sum"), HasSubstr("[-2, 2)"), HasSubstr("2")));
  EXPECT_THAT(shape_error([] { mean(f32({3, 4}), {1, -1}); }), AllOf(HasSubstr("mean"), HasSubstr("twice")));
  EXPECT_THAT(shape_error([] { mean(f32({0, 4})); }), AllOf(HasSubstr("mean"), HasSubstr("[0, 4]")));
  EXPECT_EQ(sum(f32({0, 4})).item(), 0);
  EXPECT_THAT(shape_error([] { max(f32({3, 0}), {1}); }), AllOf(HasSubstr("max"), HasSubstr("[3, 0]")));
  EXPECT_THAT(shape_error([] { softmax(f32({})); }), HasSubstr("softmax"));
  EXPECT_THAT(shape_error([] { argmax(f32({3}), 1); }), HasSubstr("argmax"));
}

TEST(Errors, Shapes) {
  EXPECT_EQ(reshape(f32({2, 6}), {3, kRest}).shape().text(), "[3, 4]");
  EXPECT_THAT(shape_error([] {
                reshape(f32({2, 6}), {5, kRest});
              }),
              AllOf(HasSubstr("reshape"), HasSubstr("[2, 6]"), HasSubstr("12")));
  EXPECT_THAT(shape_error([] { reshape(f32({4}), {kRest, kRest}); }), HasSubstr("reshape"));
  EXPECT_THAT(shape_error([] { permute(f32({2, 3}), {0, 0}); }), HasSubstr("permute"));
  EXPECT_THAT(shape_error([] { permute(f32({2, 3}), {0}); }), HasSubstr("permute"));
  EXPECT_THAT(shape_error([] { squeeze(f32({2, 3}), 0); }), AllOf(HasSubstr("squeeze"), HasSubstr("[2, 3]")));
  EXPECT_THAT(shape_error([] {
                broadcast_to(f32({2, 3}), {3, 3});
              }),
              AllOf(HasSubstr("broadcast_to"), HasSubstr("[2, 3]"), HasSubstr("[3, 3]")));
  EXPECT_THAT(shape_error([] { broadcast_to(f32({2, 3}), {3}); }), AllOf(HasSubstr("[2, 3]"), HasSubstr("[3]")));
  EXPECT_THAT(shape_error([] { slice(f32({5}), 0, 2, 6); }), AllOf(HasSubstr("slice"), HasSubstr("5"), HasSubstr("6")));
  EXPECT_THAT(error_of(ErrorKind::value, [] { slice(f32({5}), 0, 0, 5, 0); }),
              AllOf(HasSubstr("slice"), HasSubstr("0")));
  EXPECT_EQ(values_of(slice(Tensor::arange(5), 0, 1, 5, INT64_MAX)), std::vector<double>{1});
  EXPECT_EQ(slice(f32({5}), 0, 2, 2, INT64_MAX).size(), 0);
  EXPECT_THAT(error_of(ErrorKind::value, [] { clamp(f32({5}), 3, 1); }), AllOf(HasSubstr("clamp"), HasSubstr("3")));
  EXPECT_THAT(error_of(ErrorKind::value, [] { clamp(f32({5}), 0, NAN); }), HasSubstr("clamp"));
  EXPECT_EQ(values_of(clamp(f32({1}), 3, 3)), std::vector<double>{3});
  EXPECT_THAT(shape_error([] { concatenate({}); }), HasSubstr("concatenate"));
  EXPECT_THAT(shape_error([] {
                concatenate({f32({2, 3}), f32({2, 4})}, 0);
              }),
              AllOf(HasSubstr("concatenate"), HasSubstr("[2, 3]"), HasSubstr("[2, 4]")));
  EXPECT_THAT(shape_error([] { Shape s{1, 1, 1, 1, 1, 1, 1, 1, 1}; }), HasSubstr("8"));
  EXPECT_THAT(shape_error([] { Shape s{2, -2}; }), HasSubstr("-2"));
  EXPECT_THAT(shape_error([] { expand_dims(f32({1, 1, 1, 1, 1, 1, 1, 1}), 0); }), HasSubstr("8"));
}

TEST(Errors, Indices) {
  EXPECT_EQ(values_of(take(Tensor::arange(4), i32({3, 0}))), (std::vector<double>{3, 0}));
  EXPECT_THAT(shape_error([] {
                take(f32({4}), i32({0, 4}));
              }),
              AllOf(HasSubstr("take"), HasSubstr("[0, 4)"), HasSubstr("4"), HasSubstr("entry 1")));
  EXPECT_THAT(shape_error([] { take(f32({4}), i32({-1})); }), HasSubstr("-1"));
  EXPECT_THAT(shape_error([] { take(f32({4}), f32({1})); }),
              AllOf(HasSubstr("take"), HasSubstr("i32"), HasSubstr("f32")));
  EXPECT_THAT(shape_error([] {
                take_along(f32({4, 2}), i32({0}), 1);
              }),
              AllOf(HasSubstr("take_along"), HasSubstr("[4, 2]"), HasSubstr("[1]")));
}

TEST(Errors, LayerOps) {
  ChannelStatistics s;
  EXPECT_THAT(shape_error([&] {
                batch_norm(f32({1, 3}), f32({3}), f32({3}), 1e-5, s);
              }),
              AllOf(HasSubstr("batch_norm"), HasSubstr("[1, 3]")));
  EXPECT_THAT(shape_error([&] {
                batch_norm(f32({4, 3}), f32({2}), f32({3}), 1e-5, s);
              }),
              AllOf(HasSubstr("gain"), HasSubstr("[3]"), HasSubstr("[2]")));
  EXPECT_THAT(shape_error([] {
                layer_norm(f32({4, 3}), f32({3}), f32({2}), 1e-5);
              }),
              AllOf(HasSubstr("layer_norm"), HasSubstr("bias")));
  EXPECT_THAT(shape_error([] {
                prelu(f32({4, 3}), f32({2}));
              }),
              AllOf(HasSubstr("prelu"), HasSubstr("[3]"), HasSubstr("[2]")));
  EXPECT_THAT(error_of(ErrorKind::value, [] { dropout(f32({4}), 1, {}); }),
              AllOf(HasSubstr("dropout"), HasSubstr("[0, 1)")));
  EXPECT_THAT(error_of(ErrorKind::value,
                       [] {
                         spatial_dropout(f32({4, 3}), 1, {});
                       }),
              AllOf(HasSubstr("spatial_dropout"), HasSubstr("[0, 1)")));
  EXPECT_THAT(shape_error([] { spatial_dropout(f32({4}), 0.5, {}); }),
              AllOf(HasSubstr("spatial_dropout"), HasSubstr("[4]")));
}

TEST(Errors, OtherSizes) {
  EXPECT_EQ(upsample(f32({2, 3, 4, 5}), {3, 8}, Upsampling::linear).shape().text(), "[2, 3, 8, 5]");
  EXPECT_THAT(error_of(ErrorKind::value,
                       [] {
                         upsample(f32({2, 3, 4, 5}), {2, 8}, Upsampling::nearest);
                       }),
              AllOf(HasSubstr("upsample"), HasSubstr("at least the input's"), HasSubstr("2 for [2, 3, 4, 5]")));
  EXPECT_THAT(shape_error([] {
                upsample(f32({2, 3}), {6}, Upsampling::nearest);
              }),
              AllOf(HasSubstr("upsample"), HasSubstr("[2, 3]")));
  EXPECT_THAT(shape_error([] { upsample(f32({2, 0, 3}), {6}, Upsampling::nearest); }), HasSubstr("[2, 0, 3]"));
  EXPECT_EQ(adaptive_max_pool(f32({2, 3, 5}), {7}).shape().text(), "[2, 7, 5]");
  EXPECT_THAT(error_of(ErrorKind::value,
                       [] {
                         adaptive_average_pool(f32({2, 4, 4, 1}), {2, 0});
                       }),
              AllOf(HasSubstr("adaptive_average_pool"), HasSubstr("0 on axis 2")));
  EXPECT_THAT(shape_error([] {
                adaptive_max_pool(f32({2, 4}), {2});
              }),
              AllOf(HasSubstr("adaptive_max_pool"), HasSubstr("[2, 4]")));
}

TEST(Errors, GroupNorm) {
  EXPECT_EQ(group_norm(f32({2, 3, 4}), f32({4}), f32({4}), 2, 1e-5).shape().text(), "[2, 3, 4]");
  EXPECT_THAT(error_of(ErrorKind::value,
                       [] {
                         group_norm(f32({2, 3, 4}), f32({4}), f32({4}), 3, 1e-5);
                       }),
              AllOf(HasSubstr("group_norm"), HasSubstr("3 for 4 channels")));
  EXPECT_THAT(shape_error([] {
                group_norm(f32({2, 3, 4}), f32({4}), f32({3}), 2, 1e-5);
              }),
              AllOf(HasSubstr("[4]"), HasSubstr("[3]")));
  EXPECT_THAT(shape_error([] {
                group_norm(f32({2, 4}), f32({4}), f32({4}), 4, 1e-5);
              }),
              AllOf(HasSubstr("[2, 4]"), HasSubstr("fewer groups")));
  EXPECT_THAT(shape_error([] { group_norm(f32({4}), f32({4}), f32({4}), 1, 1e-5); }), HasSubstr("[4]"));
  EXPECT_THAT(shape_error([] {
                group_norm(f32({2, 3, 4}), Tensor::ones({4}, Dtype::f64), f32({4}), 2, 1e-5);
              }),
              AllOf(HasSubstr("f32"), HasSubstr("f64")));
}

TEST(Errors, Losses) {
  EXPECT_NEAR(cross_entropy(f32({2, 3}), i32({0, 2})).item(), std::log(3), 1e-6);
  EXPECT_THAT(error_of(ErrorKind::value,
                       [] {
                         cross_entropy(f32({2, 3}), i32({0, 3}));
                       }),
              AllOf(HasSubstr("cross_entropy"), HasSubstr("[0, 3)"), HasSubstr("3")));
  EXPECT_THAT(error_of(ErrorKind::value,
                       [] {
                         multi_hinge(f32({2, 3}), i32({0, -1}), 1);
                       }),
              AllOf(HasSubstr("hinge"), HasSubstr("-1")));
  EXPECT_THAT(shape_error([] { cross_entropy(f32({2, 3}), i32({0})); }), AllOf(HasSubstr("[2, 3]"), HasSubstr("[1]")));
  EXPECT_THAT(shape_error([] { cross_entropy(f32({2, 3}), f32({2})); }), AllOf(HasSubstr("i32"), HasSubstr("f32")));
  EXPECT_THAT(shape_error([] {
                cross_entropy(f32({0, 3}), Tensor::from(std::vector<std::int32_t>{}, {0}));
              }),
              HasSubstr("[0, 3]"));
  EXPECT_THAT(shape_error([] {
                pointwise_loss(PointwiseLoss::squared, f32({2, 1}), f32({2}), 0);
              }),
              AllOf(HasSubstr("[2, 1]"), HasSubstr("[2]")));
  for (float t : {2.0f, -1.0f, 0.5f, NAN})
    for (int shards : {1, 2})
      EXPECT_THAT(error_of(ErrorKind::value,
                           [&] {
                             Tensor target = shard(Tensor::from({1, 0, t, 1}, {4, 1}), shards) * 1.0;
                             pointwise_loss(PointwiseLoss::hinge, f32({4, 1}), target, 1);
                           }),
                  AllOf(HasSubstr("hinge"), HasSubstr("0 or 1")));
  LossWeights w;
  w.weight = f32({3});
  EXPECT_THAT(shape_error([&] {
                pointwise_loss(PointwiseLoss::squared, f32({2, 1}), f32({2, 1}), 0, w);
              }),
              AllOf(HasSubstr("weights [2, 1] or its first axes"), HasSubstr("[3]")));
  w.weight = Tensor::ones({2}, Dtype::f64);
  EXPECT_THAT(shape_error([&] {
                pointwise_loss(PointwiseLoss::squared, f32({2, 1}), f32({2, 1}), 0, w);
              }),
              AllOf(HasSubstr("f32"), HasSubstr("f64")));
  w.weight = Tensor::zeros({2});
  EXPECT_THAT(error_of(ErrorKind::value,
                       [&] {
                         pointwise_loss(PointwiseLoss::squared, f32({2, 1}), f32({2, 1}), 0, w);
                       }),
              HasSubstr("above 0"));
}

TEST(Errors, TensorsThemselves) {
  EXPECT_THAT(shape_error([] {
                Tensor::from(std::vector<float>{1, 2}, {3});
              }),
              AllOf(HasSubstr("[3]"), HasSubstr("2")));
  EXPECT_THAT(shape_error([] { (void)f32({2}).item(); }), AllOf(HasSubstr("item"), HasSubstr("[2]")));
  EXPECT_THAT(shape_error([] { (void)f32({2}).data<double>(); }), AllOf(HasSubstr("f64"), HasSubstr("f32")));
  EXPECT_THAT(error_of(ErrorKind::state, [] { (void)shard(f32({4}), 2).data<float>(); }), HasSubstr("gather_shards"));
  EXPECT_THAT(error_of(ErrorKind::value, [] { shard(f32({40}), 17); }), AllOf(HasSubstr("16"), HasSubstr("17")));
  EXPECT_THAT(error_of(ErrorKind::value, [] { shard(f32({40}), 0); }), HasSubstr("0"));
  Tensor none;
  for (auto call : std::vector<std::function<void()>>{
           [&] { exp(none); }, [&] { add(none, f32({1})); }, [&] { add(f32({1}), none); }, [&] { sum(none); },
           [&] { shard(none, 1); }, [&] { gather_shards(none); }, [&] { (void)none.item(); },
           [&] { matmul(none, f32({2})); }, [&] { take(none, i32({0})); }, [&] { concatenate({none}); }})
    EXPECT_THAT(error_of(ErrorKind::state, call), HasSubstr("undefined"));
}

TEST(Errors, Backward) {
  Tensor x = f32({2}).set_requires_grad();
  EXPECT_THAT(error_of(ErrorKind::state, [] { backward(f32({})); }), HasSubstr("requires a gradient"));
  EXPECT_THAT(shape_error([&] { backward(x * 2); }), AllOf(HasSubstr("one element"), HasSubstr("[2]")));
  Tensor loss = sum(x * x);
  Gradients g = backward(loss);
  EXPECT_EQ(values_of(g[x]), (std::vector<double>{2, 2}));
  EXPECT_THAT(error_of(ErrorKind::state, [&] { backward(loss); }), HasSubstr("keep_graph"));
  EXPECT_THAT(error_of(ErrorKind::state, [&] { loss.set_requires_grad(); }), HasSubstr("detach"));
  for (Dtype d : {Dtype::i32, Dtype::u8, Dtype::bf16})
    EXPECT_THAT(shape_error([&] { Tensor::ones({2}, d).set_requires_grad(); }),
                AllOf(HasSubstr("set_requires_grad"), HasSubstr(dtype_name(d))));
  EXPECT_FALSE(i32({1}).set_requires_grad(false).requires_grad());
  Tensor wrong = f32({3});
  EXPECT_THAT(shape_error([&] { backward(x * 2, wrong); }),
              AllOf(HasSubstr("backward"), HasSubstr("[2]"), HasSubstr("[3]")));
}

// Of a leaf and of a result, as a value and as a product.
TEST(Errors, GradientsOfClosuresHaveTheFormOfTheirInputs) {
  Tensor leaf = f32({3000, 2}).set_requires_grad();
  for (const Tensor& input : {leaf, leaf * 2}) {
    Tensor none = input.detach();
    record(none, {&input}, [](BackwardStep& step) { step.add(0, Tensor()); });
    EXPECT_THAT(error_of(ErrorKind::state, [&] { backward(sum(none)); }), HasSubstr("undefined"));
    auto refused = [&](auto closure) {
      Tensor y = input.detach();
      record(y, {&input}, std::move(closure));
      return shape_error([&] { backward(sum(y)); });
    };
    EXPECT_THAT(refused([](BackwardStep& step) { step.add(0, f32({3})); }),
                AllOf(HasSubstr("f32 [3000, 2]"), HasSubstr("input 0"), HasSubstr("[3]")));
    EXPECT_THAT(refused([](BackwardStep& step) {
                  step.add(0, Tensor::ones({3000, 2}, Dtype::f64));
                }),
                AllOf(HasSubstr("f32 [3000, 2]"), HasSubstr("f64")));
    EXPECT_THAT(refused([](BackwardStep& step) {
                  step.add_product(0, f32({5, 2}), f32({5, 3000}));
                }),
                AllOf(HasSubstr("[3000, 2]"), HasSubstr("[2, 3000]")));
  }
}

}  // namespace
}  // namespace gradus
