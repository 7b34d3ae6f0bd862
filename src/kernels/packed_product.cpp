#include "gradus/kernels/packed_product.h"

#include "gradus/kernels/loops.h"
#include "gradus/kernels/onednn.h"

namespace gradus::kernels {
namespace {

using dnnl::memory;

template <class T>
constexpr auto kType = std::is_same_v<T, bf16> ? memory::data_type::bf16 : memory::data_type::f32;

// Weights of so few elements stay in the first caches: there our tiles, which need no order of their own, are as fast
// as the library and cost no call. bf16 has no tiles.
constexpr std::int64_t kTiled = 1 << 13;
template <class T>
bool in_tiles(const PackedShape& s) {
  return std::is_same_v<T, double> || (std::is_same_v<T, float> && s.in * s.out <= kTiled);
}

memory::desc matrix(std::int64_t rows, std::int64_t cols, memory::data_type type, std::int64_t row,
                    std::int64_t column = 1) {
  return {{rows, cols}, type, memory::dims{row, column}};
}

dnnl::primitive_attr attributes(bool add) {
  dnnl::primitive_attr a = user_scratchpad();
  if (!add) return a;
  dnnl::post_ops sum;
  sum.append_sum(1.0f);
  a.set_post_ops(sum);
  return a;
}

// Rows that a step of a sequence usually has: packed weights are in the order that so many ask for.
constexpr std::int64_t kUsualRows = 32;

template <class T>
memory::desc packed_order(const PackedShape& s) {
  memory::desc any({s.in, s.out}, kType<T>, memory::format_tag::any);
  dnnl::matmul::primitive_desc pd(
      {matrix(kUsualRows, s.in, kType<T>, s.in), any, matrix(kUsualRows, s.out, memory::data_type::f32, s.out)},
      user_scratchpad(), cpu());
  return pd.weights_desc();
}

struct PackingKey {
  PackedShape shape;
  std::int64_t row, column;
  bool operator==(const PackingKey&) const = default;
};
struct ProductKey {
  PackedShape shape;
  std::int64_t rows;
  bool add;
  bool operator==(const ProductKey&) const = default;
};
struct ContractionKey {
  PackedShape shape;
  std::int64_t rows;
  bool operator==(const ContractionKey&) const = default;
};
struct KeyHash {
  std::size_t operator()(const PackingKey& k) const { return hash({k.shape.in, k.shape.out, k.row, k.column}); }
  std::size_t operator()(const ProductKey& k) const { return hash({k.shape.in, k.shape.out, k.rows, k.add}); }
  std::size_t operator()(const ContractionKey& k) const { return hash({k.shape.in, k.shape.out, k.rows}); }
  static std::size_t hash(std::initializer_list<std::int64_t> numbers) {
    return hash_numbers(numbers.begin(), numbers.size());
  }
};

template <class T>
struct Packing : Reorder {
  std::size_t elements;
  explicit Packing(const PackingKey& k)
      : Packing(matrix(k.shape.in, k.shape.out, memory::data_type::f32, k.row, k.column), packed_order<T>(k.shape)) {}
  Packing(const memory::desc& from, const memory::desc& to)
      : Reorder("packed product", from, to), elements((to.get_size() + sizeof(T) - 1) / sizeof(T)) {}
};

template <class T>
struct Product : Primitive {
  explicit Product(const ProductKey& k) {
    memory::desc x = matrix(k.rows, k.shape.in, kType<T>, k.shape.in), w = packed_order<T>(k.shape),
                 z = matrix(k.rows, k.shape.out, memory::data_type::f32, k.shape.out);
    dnnl::matmul::primitive_desc pd({x, w, z}, attributes(k.add), cpu());
    Primitive::operator=(Primitive("packed product", dnnl::matmul(pd), pd.scratchpad_desc(),
                                   {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_DST, z}}));
  }
};

template <class T>
struct Contraction : Primitive {
  explicit Contraction(const ContractionKey& k) {
    memory::desc x = matrix(k.shape.in, k.rows, kType<T>, 1, k.shape.in),
                 dz = matrix(k.rows, k.shape.out, kType<T>, k.shape.out),
                 dw = matrix(k.shape.in, k.shape.out, memory::data_type::f32, k.shape.out);
    dnnl::matmul::primitive_desc pd({x, dz, dw}, user_scratchpad(), cpu());
    Primitive::operator=(Primitive("weight gradient", dnnl::matmul(pd), pd.scratchpad_desc(),
                                   {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, dz}, {DNNL_ARG_DST, dw}}));
  }
};

template <class Made, class Key>
Made& made_for(const Key& key) {
  static thread_local PerThread<Key, Made, KeyHash> primitives;
  return primitives[key];
}

template <class T>
Packing<T>& packing(const PackedShape& s, const Steps& steps) {
  return made_for<Packing<T>>(PackingKey{s, steps.row, steps.column});
}

}  // namespace

template <class T>
std::size_t packed_elements(const PackedShape& s) {
  if constexpr (!std::is_same_v<T, double>)
    if (!in_tiles<T>(s)) return packing<T>(s, {s.out, 1}).elements;
  return static_cast<std::size_t>(s.in * s.out);
}

template <class T>
void pack_weights(const PackedShape& s, const Arithmetic<T>* w, const Steps& steps, T* packed) {
  if constexpr (!std::is_same_v<T, double>)
    if (!in_tiles<T>(s)) return packing<T>(s, steps).run({w, packed});
  if constexpr (!std::is_same_v<T, bf16>)
    for (std::int64_t i = 0; i < s.in; ++i)
      for (std::int64_t o = 0; o < s.out; ++o) packed[i * s.out + o] = w[i * steps.row + o * steps.column];
}

template <class T>
void packed_product(const PackedShape& s, std::int64_t rows, bool add, const T* x, const T* packed, Arithmetic<T>* z) {
  if (rows == 0) return;
  if constexpr (!std::is_same_v<T, double>)
    if (!in_tiles<T>(s)) return made_for<Product<T>>(ProductKey{s, rows, add}).run({x, packed, z});
  if constexpr (!std::is_same_v<T, bf16>)
    loops<T>().gemm({rows, s.out, s.in, s.in, 1, s.out, s.out, add}, x, packed, z);
}

template <class T>
void contract_rows(const PackedShape& s, std::int64_t rows, const T* x, const T* dz, Arithmetic<T>* dw) {
  if constexpr (!std::is_same_v<T, double>)
    if (!in_tiles<T>(s)) return made_for<Contraction<T>>(ContractionKey{s, rows}).run({x, dz, dw});
  if constexpr (!std::is_same_v<T, bf16>) loops<T>().gemm({s.in, s.out, rows, 1, s.in, s.out, s.out}, x, dz, dw);
}

#define GRADUS_INSTANTIATE(T)                                                                                  \
  template std::size_t packed_elements<T>(const PackedShape&);                                                 \
  template void pack_weights<T>(const PackedShape&, const Arithmetic<T>*, const Steps&, T*);                   \
  template void packed_product<T>(const PackedShape&, std::int64_t, bool, const T*, const T*, Arithmetic<T>*); \
  template void contract_rows<T>(const PackedShape&, std::int64_t, const T*, const T*, Arithmetic<T>*);
GRADUS_INSTANTIATE(float)
GRADUS_INSTANTIATE(double)
GRADUS_INSTANTIATE(bf16)
#undef GRADUS_INSTANTIATE

}  // namespace gradus::kernels
