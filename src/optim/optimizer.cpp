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
constexpr std::int64_t kChunk = 4096;
// Rows of a product done at a time at least, so that its tiles are full.
constexpr std::int64_t kRows = 8;
constexpr std::int64_t kMostInChunk = kRows * Gradients::kMostFactorColumns;
static_assert(kMostInChunk >= kChunk);
// Arithmetic of an update beside that of a product's term, and elements whose update alone is worth a second thread.
constexpr std::int64_t kUpdateWork = 16, kParallelElements = 1 << 19;

// Chunks of a matrix are whole rows, so that each can be a product of its own.
std::int64_t chunk_elements(const Shape& s) {
  if (s.rank() != 2 || s[1] == 0 || s[1] > Gradients::kMostFactorColumns) return kChunk;
  return std::max(kRows, kChunk / s[1] / kRows * kRows) * s[1];
}

bool is_partial(const Tensor& g) { return g.impl().placement == Placement::partial; }

// Elements [begin, begin + count) of a gradient, in out: the terms of the shards summed, or those rows of the product,
// from `first` on, over all shards' rows in order. `next` is what the caller writes after out, as long.
template <class T>
void put_together(const Gradients::Raw& g, std::int64_t begin, std::int64_t count, std::int64_t first,
                  std::int64_t rows, T* out, const T* next) {
  const kernels::Loops<T>& loops = kernels::loops<T>();
  const Tensor &value = g.value, &factor = g.factor;
  int shards = value.impl().shards;
  if (!factor.defined()) {
    const T* terms[kMaxShards];
    for (int s = 0; s < shards; ++s) terms[s] = reinterpret_cast<const T*>(value.impl().slots[s].data) + begin;
    return loops.sum_terms(terms, shards, out, count);
  }
  const Shape &sa = value.impl().shape, &sb = factor.impl().shape;
  std::int64_t m = sa[sa.rank() - 1], n = sb[sb.rank() - 1];
  RowCut cut(place_at(factor), sb);
  View a(value), b(factor);
  for (int s = 0; s < shards; ++s)
    loops.gemm({rows, n, cut.rows(s), 1, m, n, n, s > 0, next - out}, a.template at<T>(s) + first, b.template at<T>(s),
               out);
}

// Reads memory once from end to end, which brings another core's lines several times faster than reads in a product's
// order do.
void draw(const void* data, std::int64_t bytes) {
  for (std::int64_t i = 0; i < bytes; i += 64) static_cast<void>(*(static_cast<const volatile char*>(data) + i));
}
void draw(const Tensor& t) {
  Extent extent(place_at(t), t.impl().shape);
  for (int s = 0; s < t.impl().shards; ++s) draw(t.impl().slots[s].data, extent.elements(s) * item_size(t.dtype()));
}

// Of a product [m, n] a worker needs its factor whole, and the columns of the value that its own rows of m stand for.
void draw_factors(const Gradients::Raw* g, bool all_rows) {
  if (g == nullptr || !g->factor.defined()) return;
  draw(g->factor);
  if (all_rows) draw(g->value);
}

// Whether a product is of a parameter (or a view of one), which the step changes while it multiplies.
bool reads_parameter(const Gradients::Raw& g, const std::vector<Parameter>& parameters) {
  const Block *a = g.value.impl().slots[0].block, *b = g.factor.impl().slots[0].block;
  return std::any_of(parameters.begin(), parameters.end(), [&](const Parameter& p) {
    const Block* w = p.value.impl().slots[0].block;
    return w == a || w == b;
  });
}

}  // namespace

// One walk over all chunks.
struct Optimizer::Pass {
  enum What { kJoin, kUpdateJoined, kUpdate } what;
  const std::vector<Parameter>& parameters;
  const GradientRules& rules;
  double lr;
  int workers;
  double scale = 1;  // of the gradient, for norm clipping
};

void Optimizer::check_forms(const std::vector<Parameter>& parameters) const {
  if (forms_.size() != parameters.size())
    throw Error(ErrorKind::state, {"optimizer", std::to_string(forms_.size()) + " parameters as in the first step",
                                   std::to_string(parameters.size()), ""});
  for (std::size_t p = 0; p < forms_.size(); ++p) {
    const Tensor& value = parameters[p].value;
    if (value.defined() && value.impl().shape == forms_[p].shape && value.impl().dtype == forms_[p].dtype) continue;
    auto text = [](const Shape& s, Dtype d) { return std::string(dtype_name(d)) + " " + s.text(); };
    throw Error(
        ErrorKind::state,
        {"optimizer", parameters[p].name + " " + text(forms_[p].shape, forms_[p].dtype) + " as in the first step",
         text(value.shape(), value.dtype()), "make a new optimizer for other parameters"});
  }
}

void Optimizer::prepare(const std::vector<Parameter>& parameters) {
  if (!forms_.empty()) return check_forms(parameters);
  std::size_t arrays = state_names().size();
  std::vector<Form> forms;
  state_.clear();
  chunks_.clear();
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    const Tensor& value = parameters[p].value;
    forms.push_back({value.shape(), value.dtype()});
    state_.emplace_back();
    for (std::size_t a = 0; a < arrays; ++a) state_[p].push_back(Tensor::zeros(value.shape(), value.dtype()));
    std::int64_t most = chunk_elements(value.shape()), row = value.rank() == 2 ? value.dim(1) : 1;
    for (std::int64_t begin = 0; begin < value.size(); begin += most) {
      std::int64_t count = std::min(most, value.size() - begin);
      chunks_.push_back({static_cast<int>(p), begin, count, begin / row, count / row});
    }
  }
  squares_.assign(chunks_.size(), 0);
  bad_.assign(chunks_.size(), 0);
  forms_ = std::move(forms);
}

void Optimizer::run_chunk(const Pass& pass, std::size_t number) {
  bool is_double = pass.parameters[chunks_[number].parameter].value.dtype() == Dtype::f64;
  return is_double ? run_chunk_of<double>(pass, number) : run_chunk_of<float>(pass, number);
}

template <class T>
void Optimizer::run_chunk_of(const Pass& pass, std::size_t number) {
  const kernels::Loops<T>& loops = kernels::loops<T>();
  const Chunk& c = chunks_[number];
  const Parameter& parameter = pass.parameters[c.parameter];
  const Gradients::Raw* gradient = gradients_[c.parameter];
  bad_[number] = 0;
  if (gradient == nullptr) return;
  alignas(64) T own[kMostInChunk];
  T* w = gradus::buffer<T>(parameter.value) + c.begin;
  const T* g = own;
  if (pass.what != Pass::kUpdate) {
    T* joined = gradus::buffer<T>(joined_[c.parameter]) + c.begin;
    if (pass.what == Pass::kJoin) {
      put_together(*gradient, c.begin, c.count, c.first_row, c.rows, joined, joined);
      squares_[number] = loops.sum_squares(joined, c.count);
      bad_[number] = !std::isfinite(squares_[number]) && !loops.all_finite(joined, c.count);
      return;
    }
    g = joined;
  } else if (gradient->factor.defined() || is_partial(gradient->value)) {
    put_together(*gradient, c.begin, c.count, c.first_row, c.rows, own, static_cast<const T*>(w));
  } else {
    g = gradus::buffer<T>(gradient->value) + c.begin;
  }
  bad_[number] = !loops.all_finite(g, c.count);

  bool decoupled = decoupled_decay();
  double decay = parameter.penalized ? weight_decay() : 0;
  double l1 = parameter.penalized ? pass.rules.l1 : 0, l2 = parameter.penalized ? pass.rules.l2 : 0;
  if (!decoupled) l2 += decay;
  if (pass.scale != 1 || pass.rules.clip_value > 0 || l1 > 0 || l2 > 0) {
    if (g != own) std::copy_n(g, c.count, own);
    g = own;
    loops.adjust_gradient(own, w, c.count, static_cast<T>(pass.scale), static_cast<T>(pass.rules.clip_value),
                          static_cast<T>(l1), static_cast<T>(l2));
  }
  T* state[4] = {};
  for (std::size_t a = 0; a < state_[c.parameter].size(); ++a)
    state[a] = gradus::buffer<T>(state_[c.parameter][a]) + c.begin;
  update(w, g, state, c.count, {pass.lr, steps_, decoupled ? decay : 0});
}

// Each worker takes a run of chunks with an equal share of the work, the same at every step: what it wrote then is
// still in its caches.
void Optimizer::walk(const Pass& pass) {
  ComputeScope scope;
  if (pass.workers == 1) {
    for (std::size_t i = 0; i < chunks_.size(); ++i) run_chunk(pass, i);
    return;
  }
  std::int64_t work = 0;
  for (const Chunk& c : chunks_) work += c.count * work_[c.parameter];
  run_workers(pass.workers, [&](int worker) {
    ComputeScope own_scope;
    std::int64_t before = 0;
    int drawn = -1;  // the parameter whose factors this worker has
    for (std::size_t i = 0; i < chunks_.size(); ++i) {
      const Chunk& c = chunks_[i];
      std::int64_t own = c.count * work_[c.parameter], middle = before + own / 2;
      before += own;
      if (std::min<std::int64_t>(middle * pass.workers / work, pass.workers - 1) != worker) continue;
      if (pass.what != Pass::kUpdateJoined && drawn != c.parameter) {
        drawn = c.parameter;
        draw_factors(gradients_[drawn], c.count == pass.parameters[drawn].value.size());
      }
      run_chunk(pass, i);
    }
  });
}

bool Optimizer::collect(const std::vector<Parameter>& parameters, const Gradients& gradients) {
  std::int64_t elements = 0;
  bool shared = false;
  gradients_.clear();
  work_.clear();
  for (const Parameter& p : parameters) {
    Gradients::Raw* g = gradients.raw(p.value);
    gradients_.push_back(g);
    work_.push_back(0);
    if (g == nullptr) continue;
    if (g->factor.defined() && reads_parameter(*g, parameters)) g->multiply_out();
    if (!g->factor.defined() && is_split(g->value)) g->value = gather_shards(g->value);
    std::int64_t size = p.value.size(), rows = 0;
    if (g->factor.defined()) {
      const Shape& factor = g->factor.impl().shape;
      rows = factor.product(0, factor.rank() - 1);
    }
    work_.back() = kUpdateWork + rows;
    shared = shared || size * rows >= kParallelProduct || !is_whole(g->value);
    elements += size;
  }
  flush();
  return shared || elements >= kParallelElements;
}

StepReport Optimizer::step(std::vector<Parameter>& parameters, const Gradients& gradients, double lr,
                           const GradientRules& rules, bool want_norm) {
  prepare(parameters);
  ++steps_;
  int workers = collect(parameters, gradients) ? static_cast<int>(std::min<std::size_t>(threads(), chunks_.size())) : 1;
  Pass pass{Pass::kUpdate, parameters, rules, lr, workers};
  StepReport report;
  if (want_norm || rules.clip_norm > 0) {
    report.gradient_norm = join(pass);
    pass.what = Pass::kUpdateJoined;
    if (rules.clip_norm > 0 && report.gradient_norm > rules.clip_norm)
      pass.scale = rules.clip_norm / report.gradient_norm;
  }
  auto first_bad = [&] {
    auto it = std::find(bad_.begin(), bad_.end(), 1);
    return it == bad_.end() ? -1 : chunks_[it - bad_.begin()].parameter;
  };
  if (pass.what == Pass::kUpdateJoined) report.first_bad_parameter = first_bad();
  if (report.first_bad_parameter < 0) {
    walk(pass);
    report.first_bad_parameter = first_bad();
  }
  return report;
}

// Puts all gradients together in joined_; returns their Euclidean norm.
double Optimizer::join(Pass pass) {
  if (joined_.empty())
    for (const Parameter& p : pass.parameters) joined_.push_back(Tensor::empty(p.value.shape(), p.value.dtype()));
  pass.what = Pass::kJoin;
  walk(pass);
  double squares = 0;
  for (std::size_t c = 0; c < chunks_.size(); ++c)
    if (gradients_[chunks_[c].parameter] != nullptr) squares += squares_[c];
  return std::sqrt(squares);
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
