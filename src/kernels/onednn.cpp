#include "gradus/kernels/onednn.h"

#include <atomic>
#include <string_view>

#include "gradus/base/error.h"
#include "gradus/base/parallel.h"
#include "gradus/kernels/counters.h"

namespace gradus::kernels {
namespace {

std::atomic<std::uint64_t> created{0}, reorders{0}, slow{0};

// Whether the library has no kernel of its own for what a primitive does.
bool is_slow(const dnnl::primitive& p) {
  const char* name = nullptr;
  dnnl_primitive_desc_query(p.get_primitive_desc(), dnnl_query_impl_info_str, 0, static_cast<void*>(&name));
  std::string_view implementation = name == nullptr ? "" : name;
  return implementation.starts_with("ref") ||
         (p.get_kind() == dnnl::primitive::kind::convolution && implementation.find("gemm") != std::string_view::npos);
}

}  // namespace

dnnl::engine& cpu() {
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::primitive_attr user_scratchpad() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

void* Worker::reserve(std::size_t bytes) {
  if (bytes > scratch_size) {
    scratch.reset(static_cast<char*>(std::aligned_alloc(64, (bytes + 63) / 64 * 64)));
    scratch_size = bytes;
  }
  return scratch.get();
}

Worker& Worker::current() {
  static thread_local Worker worker;
  return worker;
}

Primitive::Primitive(const char* name, dnnl::primitive primitive, const dnnl::memory::desc& scratchpad,
                     Arguments arguments)
    : name_(name),
      primitive_(std::move(primitive)),
      scratch_size_(scratchpad.get_size()),
      is_reorder_(primitive_.get_kind() == dnnl::primitive::kind::reorder),
      is_slow_(is_slow(primitive_)) {
  // What the library chooses, the order of packed weights even, depends on the number of OpenMP threads.
  if (!ComputeScope::entered()) throw Error(ErrorKind::state, name, "a primitive is made outside a ComputeScope");
  auto bind = [this](int id, const dnnl::memory::desc& desc) {
    memories_.emplace_back(desc, cpu(), nullptr);
    arguments_.push_back({id, memories_.back().get()});
  };
  for (const auto& [id, desc] : arguments) bind(id, desc);
  bind(DNNL_ARG_SCRATCHPAD, scratchpad);
  created.fetch_add(1, std::memory_order_relaxed);
}

void Primitive::run(std::initializer_list<const void*> data) {
  if (is_reorder_) reorders.fetch_add(1, std::memory_order_relaxed);
  if (is_slow_) slow.fetch_add(1, std::memory_order_relaxed);
  Worker& worker = Worker::current();
  std::size_t i = 0;
  for (const void* p : data) dnnl_memory_set_data_handle(arguments_[i++].memory, const_cast<void*>(p));
  dnnl_memory_set_data_handle(arguments_[i].memory, worker.reserve(scratch_size_));
  dnnl_status_t status = dnnl_primitive_execute(primitive_.get(), worker.stream.get(),
                                                static_cast<int>(arguments_.size()), arguments_.data());
  if (status != dnnl_success) throw Error(ErrorKind::state, name_, "oneDNN failed with " + std::to_string(status));
}

Reorder::Reorder(const char* name, const dnnl::memory::desc& from, const dnnl::memory::desc& to) {
  dnnl::reorder::primitive_desc pd(cpu(), from, cpu(), to, user_scratchpad());
  Primitive::operator=(
      Primitive(name, dnnl::reorder(pd), pd.scratchpad_desc(), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}}));
}

WeightGradient::WeightGradient(const char* name, dnnl::primitive product, const dnnl::memory::desc& scratchpad,
                               const Orders& d)
    : product_(name, std::move(product), scratchpad,
               {{DNNL_ARG_SRC, d.x}, {DNNL_ARG_DIFF_DST, d.dy}, {DNNL_ARG_DIFF_WEIGHTS, d.own}}),
      to_plain_(name, d.own, d.plain),
      own_(d.own, cpu()) {}

void WeightGradient::run(const void* x, const void* dy, float* dw) {
  product_.run({x, dy, own_.get_data_handle()});
  to_plain_.run({own_.get_data_handle(), dw});
}

LibraryCounters library_counters() { return {created.load(), reorders.load(), slow.load()}; }

std::size_t hash_numbers(const std::int64_t* numbers, std::size_t count) {
  std::size_t h = 0;
  for (std::size_t i = 0; i < count; ++i) h = (h ^ static_cast<std::size_t>(numbers[i])) * 0x9E3779B97F4A7C15u;
  return h ^ (h >> 29);
}

}  // namespace gradus::kernels
