#include <cmath>
#include <limits>

#include "gradus/nn/steps.h"
#include "gradus/nn/weights.h"

namespace gradus {
namespace {

struct AttentionParams : WeightsParams {
  std::string score = "dot";
  std::int64_t heads = 1;
  std::optional<std::int64_t> units;
  void fields(Fields& f) {
    f("score", score, {"dot", "additive"},
      "how well a step fits a place: q k / sqrt(units of a head), or w tanh(q + k) with learned w");
    f("heads", heads, at_least(1), "how many places a step can look at, each with a share of the units");
    f("units", units, at_least(1), "numbers that queries and keys have, of all heads; left out: as many as the input");
    WeightsParams::fields(f);
  }
};

// Steps x [n, steps, features] look at places m [n, time, ..]: those a decoder's sequence has, or outside of a decoder
// their own. With queries q = x w_q, keys k = m w_k and values v = m w_v, each head's share of the units by itself,
// weights are softmax(scores of q and k) over the places, and y = tanh([weights v, x] w + b) has x's features.
class Attention final : public Module {
 public:
  using Params = AttentionParams;
  Attention(const Params& p, const std::string& place)
      : params_(p), query_(p, place), key_(p, place), value_(p, place), joined_(p, place) {
    if (params_.units && *params_.units % params_.heads != 0)
      throw Error(ErrorKind::config, {place + ".units", "a multiple of heads, " + std::to_string(params_.heads),
                                      std::to_string(*params_.units), ""});
  }
  std::string type() const override { return "attention"; }
  Takes takes() const override { return Takes::bf16; }
  bool shares_weights() const override { return true; }
  bool decide_memory(std::int64_t features) override {
    memory_ = features;
    return true;
  }

  Shape output_shape(const Shape& input) const override {
    check_input(input);
    return input;
  }
  Cost cost(const Shape& input) const override {
    check_input(input);
    const std::int64_t time = input[0], in = input[1], u = units(in), m = memory_.value_or(in);
    Cost c;
    c.parameters = query_.count(in * u, u) + key_.count(m * u, u) + value_.count(m * u, u) +
                   joined_.count((u + in) * in, in) + (is_additive() ? u : 0);
    c.multiply_adds = time * (in * u + 2 * m * u + (u + in) * in + 2 * time * u);
    c.activations = time * (4 * u + 2 * in + time * params_.heads);
    return c;
  }
  void build(const Shape& input, const BuildContext& context) override {
    check_input(input);
    stream_ = context.key.stream;
    const std::int64_t in = input[1], u = units(in), m = memory_.value_or(in);
    auto make = [&](Weights& w, const char* name, std::int64_t from, std::int64_t to, Activation next) {
      BuildContext own = context;
      own.key = context.key.in(name);
      own.next = next;
      w.build(type(), {from, to}, to, from, to, own);
    };
    make(query_, "query", in, u, {});
    make(key_, "key", m, u, {});
    make(value_, "value", m, u, {});
    make(joined_, "joined", u + in, in, {Activation::Kind::tanh});
    if (!is_additive()) return;
    const double most = std::sqrt(3.0 * static_cast<double>(params_.heads) / static_cast<double>(u));
    score_.value = Tensor::uniform({u}, -most, most, context.key.in("score"), context.dtype).set_requires_grad();
  }

  Tensor forward(const Tensor& x, const Context& context) override {
    if (memory_ && !context.memory.defined())
      throw Error(ErrorKind::state, "attention", "has no sequence to look at", "put it into a decoder's layers");
    Tensor keys, values;
    look(x, context, keys, values);
    Tensor q = in_heads(projected(x, query_));
    Tensor weights = softmax(masked(scores(q, keys), memory_ ? context.memory_lengths : context.lengths));
    if (context.looked) context.looked(weights);
    Tensor found = cast_as(x, from_heads(matmul(weights, values)));
    return linear(concatenate({found, x}, 2), joined_.weight(), joined_.bias(), {Activation::Kind::tanh});
  }
  void visit(const std::string& prefix, const Visitor& v) override {
    query_.visit(prefix + "query.", v);
    key_.visit(prefix + "key.", v);
    value_.visit(prefix + "value.", v);
    joined_.visit(prefix + "joined.", v);
    if (v.parameter && is_additive()) v.parameter(prefix + "score", score_);
  }

 private:
  bool is_additive() const { return params_.score == "additive"; }

  std::int64_t units(std::int64_t in) const {
    const std::int64_t u = params_.units.value_or(in);
    if (u % params_.heads != 0)
      throw Error(ErrorKind::config, {"attention.heads", "a divisor of the input's " + std::to_string(u) + " features",
                                      std::to_string(params_.heads), "set units to a multiple of it"});
    return u;
  }
  void check_input(const Shape& input) const {
    if (input.rank() != 2 || input.size() < 1)
      throw Error(ErrorKind::shape,
                  {"attention", "an input [batch, steps, features]", "examples of shape " + input.text(), ""});
    units(input[1]);
  }

  static Tensor projected(const Tensor& x, const Weights& w) { return linear(x, w.weight(), w.bias()); }
  // In mixed precision products by weights take bf16; scores, weights and what is found with them are f32.
  static Tensor cast_as(const Tensor& like, const Tensor& t) {
    return like.dtype() == Dtype::bf16 ? cast(t, Dtype::bf16) : t;
  }

  // [n, steps, units] <-> [n, heads, steps, units / heads]
  Tensor in_heads(const Tensor& t) const {
    const std::int64_t h = params_.heads;
    if (h == 1) return expand_dims(t, 1);
    return permute(reshape(t, {t.dim(0), t.dim(1), h, t.dim(2) / h}), {0, 2, 1, 3});
  }
  Tensor from_heads(const Tensor& t) const {
    const std::int64_t h = params_.heads;
    if (h == 1) return squeeze(t, 1);
    return reshape(permute(t, {0, 2, 1, 3}), {t.dim(0), t.dim(2), h * t.dim(3)});
  }

  // Keys and values of the places; of a decoder's sequence made once while it goes on symbol by symbol.
  void look(const Tensor& x, const Context& context, Tensor& keys, Tensor& values) const {
    const bool keeps = memory_ && context.states != nullptr;
    if (keeps && context.states->of(stream_, 0).defined()) {
      keys = context.states->of(stream_, 0);
      values = context.states->of(stream_, 1);
      return;
    }
    Tensor places = memory_ ? cast_as(x, context.memory) : x;
    keys = in_heads(projected(places, key_));
    values = in_heads(projected(places, value_));
    if (!keeps) return;
    context.states->of(stream_, 0) = keys.detach();
    context.states->of(stream_, 1) = values.detach();
  }

  // [n, heads, steps, time]
  Tensor scores(const Tensor& q, const Tensor& k) const {
    if (!is_additive()) return matmul(q * (1 / std::sqrt(static_cast<double>(q.dim(3)))), k, false, true);
    return additive_scores(q, k, reshape(score_.value, {params_.heads, q.dim(3)}));
  }
  static Tensor masked(const Tensor& scores, const Tensor& lengths) {
    if (!lengths.defined()) return scores;
    const std::int64_t n = scores.dim(0), time = scores.dim(3);
    const Dtype dtype = scores.dtype();
    Tensor there = reshape(steps_there(lengths, time, dtype), {n, 1, 1, time});
    return where(there, scores, Tensor::full({1}, std::numeric_limits<float>::lowest(), dtype));
  }

  Params params_;
  std::optional<std::int64_t> memory_;  // features of what a decoder's layers look at
  Weights query_, key_, value_, joined_;
  Parameter score_;
  std::uint32_t stream_ = 0;
};

}  // namespace

void register_attention(Catalog<Module>& catalog) {
  catalog.add<Attention>("attention", "Steps that look at the places of a sequence which fit them best.",
                         "Bahdanau, Cho, Bengio, ICLR 2015; Luong, Pham, Manning, EMNLP 2015; Vaswani et al., "
                         "Attention is all you need, NeurIPS 2017");
}

}  // namespace gradus
