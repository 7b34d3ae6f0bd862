#include "gradus/kernels/inner_product.h"

#include <iterator>

#include "gradus/kernels/onednn.h"

namespace gradus::kernels {
namespace {

using dnnl::memory;

constexpr auto kF32 = memory::data_type::f32, kBf16 = memory::data_type::bf16;

struct Descriptions {
  memory::desc x, z, dz, w, w_any, dw_any;

  explicit Descriptions(const ProductShape& s)
      : x({s.n, s.in}, kBf16, memory::format_tag::ab),
        z({s.n, s.out}, kF32, memory::format_tag::ab),
        dz({s.n, s.out}, kBf16, memory::format_tag::ab),
        w({s.out, s.in}, kF32, memory::format_tag::ba),
        w_any({s.out, s.in}, kBf16, memory::format_tag::any),
        dw_any({s.out, s.in}, kF32, memory::format_tag::any) {}

  dnnl::inner_product_forward::primitive_desc forward(const memory::desc& weights, const memory::desc& result) const {
    return {{dnnl::prop_kind::forward_training, x, weights, result}, user_scratchpad(), cpu()};
  }
  dnnl::inner_product_backward_data::primitive_desc backward_data(const memory::desc& weights) const {
    return {{x, weights, dz}, user_scratchpad(), cpu(), forward(w_any, dz)};
  }
  dnnl::inner_product_backward_weights::primitive_desc backward_weights() const {
    return {{x, dw_any, dz}, user_scratchpad(), cpu(), forward(w_any, dz)};
  }
};

struct ShapeHash {
  std::size_t operator()(const ProductShape& s) const {
    const std::int64_t numbers[] = {s.n, s.in, s.out};
    return hash_numbers(numbers, std::size(numbers));
  }
};

// Rows that shards usually have: packed weights are in the order that so many ask for, whatever n is.
constexpr std::int64_t kUsualRows = 64;

memory::desc packed_weights(ProductShape s, ProductPass pass) {
  s.n = kUsualRows;
  Descriptions d(s);
  return pass == ProductPass::forward ? d.forward(d.w_any, d.z).weights_desc()
                                      : d.backward_data(d.w_any).weights_desc();
}

template <ProductPass pass>
struct Packing : Reorder {
  std::size_t elements;
  explicit Packing(const ProductShape& s) : Packing(Descriptions(s).w, packed_weights(s, pass)) {}
  Packing(const memory::desc& from, const memory::desc& to)
      : Reorder("linear", from, to), elements(to.get_size() / sizeof(bf16)) {}
};

struct Forward : Primitive {
  explicit Forward(const ProductShape& s) {
    Descriptions d(s);
    auto pd = d.forward(packed_weights(s, ProductPass::forward), d.z);
    Primitive::operator=(Primitive(
        "linear", dnnl::inner_product_forward(pd), pd.scratchpad_desc(),
        {{DNNL_ARG_SRC, pd.src_desc()}, {DNNL_ARG_WEIGHTS, pd.weights_desc()}, {DNNL_ARG_DST, pd.dst_desc()}}));
  }
};

struct BackwardData : Primitive {
  explicit BackwardData(const ProductShape& s) {
    Descriptions d(s);
    auto pd = d.backward_data(packed_weights(s, ProductPass::backward_data));
    Primitive::operator=(Primitive("linear", dnnl::inner_product_backward_data(pd), pd.scratchpad_desc(),
                                   {{DNNL_ARG_DIFF_DST, pd.diff_dst_desc()},
                                    {DNNL_ARG_WEIGHTS, pd.weights_desc()},
                                    {DNNL_ARG_DIFF_SRC, pd.diff_src_desc()}}));
  }
};

struct BackwardWeights : WeightGradient {
  explicit BackwardWeights(const ProductShape& s) : WeightGradient(made(Descriptions(s))) {}
  static WeightGradient made(const Descriptions& d) {
    auto pd = d.backward_weights();
    return {"linear",
            dnnl::inner_product_backward_weights(pd),
            pd.scratchpad_desc(),
            {pd.src_desc(), pd.diff_dst_desc(), pd.diff_weights_desc(), d.w}};
  }
};

template <class Made>
Made& made_for(const ProductShape& s) {
  static thread_local PerThread<ProductShape, Made, ShapeHash> primitives;
  return primitives[s];
}

template <ProductPass pass>
Packing<pass>& packing(ProductShape s) {
  s.n = kUsualRows;
  return made_for<Packing<pass>>(s);
}

}  // namespace

std::size_t packed_elements(const ProductShape& s, ProductPass pass) {
  return pass == ProductPass::forward ? packing<ProductPass::forward>(s).elements
                                      : packing<ProductPass::backward_data>(s).elements;
}

void pack_weights(const ProductShape& s, ProductPass pass, const float* w, bf16* packed) {
  if (pass == ProductPass::forward) return packing<ProductPass::forward>(s).run({w, packed});
  packing<ProductPass::backward_data>(s).run({w, packed});
}

void product_forward(const ProductShape& s, const bf16* x, const bf16* packed, float* z) {
  made_for<Forward>(s).run({x, packed, z});
}
void product_backward_data(const ProductShape& s, const bf16* dz, const bf16* packed, bf16* dx) {
  made_for<BackwardData>(s).run({dz, packed, dx});
}
void product_backward_weights(const ProductShape& s, const bf16* x, const bf16* dz, float* dw) {
  made_for<BackwardWeights>(s).run(x, dz, dw);
}

}  // namespace gradus::kernels

namespace gradus {

bool has_bf16() { return __builtin_cpu_supports("avx512bf16") != 0; }

}  // namespace gradus
