#include "gradus/kernels/matmul.h"

#include <atomic>
#include <cstdlib>
#include <dnnl.hpp>
#include <memory>
#include <unordered_map>
#include <vector>

#include "gradus/base/error.h"
#include "gradus/kernels/loops.h"

namespace gradus::kernels {
namespace {

std::atomic<std::uint64_t> created{0};

// Below this many multiply-adds the library's call costs more than it saves.
constexpr std::int64_t kSmall = 20000;
// Elements of b [k, n] up to which its panels stay in the second cache, where our tiles are faster than the library.
constexpr std::int64_t kTiled = 1 << 18;

// A single row is read-once arithmetic, bound by the weights' memory: strips reach it at any size.
bool in_strips(const MatmulShape& s) { return s.m <= 1 || s.k <= 1 || s.m * s.n * s.k < 256; }
bool in_tiles(const MatmulShape& s) { return !s.transpose_b && s.k * s.n <= kTiled; }

template <class T>
void loop_matmul(const MatmulShape& s, const T* a, const T* b, T* c) {
  std::int64_t step_a = s.batch_a == 1 ? 0 : s.m * s.k, step_b = s.batch_b == 1 ? 0 : s.k * s.n;
  bool strips = in_strips(s) || s.transpose_b;
  Gemm g{s.m, s.n, s.k, s.transpose_a ? 1 : s.k, s.transpose_a ? s.m : 1, s.n, s.n};
  for (std::int64_t i = 0; i < s.batch; ++i, a += step_a, b += step_b, c += s.m * s.n)
    if (strips)
      loops<T>().matmul_small(a, b, c, s.m, s.n, s.k, s.transpose_a, s.transpose_b);
    else
      loops<T>().gemm(g, a, b, c);
}

struct ShapeHash {
  std::size_t operator()(const MatmulShape& s) const {
    std::size_t h = 0;
    for (std::int64_t v :
         {s.m, s.n, s.k, s.batch, s.batch_a, s.batch_b, static_cast<std::int64_t>(s.transpose_a * 2 + s.transpose_b)})
      h = (h ^ static_cast<std::size_t>(v)) * 0x9E3779B97F4A7C15u;
    return h ^ (h >> 29);
  }
};

dnnl::engine& cpu() {
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

// One thread's stream and the scratchpad its primitives share.
struct Worker {
  dnnl::stream stream{cpu()};
  std::unique_ptr<char, void (*)(void*)> scratch{nullptr, std::free};
  std::size_t scratch_size = 0;

  void* reserve(std::size_t bytes) {
    if (bytes > scratch_size) {
      scratch.reset(static_cast<char*>(std::aligned_alloc(64, (bytes + 63) / 64 * 64)));
      scratch_size = bytes;
    }
    return scratch.get();
  }
};

class MatmulPrimitive {
 public:
  explicit MatmulPrimitive(const MatmulShape& s) {
    using dnnl::memory;
    auto f32 = memory::data_type::f32;
    auto desc = [&](std::int64_t batch, std::int64_t rows, std::int64_t cols, bool transposed) {
      memory::dims dims = {rows, cols}, strides = transposed ? memory::dims{1, rows} : memory::dims{cols, 1};
      if (s.batch > 1) {
        dims.insert(dims.begin(), batch);
        strides.insert(strides.begin(), rows * cols);
      }
      return memory::desc(dims, f32, strides);
    };
    memory::desc a = desc(s.batch_a, s.m, s.k, s.transpose_a), b = desc(s.batch_b, s.k, s.n, s.transpose_b),
                 c = desc(s.batch, s.m, s.n, false);
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    dnnl::matmul::primitive_desc pd({a, b, c}, attributes, cpu());
    primitive_ = dnnl::matmul(pd);
    scratch_size_ = pd.scratchpad_desc().get_size();
    for (auto& [id, d] : {std::pair<int, memory::desc>{DNNL_ARG_SRC, a},
                          {DNNL_ARG_WEIGHTS, b},
                          {DNNL_ARG_DST, c},
                          {DNNL_ARG_SCRATCHPAD, pd.scratchpad_desc()}}) {
      memories_.emplace_back(d, cpu(), nullptr);
      arguments_.push_back({id, memories_.back().get()});
    }
    created.fetch_add(1, std::memory_order_relaxed);
  }

  void run(Worker& worker, const float* a, const float* b, float* c) {
    void* handles[] = {const_cast<float*>(a), const_cast<float*>(b), c, worker.reserve(scratch_size_)};
    for (int i = 0; i < 4; ++i) dnnl_memory_set_data_handle(arguments_[i].memory, handles[i]);
    dnnl_status_t status = dnnl_primitive_execute(primitive_.get(), worker.stream.get(),
                                                  static_cast<int>(arguments_.size()), arguments_.data());
    if (status != dnnl_success) throw Error(ErrorKind::state, "matmul", "oneDNN failed with " + std::to_string(status));
  }

 private:
  dnnl::matmul primitive_;
  std::size_t scratch_size_ = 0;
  std::vector<dnnl::memory> memories_;
  std::vector<dnnl_exec_arg_t> arguments_;
};

// Primitives, and the memory objects bound to them, belong to a thread: no locks, and none is used by two at once.
struct Cache {
  Worker worker;
  std::unordered_map<MatmulShape, MatmulPrimitive, ShapeHash> primitives;
};

// Shapes a thread keeps before it starts afresh: varying batch sizes must not grow memory without end.
constexpr std::size_t kMostPrimitives = 1024;

Cache& cache() {
  static thread_local Cache c;
  return c;
}

}  // namespace

void matmul(const MatmulShape& s, const float* a, const float* b, float* c) {
  if (in_strips(s) || in_tiles(s) || s.m * s.n * s.k < kSmall) return loop_matmul(s, a, b, c);
  Cache& here = cache();
  auto it = here.primitives.find(s);
  if (it == here.primitives.end()) {
    if (here.primitives.size() >= kMostPrimitives) here.primitives.clear();
    it = here.primitives.try_emplace(s, s).first;
  }
  it->second.run(here.worker, a, b, c);
}

void matmul(const MatmulShape& s, const double* a, const double* b, double* c) { loop_matmul(s, a, b, c); }

std::uint64_t primitives_created() { return created.load(); }

}  // namespace gradus::kernels
