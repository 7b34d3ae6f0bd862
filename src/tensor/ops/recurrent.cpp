#include "gradus/kernels/recurrent.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "gradus/base/error.h"
#include "gradus/tensor/impl.h"
#include "gradus/tensor/ops.h"

namespace gradus {

using kernels::RecurrentPass;
using kernels::RecurrentShape;

namespace {

void check_state(const char* what, const Tensor& t, const Shape& shape, Dtype dtype) {
  if (t.defined() && (t.shape() != shape || t.dtype() != dtype))
    throw Error(ErrorKind::shape,
                {"recurrent", std::string(what) + " " + dtype_name(dtype) + " " + shape.text(), t.text(), ""});
}

void check_lengths(const Tensor& lengths, std::int64_t n, std::int64_t time) {
  check_state("lengths", lengths, {n}, Dtype::i32);
  if (!lengths.defined()) return;
  const std::int32_t* l = lengths.data<std::int32_t>();
  for (std::int64_t i = 0; i < n; ++i)
    if (l[i] < 1 || l[i] > time)
      throw Error(ErrorKind::value,
                  {"recurrent", "lengths from 1 to " + std::to_string(time), std::to_string(l[i]), ""});
}

RecurrentShape shape_of(const Tensor& x, const RecurrentWeights& w, const RecurrentStates& initial,
                        const RecurrentOptions& options) {
  require_arithmetic("recurrent", x, w.input);
  require_same_dtype("recurrent", w.input, w.state);
  RecurrentShape s;
  s.cell = static_cast<kernels::Cell>(options.cell);
  s.reverse = options.reverse;
  const std::int64_t blocks = kernels::weight_blocks(s.cell);
  bool fits = x.rank() == 3 && w.input.rank() == 2 && w.state.rank() == 2 && x.size() > 0 &&
              w.input.dim(0) == x.dim(2) && w.input.dim(1) == w.state.dim(1) &&
              w.state.dim(1) == blocks * w.state.dim(0) && w.state.dim(0) > 0;
  if (!fits)
    throw Error(ErrorKind::shape,
                {"recurrent",
                 "x [n, time, in], weights [in, " + std::to_string(blocks) + " units] and [units, " +
                     std::to_string(blocks) + " units]",
                 x.shape().text() + ", " + w.input.shape().text() + " and " + w.state.shape().text(), ""});
  s.n = x.dim(0);
  s.time = x.dim(1);
  s.in = x.dim(2);
  s.units = w.state.dim(0);
  const Dtype dtype = w.input.dtype();
  check_state("bias", w.bias, {kernels::bias_blocks(s.cell) * s.units}, dtype);
  check_state("h", initial.h, {s.n, s.units}, dtype);
  check_state("c", initial.c, {s.n, s.units}, dtype);
  check_state("mask", options.mask, {s.n, s.units}, dtype);
  check_lengths(options.lengths, s.n, s.time);
  return s;
}

// What is kept of a pass for the way back, cut as the batch is.
struct Kept {
  Tensor lengths, mask, inputs, states, unmasked, resets, gates, cells;
};

struct KeptViews {
  View lengths, mask, inputs, states, unmasked, resets, gates, cells;
  explicit KeptViews(const Kept& k)
      : lengths(view(k.lengths)),
        mask(view(k.mask)),
        inputs(k.inputs),
        states(k.states),
        unmasked(k.unmasked),
        resets(view(k.resets)),
        gates(k.gates),
        cells(view(k.cells)) {}
  static View view(const Tensor& t) { return t.defined() ? View(t) : View(); }

  template <class T>
  kernels::RecurrentSteps<T> at(int i) const {
    using A = Arithmetic<T>;
    return {lengths.at<std::int32_t>(i), mask.at<A>(i),   inputs.at<T>(i), states.at<T>(i),
            unmasked.at<T>(i),           resets.at<T>(i), gates.at<T>(i),  cells.at<A>(i)};
  }
};

Tensor aligned_if(const Tensor& t, const Place& place) { return t.defined() ? aligned(t, place) : t; }

// A gradient, which may come in any cut, as the pass was cut.
Tensor brought_to(const Place& place, const Tensor& t) {
  if (!t.defined() || (place.plan != nullptr && is_split(t) && *place_at(t).plan == *place.plan)) return t;
  return aligned(whole(t), place);
}

// Where a pass runs. All that is there is aligned to it by itself, but sums over shards and other cuts are joined here.
Place place_of(Tensor& x, Tensor& h, Tensor& c, RecurrentOptions& options) {
  Tensor *args[] = {&x, &h, &c, &options.mask, &options.lengths}, *there[5];
  int count = 0;
  for (Tensor* t : args)
    if (t->defined()) there[count++] = t;
  return gradus::place_of(there, count);
}

Kept room_for(const Place& place, const RecurrentShape& s, Dtype dtype, const RecurrentOptions& options) {
  auto make = [&](std::int64_t steps, std::int64_t width, Dtype type) {
    return make_at(place, {s.n, steps, width}, type);
  };
  Kept k;
  k.lengths = aligned_if(options.lengths, place);
  k.mask = aligned_if(options.mask, place);
  k.inputs = make(s.time, s.in, dtype);
  k.unmasked = make(s.time + 1, s.units, dtype);
  k.states = k.mask.defined() ? make(s.time + 1, s.units, dtype) : k.unmasked;
  k.gates = make(s.time, kernels::step_blocks(s.cell) * s.units, dtype);
  if (s.cell == kernels::Cell::gru_reset_before) k.resets = make(s.time, s.units, dtype);
  if (s.cell == kernels::Cell::lstm) k.cells = make(s.time + 1, s.units, arithmetic(dtype));
  return k;
}

template <class T>
Tensor packed(const RecurrentShape& s, RecurrentPass pass, const RecurrentWeights& w) {
  ComputeScope scope;
  Tensor p = make_whole({static_cast<std::int64_t>(kernels::packed_elements<T>(s, pass))}, DtypeOf<T>::value);
  using A = Arithmetic<T>;
  kernels::pack_weights<T>(s, pass, w.input.data<A>(), w.state.data<A>(), buffer<T>(p));
  return p;
}

RecurrentShape in_shard(RecurrentShape s, const Extent& extent, int shard) {
  s.n = extent.rows(shard);
  return s;
}

Tensor copy_at(const Place& place, const Tensor& t) {
  Tensor copy = make_at(place, t.shape(), t.dtype());
  View from(t), to(copy);
  Extent extent(place, t.shape());
  const std::size_t size = item_size(t.dtype());
  run_at(place, [=](int i) {
    std::copy_n(from.at<char>(i), static_cast<std::size_t>(extent.elements(i)) * size, to.at<char>(i));
  });
  return copy;
}

// Inputs of the recorded op, in this order.
enum Input : int { kX, kOfInput, kOfState, kBias, kH0, kC0 };

template <class T>
void queue_backward(BackwardStep& step, const RecurrentShape& s, const Place& place, const Kept& kept,
                    const RecurrentWeights& w) {
  constexpr Dtype own = DtypeOf<Arithmetic<T>>::value;
  const bool has_cells = s.cell == kernels::Cell::lstm;
  Tensor dy = brought_to(place, step.take_grad(0)), dh_last = brought_to(place, step.take_grad(1)),
         dc_last = has_cells ? brought_to(place, step.take_grad(2)) : Tensor();
  Tensor weights = packed<T>(s, RecurrentPass::backward, w);
  auto states = [&](std::int64_t width) { return make_at(place, {s.n, width}, own); };
  // Scratch and, where they are wanted, results; those not wanted stay undefined.
  Tensor dh = states(s.units), dc = states(s.units), through = kept.mask.defined() ? states(s.units) : dh,
         dinput = step.wants(kX) ? states(s.in) : Tensor(), gradients[6];
  if (step.wants(kX)) gradients[kX] = make_at(place, {s.n, s.time, s.in}, DtypeOf<T>::value);
  if (step.wants(kOfInput)) gradients[kOfInput] = make_term_at(place, w.input.shape(), own);
  if (step.wants(kOfState)) gradients[kOfState] = make_term_at(place, w.state.shape(), own);
  if (step.wants(kBias)) gradients[kBias] = make_term_at(place, w.bias.shape(), own);
  if (step.wants(kH0)) gradients[kH0] = states(s.units);
  if (has_cells && step.wants(kC0)) gradients[kC0] = states(s.units);
  auto view = [](const Tensor& t) { return t.defined() ? View(t) : View(); };
  KeptViews k(kept);
  View vw(weights), vdy = view(dy), vdh_last = view(dh_last), vdc_last = view(dc_last), vdh(dh), vdc(dc),
                    vthrough(through), vdinput = view(dinput);
  struct {
    View of[6];
  } wanted;
  std::transform(std::begin(gradients), std::end(gradients), wanted.of, view);
  Extent extent(place, {s.n, s.units});
  run_at(place, [=](int i) {
    using A = Arithmetic<T>;
    kernels::RecurrentBackward<T> b{vw.template at<T>(i),
                                    vdy.template at<T>(i),
                                    vdh_last.template at<A>(i),
                                    vdc_last.template at<A>(i),
                                    wanted.of[kX].template at<T>(i),
                                    wanted.of[kOfInput].template at<A>(i),
                                    wanted.of[kOfState].template at<A>(i),
                                    wanted.of[kBias].template at<A>(i),
                                    wanted.of[kH0].template at<A>(i),
                                    wanted.of[kC0].template at<A>(i),
                                    vdh.template at<A>(i),
                                    vdc.template at<A>(i),
                                    vthrough.template at<A>(i),
                                    vdinput.template at<A>(i)};
    kernels::recurrent_backward<T>(in_shard(s, extent, i), k.at<T>(i), b);
  });
  for (int i = 0; i < 6; ++i)
    if (gradients[i].defined()) step.add(i, gradients[i]);
}

}  // namespace

RecurrentResult recurrent(const Tensor& input, const RecurrentWeights& weights, const RecurrentStates& initial,
                          const RecurrentOptions& given) {
  Tensor x = input, h0 = initial.h, c0 = initial.c;
  RecurrentOptions options = given;
  RecurrentWeights w{whole(weights.input), whole(weights.state),
                     weights.bias.defined() ? whole(weights.bias) : weights.bias};
  RecurrentShape s = shape_of(x, w, {h0, c0}, options);
  const bool has_cells = s.cell == kernels::Cell::lstm;
  if (x.dtype() == Dtype::bf16 && !recording() && kernels::takes_plain_weights<float>(s)) {
    RecurrentResult r = recurrent(cast(x, Dtype::f32), w, initial, given);
    r.y = cast(r.y, Dtype::bf16);
    return r;
  }
  if (!has_cells) c0 = Tensor();
  if (!w.bias.defined()) w.bias = Tensor::zeros({kernels::bias_blocks(s.cell) * s.units}, w.input.dtype());
  Place place = place_of(x, h0, c0, options);
  const Dtype own = arithmetic(x.dtype());
  Kept kept = room_for(place, s, x.dtype(), options);
  RecurrentResult out;
  out.y = make_at(place, {s.n, s.time, s.units}, x.dtype());
  out.h = make_at(place, {s.n, s.units}, own);
  if (has_cells) out.c = make_at(place, {s.n, s.units}, own);
  Tensor z = make_at(place, {s.n, kernels::step_blocks(s.cell) * s.units}, own);
  dispatch_mixed(x.dtype(), "recurrent", [&]<class T>(T) {
    using A = Arithmetic<T>;
    Tensor p = kernels::takes_plain_weights<T>(s) ? Tensor() : packed<T>(s, RecurrentPass::forward, w);
    auto view = [](const Tensor& t) { return t.defined() ? View(t) : View(); };
    KeptViews k(kept);
    Tensor from = aligned(x, place), from_h = aligned_if(h0, place), from_c = aligned_if(c0, place);
    View vx(from), vp = view(p), vi(w.input), vs(w.state), vb(w.bias), vh0 = view(from_h), vc0 = view(from_c), vz(z),
                   vy(out.y), vh(out.h), vc = view(out.c);
    Extent extent(place, x.shape());
    run_at(place, [=](int i) {
      kernels::RecurrentForward<T> f{vx.template at<T>(i),  vp.template at<T>(i), vi.template at<A>(i),
                                     vs.template at<A>(i),  vb.template at<A>(i), vh0.template at<A>(i),
                                     vc0.template at<A>(i), vz.template at<A>(i), vy.template at<T>(i),
                                     vh.template at<A>(i),  vc.template at<A>(i)};
      kernels::recurrent_forward<T>(in_shard(s, extent, i), k.at<T>(i), f);
    });
  });
  auto backward = [=](BackwardStep& step) {
    Kept own_kept = kept;
    // The way back is written over the gates.
    if (step.keeps_record()) own_kept.gates = copy_at(place_at(kept.gates), kept.gates);
    dispatch_mixed(x.dtype(), "recurrent",
                   [&]<class T>(T) { queue_backward<T>(step, s, place_at(kept.gates), own_kept, w); });
  };
  if (has_cells)
    record_all({&out.y, &out.h, &out.c}, {&x, &w.input, &w.state, &w.bias, &h0, &c0}, std::move(backward));
  else
    record_all({&out.y, &out.h}, {&x, &w.input, &w.state, &w.bias, &h0, &c0}, std::move(backward));
  return out;
}

}  // namespace gradus
