#include "gradus/kernels/conv.h"

#include "gradus/base/error.h"
#include "gradus/tensor/ops/fused.h"
#include "gradus/tensor/ops/window.h"

// Letters: examples n, spatial axes s.., window kernel.., channels in and out.
namespace gradus {

using kernels::ConvPass;
using kernels::ConvShape;
using kernels::Window;

namespace {

[[noreturn]] void throw_shapes(const char* op, const Tensor& x, const Shape& w) {
  throw Error(ErrorKind::shape,
              {op, "x [n, size.., in] with one to three axes of size and w [kernel.., in / groups, out]",
               x.shape().text() + " and " + w.text(), ""});
}

Shape result_shape(const ConvShape& s, int axes) {
  Shape y{s.n};
  for (int a = Window::kAxes - axes; a < Window::kAxes; ++a) y = y.inserted(y.rank(), s.window.result(a));
  return y.inserted(y.rank(), s.out);
}

void check_bias(const char* op, const Tensor& b, std::int64_t channels) {
  if (b.defined() && b.shape() != Shape{channels})
    throw Error(ErrorKind::shape, {op, "bias [" + std::to_string(channels) + "]", b.shape().text(), ""});
}

ConvShape shape_of(const char* op, const Tensor& x, const Shape& w, const Tensor& b, const Slide& slide) {
  int axes = x.rank() - 2;
  if (axes < 1 || axes > Window::kAxes || w.rank() != axes + 2) throw_shapes(op, x, w);
  ConvShape s;
  s.n = x.dim(0);
  s.in = x.dim(-1);
  s.out = w[w.rank() - 1];
  s.groups = slide.groups;
  if (s.groups < 1 || s.in % s.groups != 0 || s.out % s.groups != 0 || w[w.rank() - 2] * s.groups != s.in || s.in < 1 ||
      s.out < 1)
    throw_shapes(op, x, w);
  check_bias(op, b, s.out);
  s.window = window_of(op, slide, axes, x.shape().begin() + 1, w.begin());
  return s;
}

ConvShape transposed_shape(const Tensor& x, const Tensor& w, const Tensor& b, const Slide& slide) {
  const char* op = "conv_transpose";
  require_arithmetic(op, x, w);
  int axes = x.rank() - 2;
  bool fits = axes >= 1 && axes <= Window::kAxes && w.rank() == axes + 2 && slide.groups >= 1;
  if (!fits || x.size() < 1 || w.size() < 1 || w.dim(-1) != x.dim(-1) || w.dim(-1) % slide.groups != 0)
    throw Error(ErrorKind::shape,
                {op, "x [n, size.., in] with one to three axes of size and w [kernel.., out / groups, in]",
                 x.shape().text() + " and " + w.shape().text(), ""});
  ConvShape s;
  s.n = x.dim(0);
  s.in = w.dim(-2) * slide.groups;
  s.out = w.dim(-1);
  s.groups = slide.groups;
  check_bias(op, b, s.in);
  std::int64_t size[Window::kAxes] = {};
  for (int i = 0; i < axes; ++i)
    size[i] = (x.dim(i + 1) - 1) * slide.stride[i] + slide.dilation[i] * (w.dim(i) - 1) + 1 - slide.before[i] -
              slide.after[i];
  s.window = window_of(op, slide, axes, size, w.shape().begin());
  return s;
}

// The examples that a shard has of a convolution.
ConvShape in_shard(ConvShape s, const Extent& extent, int shard) {
  s.n = extent.rows(shard);
  return s;
}

template <class T>
Tensor packed(const ConvShape& s, ConvPass pass, const Tensor& w) {
  ComputeScope scope;
  Tensor p = make_whole({static_cast<std::int64_t>(kernels::packed_elements<T>(s, pass))}, DtypeOf<T>::value);
  kernels::pack_weights<T>(s, pass, w.template data<Arithmetic<T>>(), buffer<T>(p));
  return p;
}

// Multiply-adds that are worth a thread of their own, which spins when its turn comes.
constexpr std::int64_t kParallelConv = 1 << 20;

// One example's convolution: each thread takes some rows of the result, whose bits do not depend on the cut.
template <class T>
void forward_of_one(const ConvShape& s, const Tensor& x, const Tensor& weights, const View& bias, const Tensor& y) {
  const std::int64_t rows = kernels::result_rows(s);
  const std::int64_t work = s.window.results() * s.window.taps() * (s.in / s.groups) * s.out / rows;
  parallel_for(static_cast<std::size_t>(rows), static_cast<std::size_t>((kParallelConv + work - 1) / work),
               [&](std::size_t begin, std::size_t end) {
                 ComputeScope scope;
                 kernels::conv_forward_rows<T>(s, {static_cast<std::int64_t>(begin), static_cast<std::int64_t>(end)},
                                               buffer<T>(x), buffer<T>(weights), bias.template at<Arithmetic<T>>(0),
                                               buffer<T>(y));
               });
}

// y = x * w (+ b) at a place, with packed weights. For the transpose this is the gradient's way back.
template <class T>
void queue_forward(const Place& place, const ConvShape& s, const Tensor& x, const Tensor& weights, const View& bias,
                   const Tensor& y) {
  if (place.plan == nullptr && s.n == 1 && kernels::result_rows(s) > 0)
    return forward_of_one<T>(s, x, weights, bias, y);
  View vx(x), vw(weights), vy(y);
  Extent extent(place, x.shape());
  run_at(place, [=](int i) {
    kernels::conv_forward<T>(in_shard(s, extent, i), vx.template at<T>(i), vw.template at<T>(i),
                             bias.template at<Arithmetic<T>>(i), vy.template at<T>(i));
  });
}

template <class T>
void queue_backward_data(const Place& place, const ConvShape& s, const Tensor& dy, const Tensor& w, const Tensor& dx) {
  Tensor weights = packed<T>(s, ConvPass::backward_data, w);
  View vdy(dy), vw(weights), vdx(dx);
  Extent extent(place, dx.shape());
  run_at(place, [=](int i) {
    kernels::conv_backward_data<T>(in_shard(s, extent, i), vdy.template at<T>(i), vw.template at<T>(i),
                                   vdx.template at<T>(i));
  });
}

template <class T>
Tensor weight_gradient(const Place& place, const ConvShape& s, const Tensor& x, const Tensor& dy, const Shape& w) {
  Tensor dw = make_term_at(place, w, arithmetic(x.dtype()));
  View vx(x), vdy(dy), vdw(dw);
  Extent extent(place, x.shape());
  run_at(place, [=](int i) {
    kernels::conv_backward_weights<T>(in_shard(s, extent, i), vx.template at<T>(i), vdy.template at<T>(i),
                                      vdw.template at<Arithmetic<T>>(i));
  });
  return dw;
}

}  // namespace

Tensor conv(const Tensor& input, const Tensor& w, const Tensor& b, const Slide& slide, const Activation& f) {
  if (!is_whole(w) || !is_whole(b)) return conv(input, whole(w), whole(b), slide, f);
  Tensor x = input;
  Place place = place_of(x);
  require_arithmetic("conv", x, w);
  ConvShape s = shape_of("conv", x, w.shape(), b, slide);
  auto multiply = [&](const Tensor& z) {
    dispatch_mixed(x.dtype(), "conv", [&]<class T>(T) {
      queue_forward<T>(place, s, x, packed<T>(s, ConvPass::forward, w), b.defined() ? View(b) : View(), z);
    });
  };
  return activated("conv", place, result_shape(s, x.rank() - 2), x.dtype(), x, w, b, true, f, multiply,
                   [=](BackwardStep& step, Tensor dz) {
                     Tensor from = x;
                     Place at = place_of(from, dz);
                     from = aligned(from, at);
                     dz = aligned(dz, at);
                     dispatch_mixed(from.dtype(), "conv", [&]<class T>(T) {
                       if (step.wants(1)) step.add(1, weight_gradient<T>(at, s, from, dz, w.shape()));
                       if (!step.wants(0)) return;
                       Tensor dx = make_at(at, from.shape(), from.dtype());
                       queue_backward_data<T>(at, s, dz, w, dx);
                       step.add(0, dx);
                     });
                   });
}

bool PackedConv::fits(const Tensor& x) const {
  return weights.defined() && x.dtype() == dtype && x.rank() == example.rank() + 1 && x.shape().without(0) == example;
}

PackedConv pack_conv(const Tensor& x, const Tensor& w, const Tensor& b, const Slide& slide) {
  require_arithmetic("conv", x, w);
  Tensor from = whole(w), bias = b.defined() ? whole(b) : b;
  PackedConv p{{}, bias, slide, x.shape().without(0), w.shape(), x.dtype()};
  ConvShape s = shape_of("conv", x, p.kernel, bias, slide);
  dispatch_mixed(x.dtype(), "conv", [&]<class T>(T) { p.weights = packed<T>(s, ConvPass::forward, from); });
  return p;
}

Tensor conv(const Tensor& input, const PackedConv& p, const Activation& f) {
  if (!p.fits(input))
    throw Error(ErrorKind::shape, {"conv", std::string(dtype_name(p.dtype)) + " [n, ..] of " + p.example.text(),
                                   input.text(), "pack the weights for it"});
  NoGrad no_grad;
  Tensor x = input;
  Place place = place_of(x);
  ConvShape s = shape_of("conv", x, p.kernel, p.bias, p.slide);
  auto multiply = [&](const Tensor& z) {
    dispatch_mixed(x.dtype(), "conv", [&]<class T>(T) {
      queue_forward<T>(place, s, x, p.weights, p.bias.defined() ? View(p.bias) : View(), z);
    });
  };
  return activated("conv", place, result_shape(s, x.rank() - 2), x.dtype(), x, Tensor(), p.bias, true, f, multiply,
                   [](BackwardStep&, const Tensor&) {});
}

Tensor conv_transpose(const Tensor& input, const Tensor& w, const Tensor& b, const Slide& slide, const Activation& f) {
  if (!is_whole(w) || !is_whole(b)) return conv_transpose(input, whole(w), whole(b), slide, f);
  Tensor x = input;
  Place place = place_of(x);
  // Of the convolution whose results are x: it takes [n, s.., out] to x.
  ConvShape s = transposed_shape(x, w, b, slide);
  Shape shape = x.shape().with(x.rank() - 1, s.in);
  for (int i = 1; i < x.rank() - 1; ++i) shape[i] = s.window.size[Window::kAxes - (x.rank() - 2) + i - 1];
  auto multiply = [&](const Tensor& z) {
    dispatch_mixed(x.dtype(), "conv_transpose", [&]<class T>(T) { queue_backward_data<T>(place, s, x, w, z); });
  };
  return activated("conv_transpose", place, shape, x.dtype(), x, w, b, false, f, multiply,
                   [=](BackwardStep& step, Tensor dz) {
                     Tensor from = x;
                     Place at = place_of(from, dz);
                     from = aligned(from, at);
                     dz = aligned(dz, at);
                     dispatch_mixed(from.dtype(), "conv_transpose", [&]<class T>(T) {
                       if (step.wants(1)) step.add(1, weight_gradient<T>(at, s, dz, from, w.shape()));
                       if (!step.wants(0)) return;
                       Tensor dx = make_at(at, from.shape(), from.dtype());
                       queue_forward<T>(at, s, dz, packed<T>(s, ConvPass::forward, w), View(), dx);
                       step.add(0, dx);
                     });
                   });
}

}  // namespace gradus
