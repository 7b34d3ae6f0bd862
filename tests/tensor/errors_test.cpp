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
  LossWeights w;
  w.weight = f32({3});
  EXPECT_THAT(shape_error([&] {
                pointwise_loss(PointwiseLoss::squared, f32({2, 1}), f32({2, 1}), 0, w);
              }),
              AllOf(HasSubstr("weights"), HasSubstr("[2]"), HasSubstr("[3]")));
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
  Tensor wrong = f32({3});
  EXPECT_THAT(shape_error([&] { backward(x * 2, wrong); }),
              AllOf(HasSubstr("backward"), HasSubstr("[2]"), HasSubstr("[3]")));
}

}  // namespace
}  // namespace gradus
