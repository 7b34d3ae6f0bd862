#pragma once

// For the files of this folder that call oneDNN; nothing outside it includes this.
#include <cstdlib>
#include <dnnl.hpp>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

namespace gradus::kernels {

dnnl::engine& cpu();

// Every primitive takes its scratchpad from its caller: with the library's own, one that runs on another thread than
// its maker's races or crashes.
dnnl::primitive_attr user_scratchpad();

// One thread's stream and the scratchpad its primitives share.
struct Worker {
  dnnl::stream stream{cpu()};
  std::unique_ptr<char, void (*)(void*)> scratch{nullptr, std::free};
  std::size_t scratch_size = 0;

  void* reserve(std::size_t bytes);
  // This thread's.
  static Worker& current();
};

// A primitive bound to memory objects of one thread.
class Primitive {
 public:
  using Arguments = std::initializer_list<std::pair<int, dnnl::memory::desc>>;
  Primitive() = default;
  // `name` is told when it fails; `arguments` without the scratchpad.
  Primitive(const char* name, dnnl::primitive primitive, const dnnl::memory::desc& scratchpad, Arguments arguments);

  // `data` points to the arguments' values in their order.
  void run(std::initializer_list<const void*> data);

 private:
  const char* name_ = "";
  dnnl::primitive primitive_;
  std::size_t scratch_size_ = 0;
  bool is_reorder_ = false, is_slow_ = false;
  std::vector<dnnl::memory> memories_;
  std::vector<dnnl_exec_arg_t> arguments_;
};

// Copies values into another order or type.
struct Reorder : Primitive {
  Reorder() = default;
  Reorder(const char* name, const dnnl::memory::desc& from, const dnnl::memory::desc& to);
};

// A gradient of weights: computed in the library's own order, then put into the plain one.
class WeightGradient {
 public:
  struct Orders {
    dnnl::memory::desc x, dy, own, plain;
  };
  WeightGradient(const char* name, dnnl::primitive product, const dnnl::memory::desc& scratchpad, const Orders& d);
  void run(const void* x, const void* dy, float* dw);

 private:
  Primitive product_;
  Reorder to_plain_;
  dnnl::memory own_;
};

// A thread's primitives of one kind by what they are made for: no locks, and none is used by two threads at once.
template <class Key, class Made, class Hash>
class PerThread {
 public:
  Made& operator[](const Key& key) {
    auto it = made_.find(key);
    if (it != made_.end()) return it->second;
    if (made_.size() >= kMost) made_.clear();
    return made_.try_emplace(key, key).first->second;
  }

 private:
  // Kept before it starts afresh: varying batch sizes must not grow memory without end.
  static constexpr std::size_t kMost = 1024;
  std::unordered_map<Key, Made, Hash> made_;
};

// Mixes numbers into a hash.
std::size_t hash_numbers(const std::int64_t* numbers, std::size_t count);

}  // namespace gradus::kernels
