#include "gradus/kernels/conv.h"

#include <algorithm>
#include <iterator>

#include "gradus/kernels/onednn.h"

namespace gradus::kernels {
namespace {

using dnnl::memory;
using Dims = memory::dims;

// ---- float and bf16: oneDNN

constexpr auto kAlgorithm = dnnl::algorithm::convolution_direct;
constexpr auto kF32 = memory::data_type::f32;

bool is_missing(const Window& q, int axis) {
  return q.size[axis] == 1 && q.kernel[axis] == 1 && q.before[axis] == 0 && q.after[axis] == 0;
}

// The library is faster without the depth of data that have none.
int first_axis(const Window& q) { return is_missing(q, 0) ? 1 : 0; }

template <class T>
constexpr auto kType = std::is_same_v<T, bf16> ? memory::data_type::bf16 : kF32;

// The descriptions of one convolution. Master weights `w` and gradients of weights are float.
template <class T>
struct Descriptions {
  memory::desc x, w, w_any, dw_any, y, bias;
  Dims strides, dilates, before, after;

  explicit Descriptions(const ConvShape& s) {
    const Window& q = s.window;
    const int first = first_axis(q);
    std::int64_t result[] = {q.result(0), q.result(1), q.result(2)};
    x = channels_last(first, s.n, s.in, q.size);
    y = channels_last(first, s.n, s.out, result);
    Dims dims = {s.out / s.groups, s.in / s.groups}, steps = {1, s.out};
    std::int64_t step = dims[1] * s.out;
    for (int axis = Window::kAxes; axis-- > first;) {
      dims.insert(dims.begin() + 2, q.kernel[axis]);
      steps.insert(steps.begin() + 2, step);
      step *= q.kernel[axis];
    }
    if (s.groups > 1) {
      steps.insert(steps.begin(), dims[0]);
      dims.insert(dims.begin(), s.groups);
    }
    w = memory::desc(dims, kF32, steps);
    w_any = memory::desc(dims, kType<T>, memory::format_tag::any);
    dw_any = memory::desc(dims, kF32, memory::format_tag::any);
    bias = memory::desc({s.out}, kF32, memory::format_tag::a);
    for (int axis = first; axis < Window::kAxes; ++axis) {
      strides.push_back(q.stride[axis]);
      dilates.push_back(q.dilation[axis] - 1);
      before.push_back(q.before[axis]);
      after.push_back(q.after[axis]);
    }
  }

  static memory::desc channels_last(int first, std::int64_t n, std::int64_t channels,
                                    const std::int64_t (&size)[Window::kAxes]) {
    Dims dims = {n, channels}, steps = {0, 1};
    std::int64_t step = channels;
    for (int axis = Window::kAxes; axis-- > first;) {
      dims.insert(dims.begin() + 2, size[axis]);
      steps.insert(steps.begin() + 2, step);
      step *= size[axis];
    }
    steps[0] = step;
    return memory::desc(dims, kType<T>, steps);
  }

  using Forward = dnnl::convolution_forward::primitive_desc;
  Forward forward(const memory::desc& weights, bool with_bias) const {
    auto kind = dnnl::prop_kind::forward_training;
    if (with_bias)
      return Forward({kind, kAlgorithm, x, weights, bias, y, strides, dilates, before, after}, user_scratchpad(),
                     cpu());
    return Forward({kind, kAlgorithm, x, weights, y, strides, dilates, before, after}, user_scratchpad(), cpu());
  }
  dnnl::convolution_backward_data::primitive_desc backward_data(const memory::desc& weights) const {
    return {
        {kAlgorithm, x, weights, y, strides, dilates, before, after}, user_scratchpad(), cpu(), forward(w_any, false)};
  }
  dnnl::convolution_backward_weights::primitive_desc backward_weights() const {
    return {
        {kAlgorithm, x, dw_any, y, strides, dilates, before, after}, user_scratchpad(), cpu(), forward(w_any, false)};
  }
};

// The axis that rows of a result are counted along.
int rows_axis(const Window& q) {
  int axis = first_axis(q);
  return axis == 1 && is_missing(q, 1) ? 2 : axis;
}

std::int64_t inside(const std::int64_t (&size)[Window::kAxes], int axis) {
  std::int64_t n = 1;
  while (++axis < Window::kAxes) n *= size[axis];
  return n;
}

// Some rows of a result as a convolution of its own, and where its x and y begin.
struct Part {
  ConvShape shape;
  std::int64_t x, y;

  Part(const ConvShape& s, ConvRows rows) : shape(s) {
    const Window& q = s.window;
    const int axis = rows_axis(q);
    const std::int64_t begin = rows.begin * q.stride[axis] - q.before[axis],
                       end = (rows.end - 1) * q.stride[axis] - q.before[axis] +
                             q.dilation[axis] * (q.kernel[axis] - 1) + 1,
                       first = std::max<std::int64_t>(begin, 0), last = std::min(end, q.size[axis]);
    shape.window.size[axis] = last - first;
    shape.window.before[axis] = first - begin;
    shape.window.after[axis] = end - last;
    const std::int64_t result[] = {q.result(0), q.result(1), q.result(2)};
    x = first * inside(q.size, axis) * s.in;
    y = rows.begin * inside(result, axis) * s.out;
  }
};

struct RowsOf {
  ConvShape shape;
  ConvRows rows;
  bool operator==(const RowsOf&) const = default;
};

struct ConvHash {
  std::size_t operator()(const RowsOf& r) const {
    return (*this)(r.shape) + static_cast<std::size_t>(r.rows.begin * 4099 + r.rows.end);
  }
  std::size_t operator()(const ConvShape& s) const {
    const Window& q = s.window;
    std::int64_t numbers[4 + 6 * Window::kAxes] = {s.n, s.in, s.out, s.groups}, *next = numbers + 4;
    for (int a = 0; a < Window::kAxes; ++a)
      for (std::int64_t v : {q.size[a], q.kernel[a], q.stride[a], q.dilation[a], q.before[a], q.after[a]}) *next++ = v;
    return hash_numbers(numbers, std::size(numbers));
  }
};

// Weights' orders do not depend on n, so that shards of different sizes share one packed copy: they are those that a
// batch of one asks for.
template <class T>
memory::desc packed_weights(const ConvShape& s, ConvPass pass) {
  ConvShape one = s;
  one.n = 1;
  Descriptions<T> d(one);
  return pass == ConvPass::forward ? d.forward(d.w_any, false).weights_desc() : d.backward_data(d.w_any).weights_desc();
}

template <class T, ConvPass pass>
struct Packing : Reorder {
  std::size_t elements;
  explicit Packing(const ConvShape& s) : Packing(Descriptions<T>(s).w, packed_weights<T>(s, pass)) {}
  Packing(const memory::desc& from, const memory::desc& to)
      : Reorder("conv", from, to), elements(to.get_size() / sizeof(T)) {}
};

template <class T, bool with_bias>
struct ForwardPrimitive : Primitive {
  explicit ForwardPrimitive(const ConvShape& s) : ForwardPrimitive(s, packed_weights<T>(s, ConvPass::forward)) {}
  ForwardPrimitive(const ConvShape& s, const memory::desc& weights) {
    Descriptions<T> d(s);
    auto pd = d.forward(weights, with_bias);
    dnnl::convolution_forward made(pd);
    Primitive::operator=(with_bias ? Primitive("conv", made, pd.scratchpad_desc(),
                                               {{DNNL_ARG_SRC, pd.src_desc()},
                                                {DNNL_ARG_WEIGHTS, pd.weights_desc()},
                                                {DNNL_ARG_DST, pd.dst_desc()},
                                                {DNNL_ARG_BIAS, pd.bias_desc()}})
                                   : Primitive("conv", made, pd.scratchpad_desc(),
                                               {{DNNL_ARG_SRC, pd.src_desc()},
                                                {DNNL_ARG_WEIGHTS, pd.weights_desc()},
                                                {DNNL_ARG_DST, pd.dst_desc()}}));
  }
};

template <class T, bool with_bias>
struct ForwardRows : ForwardPrimitive<T, with_bias> {
  std::int64_t x, y;
  explicit ForwardRows(const RowsOf& r) : ForwardRows(r.shape, Part(r.shape, r.rows)) {}
  ForwardRows(const ConvShape& all, const Part& part)
      : ForwardPrimitive<T, with_bias>(part.shape, packed_weights<T>(all, ConvPass::forward)), x(part.x), y(part.y) {}
};

template <class T>
struct BackwardDataPrimitive : Primitive {
  explicit BackwardDataPrimitive(const ConvShape& s) {
    Descriptions<T> d(s);
    auto pd = d.backward_data(packed_weights<T>(s, ConvPass::backward_data));
    Primitive::operator=(Primitive("conv", dnnl::convolution_backward_data(pd), pd.scratchpad_desc(),
                                   {{DNNL_ARG_DIFF_DST, pd.diff_dst_desc()},
                                    {DNNL_ARG_WEIGHTS, pd.weights_desc()},
                                    {DNNL_ARG_DIFF_SRC, pd.diff_src_desc()}}));
  }
};

template <class T>
struct BackwardWeightsPrimitive : WeightGradient {
  explicit BackwardWeightsPrimitive(const ConvShape& s) : WeightGradient(made(Descriptions<T>(s))) {}
  static WeightGradient made(const Descriptions<T>& d) {
    auto pd = d.backward_weights();
    return {"conv",
            dnnl::convolution_backward_weights(pd),
            pd.scratchpad_desc(),
            {pd.src_desc(), pd.diff_dst_desc(), pd.diff_weights_desc(), d.w}};
  }
};

template <class Made, class Key>
Made& made_for(const Key& key) {
  static thread_local PerThread<Key, Made, ConvHash> primitives;
  return primitives[key];
}

// What packs the weights of a pass; their order is that of a batch of one.
template <class T, ConvPass pass>
Packing<T, pass>& packing(ConvShape s) {
  s.n = 1;
  return made_for<Packing<T, pass>>(s);
}

// ---- double: plain loops

// Calls f(x offset, w offset, y offset) for each tap of each position that lies inside x: of channel 0 of each.
template <class F>
void for_taps(const ConvShape& s, F f) {
  const Window& q = s.window;
  const std::int64_t t0 = q.result(0), t1 = q.result(1), t2 = q.result(2), in = s.in / s.groups;
  auto inside = [&](int axis, std::int64_t t, std::int64_t k, std::int64_t& at) {
    at = t * q.stride[axis] - q.before[axis] + k * q.dilation[axis];
    return at >= 0 && at < q.size[axis];
  };
  for (std::int64_t n = 0; n < s.n; ++n)
    for (std::int64_t position = 0; position < t0 * t1 * t2; ++position) {
      std::int64_t t[] = {position / (t1 * t2), position / t2 % t1, position % t2}, at[3];
      for (std::int64_t tap = 0; tap < q.taps(); ++tap) {
        std::int64_t k[] = {tap / (q.kernel[1] * q.kernel[2]), tap / q.kernel[2] % q.kernel[1], tap % q.kernel[2]};
        if (inside(0, t[0], k[0], at[0]) && inside(1, t[1], k[1], at[1]) && inside(2, t[2], k[2], at[2]))
          f((((n * q.size[0] + at[0]) * q.size[1] + at[1]) * q.size[2] + at[2]) * s.in, tap * in * s.out,
            (n * t0 * t1 * t2 + position) * s.out);
      }
    }
}

// Calls f(input channel, index into a tap's weights, output channel) for each pair that a group joins.
template <class F>
void for_channels(const ConvShape& s, F f) {
  const std::int64_t in = s.in / s.groups, out = s.out / s.groups;
  for (std::int64_t g = 0; g < s.groups; ++g)
    for (std::int64_t i = 0; i < in; ++i)
      for (std::int64_t o = g * out; o < (g + 1) * out; ++o) f(g * in + i, i * s.out + o, o);
}

}  // namespace

std::int64_t result_rows(const ConvShape& s) {
  const Window& q = s.window;
  const int axis = rows_axis(q);
  const std::int64_t reach = q.dilation[axis] * (q.kernel[axis] - 1) + 1;
  return q.before[axis] >= reach || q.after[axis] >= reach ? 0 : q.result(axis);
}

template <class T>
std::size_t packed_elements(const ConvShape& s, ConvPass pass) {
  return pass == ConvPass::forward ? packing<T, ConvPass::forward>(s).elements
                                   : packing<T, ConvPass::backward_data>(s).elements;
}
template <class T>
void pack_weights(const ConvShape& s, ConvPass pass, const Arithmetic<T>* w, T* packed) {
  if (pass == ConvPass::forward) return packing<T, ConvPass::forward>(s).run({w, packed});
  packing<T, ConvPass::backward_data>(s).run({w, packed});
}
template <class T>
void conv_forward(const ConvShape& s, const T* x, const T* packed, const Arithmetic<T>* bias, T* y) {
  if (bias != nullptr) return made_for<ForwardPrimitive<T, true>>(s).run({x, packed, y, bias});
  made_for<ForwardPrimitive<T, false>>(s).run({x, packed, y});
}
template <class T>
void conv_forward_rows(const ConvShape& s, ConvRows rows, const T* x, const T* packed, const Arithmetic<T>* bias,
                       T* y) {
  if (bias != nullptr) {
    auto& made = made_for<ForwardRows<T, true>>(RowsOf{s, rows});
    return made.run({x + made.x, packed, y + made.y, bias});
  }
  auto& made = made_for<ForwardRows<T, false>>(RowsOf{s, rows});
  made.run({x + made.x, packed, y + made.y});
}
template <class T>
void conv_backward_data(const ConvShape& s, const T* dy, const T* packed, T* dx) {
  made_for<BackwardDataPrimitive<T>>(s).run({dy, packed, dx});
}
template <class T>
void conv_backward_weights(const ConvShape& s, const T* x, const T* dy, Arithmetic<T>* dw) {
  made_for<BackwardWeightsPrimitive<T>>(s).run(x, dy, dw);
}

#define GRADUS_INSTANTIATE(T)                                                                           \
  template std::size_t packed_elements<T>(const ConvShape&, ConvPass);                                  \
  template void pack_weights<T>(const ConvShape&, ConvPass, const float*, T*);                          \
  template void conv_forward<T>(const ConvShape&, const T*, const T*, const float*, T*);                \
  template void conv_forward_rows<T>(const ConvShape&, ConvRows, const T*, const T*, const float*, T*); \
  template void conv_backward_data<T>(const ConvShape&, const T*, const T*, T*);                        \
  template void conv_backward_weights<T>(const ConvShape&, const T*, const T*, float*);
GRADUS_INSTANTIATE(float)
GRADUS_INSTANTIATE(bf16)
#undef GRADUS_INSTANTIATE

template <>
std::size_t packed_elements<double>(const ConvShape& s, ConvPass) {
  return static_cast<std::size_t>(s.window.taps() * (s.in / s.groups) * s.out);
}
template <>
void pack_weights(const ConvShape& s, ConvPass pass, const double* w, double* packed) {
  std::copy_n(w, packed_elements<double>(s, pass), packed);
}
template <>
void conv_forward(const ConvShape& s, const double* x, const double* w, const double* bias, double* y) {
  for (std::int64_t i = 0; i < s.n * s.window.results() * s.out; ++i) y[i] = bias != nullptr ? bias[i % s.out] : 0;
  for_taps(s, [&](std::int64_t at_x, std::int64_t at_w, std::int64_t at_y) {
    for_channels(
        s, [&](std::int64_t i, std::int64_t weight, std::int64_t o) { y[at_y + o] += x[at_x + i] * w[at_w + weight]; });
  });
}
template <>
void conv_forward_rows(const ConvShape& s, ConvRows rows, const double* x, const double* w, const double* bias,
                       double* y) {
  Part part(s, rows);
  conv_forward(part.shape, x + part.x, w, bias, y + part.y);
}
template <>
void conv_backward_data(const ConvShape& s, const double* dy, const double* w, double* dx) {
  std::fill_n(dx, s.n * s.window.positions() * s.in, 0.0);
  for_taps(s, [&](std::int64_t at_x, std::int64_t at_w, std::int64_t at_y) {
    for_channels(s, [&](std::int64_t i, std::int64_t weight, std::int64_t o) {
      dx[at_x + i] += dy[at_y + o] * w[at_w + weight];
    });
  });
}
template <>
void conv_backward_weights(const ConvShape& s, const double* x, const double* dy, double* dw) {
  std::fill_n(dw, packed_elements<double>(s, ConvPass::forward), 0.0);
  for_taps(s, [&](std::int64_t at_x, std::int64_t at_w, std::int64_t at_y) {
    for_channels(s, [&](std::int64_t i, std::int64_t weight, std::int64_t o) {
      dw[at_w + weight] += x[at_x + i] * dy[at_y + o];
    });
  });
}

}  // namespace gradus::kernels
