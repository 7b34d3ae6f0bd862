#include <gtest/gtest.h>

#include "gradus/base/error.h"
#include "gradus/tensor/impl.h"
#include "gradus/tensor/ops.h"

namespace gradus {
namespace {

struct Result {
  std::vector<double> y, dx, dgain, dbias, mean, variance;
};

void append(std::vector<double>& to, const Tensor& t) {
  for (double v : t.to_vector<double>()) to.push_back(v);
}

Result normalize(const Tensor& values, const Tensor& weight, int shards, bool by_shard, ChannelStatistics& batch) {
  Tensor x = values.copy().set_requires_grad(), gain = Tensor::uniform({3}, 1, 2, {2, 0, 0}, Dtype::f64),
         bias = Tensor::uniform({3}, -1, 1, {3, 0, 0}, Dtype::f64);
  gain.set_requires_grad();
  bias.set_requires_grad();
  Tensor y = batch_norm(shard(x, shards), gain, bias, 1e-3, batch, true, by_shard);
  Gradients g = backward(sum(y * weight));
  Result r;
  append(r.y, y);
  append(r.dx, g[x]);
  append(r.dgain, g[gain]);
  append(r.dbias, g[bias]);
  append(r.mean, batch.mean);
  append(r.variance, batch.variance);
  return r;
}

void expect_near(const std::vector<double>& a, const std::vector<double>& b, const char* what) {
  ASSERT_EQ(a.size(), b.size()) << what;
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-12) << what << " " << i;
}

// Each shard is treated as a batch of its own, while the parameters' gradients are those of all.
TEST(BatchNorm, ByShardEachShardIsABatch) {
  Tensor x = Tensor::normal({7, 2, 3}, 1, 2, {1, 0, 0}, Dtype::f64),
         weight = Tensor::uniform({7, 2, 3}, -1, 1, {4, 0, 0}, Dtype::f64);
  ChannelStatistics all;
  Result together = normalize(x, weight, 3, true, all);
  Tensor cut = shard(x, 3);
  const ShardPlan& plan = *cut.impl().plan;
  Result apart;
  apart.dgain = apart.dbias = apart.mean = apart.variance = {0, 0, 0};
  for (int s = 0; s < 3; ++s) {
    ChannelStatistics own;
    Result r = normalize(slice(x, 0, plan.begin[s], plan.begin[s + 1]),
                         slice(weight, 0, plan.begin[s], plan.begin[s + 1]), 1, false, own);
    apart.y.insert(apart.y.end(), r.y.begin(), r.y.end());
    apart.dx.insert(apart.dx.end(), r.dx.begin(), r.dx.end());
    for (std::size_t j = 0; j < 3; ++j) {
      double share = static_cast<double>(plan.rows(s)) / 7;
      apart.dgain[j] += r.dgain[j];
      apart.dbias[j] += r.dbias[j];
      apart.mean[j] += share * r.mean[j];
      apart.variance[j] += share * r.variance[j];
    }
  }
  expect_near(together.y, apart.y, "y");
  expect_near(together.dx, apart.dx, "dx");
  expect_near(together.dgain, apart.dgain, "dgain");
  expect_near(together.dbias, apart.dbias, "dbias");
  expect_near(together.mean, apart.mean, "mean");
  expect_near(together.variance, apart.variance, "variance");
  EXPECT_EQ(all.count, 7 * 2 / 3);
}

TEST(BatchNorm, ByShardOfAnUncutBatchIsTheUsualOne) {
  Tensor x = Tensor::normal({6, 3}, 1, 2, {1, 0, 0}, Dtype::f64), weight = Tensor::ones({6, 3}, Dtype::f64);
  ChannelStatistics a, b;
  EXPECT_EQ(normalize(x, weight, 1, true, a).y, normalize(x, weight, 1, false, b).y);
}

TEST(BatchNorm, ByShardNeedsTwoRowsInEachShard) {
  Tensor x = Tensor::ones({5, 3}, Dtype::f64);
  ChannelStatistics batch;
  EXPECT_THROW(normalize(x, x, 3, true, batch), Error);
}

}  // namespace
}  // namespace gradus
