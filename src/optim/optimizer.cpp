#include "gradus/optim/optimizer.h"

#include <algorithm>
#include <cmath>

#include "gradus/base/error.h"
#include "gradus/base/parallel.h"
#include "gradus/kernels/loops.h"
#include "gradus/tensor/impl.h"

namespace gradus {
namespace {

// Elements worked on at a time: gradient, weight and two states of this many floats stay in the first two caches.
constexpr std::int64_t kChunk = 8192;
// Fewer parameters than this in an unsharded step are updated faster by one thread than it takes to wake another.
constexpr std::int64_t kParallelElements = 1 << 20;

bool is_partial(const Tensor& g) { return g.impl().placement == Placement::partial; }

}  // namespace

// One walk over all chunks.
struct Optimizer::Pass {
  const std::vector<Parameter>& parameters;
  std::vector<Tensor>& gradients;  // whole or partial; undefined where there is none
  GradientRules rules;
  double lr;
  double scale = 1;    // of the gradient, for norm clipping
  bool join = false;   // sum shards into joined_ and take squares
  bool update = true;  // apply the rule
};

void Optimizer::prepare(const std::vector<Parameter>& parameters) {
  if (state_.size() == parameters.size() && !chunks_.empty()) return;
  if (!state_.empty() && state_.size() != parameters.size())
    throw Error(ErrorKind::state, {"optimizer", std::to_string(state_.size()) + " parameters as in the first step",
                                   std::to_string(parameters.size()), ""});
  std::size_t arrays = state_names().size();
  bool fresh = state_.empty();
  chunks_.clear();
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    const Tensor& value = parameters[p].value;
    if (fresh) {
      state_.emplace_back();
      for (std::size_t a = 0; a < arrays; ++a) state_[p].push_back(Tensor::zeros(value.shape(), value.dtype()));
    }
    for (std::int64_t begin = 0; begin < value.size(); begin += kChunk)
      chunks_.push_back({static_cast<int>(p), begin, std::min(kChunk, value.size() - begin)});
  }
  squares_.assign(chunks_.size(), 0);
  bad_.assign(chunks_.size(), 0);
}

template <class T>
void Optimizer::run_chunk(const Pass& pass, std::size_t number) {
  const kernels::Loops<T>& loops = kernels::loops<T>();
  const Chunk& c = chunks_[number];
  const Parameter& parameter = pass.parameters[c.parameter];
  const Tensor& gradient = pass.gradients[c.parameter];
  bad_[number] = 0;
  if (!gradient.defined()) return;
  const TensorImpl& impl = gradient.impl();
  T* w = reinterpret_cast<T*>(parameter.value.impl().slots[0].data) + c.begin;

  const T* terms[kMaxShards];
  for (int s = 0; s < impl.shards; ++s) terms[s] = reinterpret_cast<const T*>(impl.slots[s].data) + c.begin;
  alignas(64) T buffer[kChunk];
  const T* g = terms[0];
  if (pass.join) {
    T* joined = gradus::buffer<T>(joined_[c.parameter]) + c.begin;
    loops.sum_terms(terms, impl.shards, joined, c.count);
    squares_[number] = loops.sum_squares(joined, c.count);
    bad_[number] = !std::isfinite(squares_[number]) && !loops.all_finite(joined, c.count);
    return;
  }
  bool decoupled = decoupled_decay();
  double decay = parameter.penalized ? weight_decay() : 0;
  double l1 = parameter.penalized ? pass.rules.l1 : 0, l2 = parameter.penalized ? pass.rules.l2 : 0;
  if (!decoupled) l2 += decay;
  bool adjust = pass.scale != 1 || pass.rules.clip_value > 0 || l1 > 0 || l2 > 0;
  if (impl.shards > 1 || adjust) {
    loops.sum_terms(terms, impl.shards, buffer, c.count);
    g = buffer;
  }
  bad_[number] = !loops.all_finite(g, c.count);
  if (adjust)
    loops.adjust_gradient(buffer, w, c.count, static_cast<T>(pass.scale), static_cast<T>(pass.rules.clip_value),
                          static_cast<T>(l1), static_cast<T>(l2));
  T* state[4] = {};
  for (std::size_t a = 0; a < state_[c.parameter].size(); ++a)
    state[a] = reinterpret_cast<T*>(state_[c.parameter][a].impl().slots[0].data) + c.begin;
  update(w, g, state, c.count, {pass.lr, steps_, decoupled ? decay : 0});
}

StepReport Optimizer::step(std::vector<Parameter>& parameters, const Gradients& gradients, double lr,
                           const GradientRules& rules, bool want_norm) {
  flush();
  prepare(parameters);
  ++steps_;
  Pass pass{parameters, gradients_, rules, lr};
  gradients_.clear();
  bool sharded = false;
  std::int64_t elements = 0;
  for (const Parameter& p : parameters) {
    pass.gradients.push_back(gradients.raw(p.value));
    if (!pass.gradients.back().defined()) continue;
    if (is_split(pass.gradients.back())) pass.gradients.back() = gather_shards(pass.gradients.back());
    sharded = sharded || is_partial(pass.gradients.back());
    elements += p.value.size();
  }
  int workers =
      sharded || elements > kParallelElements ? static_cast<int>(std::min<std::size_t>(threads(), chunks_.size())) : 1;
  auto walk = [&] {
    run_workers(workers, [&](int w) {
      ComputeScope scope;
      for (std::size_t c = chunks_.size() * w / workers; c < chunks_.size() * (w + 1) / workers; ++c) {
        if (parameters[chunks_[c].parameter].value.dtype() == Dtype::f64)
          run_chunk<double>(pass, c);
        else
          run_chunk<float>(pass, c);
      }
    });
  };
  StepReport report;
  auto find_bad = [&] {
    auto it = std::find(bad_.begin(), bad_.end(), 1);
    report.first_bad_parameter = it == bad_.end() ? -1 : chunks_[it - bad_.begin()].parameter;
  };
  if (want_norm || rules.clip_norm > 0) {
    if (joined_.empty())
      for (const Parameter& p : parameters) joined_.push_back(Tensor::empty(p.value.shape(), p.value.dtype()));
    pass.join = true;
    walk();
    double squares = 0;
    for (std::size_t c = 0; c < chunks_.size(); ++c)
      if (pass.gradients[chunks_[c].parameter].defined()) squares += squares_[c];
    report.gradient_norm = std::sqrt(squares);
    find_bad();
    if (report.first_bad_parameter >= 0) return report;
    if (rules.clip_norm > 0 && report.gradient_norm > rules.clip_norm)
      pass.scale = rules.clip_norm / report.gradient_norm;
    pass.join = false;
    for (std::size_t p = 0; p < parameters.size(); ++p)
      if (pass.gradients[p].defined()) pass.gradients[p] = joined_[p];
  }
  walk();
  find_bad();
  gradients_.clear();
  return report;
}

std::vector<std::pair<std::string, Tensor>> Optimizer::state(const std::vector<Parameter>& parameters) {
  prepare(parameters);
  std::vector<std::pair<std::string, Tensor>> all;
  std::vector<std::string> names = state_names();
  for (std::size_t p = 0; p < parameters.size(); ++p)
    for (std::size_t a = 0; a < names.size(); ++a) all.emplace_back(parameters[p].name + "." + names[a], state_[p][a]);
  return all;
}

void Optimizer::restore(const std::vector<Parameter>& parameters, std::int64_t steps,
                        const std::vector<std::pair<std::string, Tensor>>& saved) {
  auto mine = state(parameters);
  if (mine.size() != saved.size())
    throw Error(ErrorKind::data, {"optimizer state", std::to_string(mine.size()) + " arrays",
                                  std::to_string(saved.size()), "the checkpoint is of another optimizer or model"});
  std::size_t arrays = state_names().size();
  for (std::size_t i = 0; i < mine.size(); ++i) {
    if (mine[i].first != saved[i].first || mine[i].second.shape() != saved[i].second.shape() ||
        mine[i].second.dtype() != saved[i].second.dtype())
      throw Error(ErrorKind::data, {"optimizer state", mine[i].first + " " + mine[i].second.shape().text(),
                                    saved[i].first + " " + saved[i].second.shape().text(),
                                    "the checkpoint is of another optimizer or model"});
    state_[i / arrays][i % arrays] = saved[i].second.copy();
  }
  steps_ = steps;
}

void register_optimizers(Catalog<Optimizer>& catalog);

const Catalog<Optimizer>& optimizers() {
  static const Catalog<Optimizer> catalog = [] {
    Catalog<Optimizer> c("optimizer");
    register_optimizers(c);
    return c;
  }();
  return catalog;
}

}  // namespace gradus
