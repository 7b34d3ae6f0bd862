#pragma once

#include <sys/single_threaded.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

#include "gradus/tensor/profile.h"

namespace gradus {

// Most shards a batch is cut into; it caps the cores that help one training step.
inline constexpr int kMaxShards = 16;

class Pool;
class Workspace;

// A reference-counted piece of pooled memory: this header, then the data, 64-byte aligned.
struct alignas(64) Block {
  std::atomic<std::uint32_t> references;
  std::uint32_t size_class;
  Pool* owner;
  Block* next;
  std::size_t capacity;  // bytes of data
  void* data() { return this + 1; }
};
static_assert(sizeof(Block) == 64);

// Free lists of blocks by size class. A pool belongs to one workspace, so to one thread: other threads hand blocks back
// through `returned_`, which the owner empties when a list runs dry.
class Pool {
 public:
  Block* allocate(std::size_t bytes) {
    std::uint32_t number = size_class(bytes);
    if (number >= kClasses || free_[number] == nullptr) return refill(number, bytes);
    Block* b = free_[number];
    free_[number] = b->next;
    b->references.store(1, std::memory_order_relaxed);
    return b;
  }
  void release(Block* block);  // from any thread
  void trim();                 // gives large free blocks back to the system

  // Frees wait until end_hold(): work that is queued may still read the blocks.
  void hold() { held_ = true; }
  void end_hold();

  void set_owner(Workspace* w) { owner_ = w; }

 private:
  // Multiples of 64 up to 1 kB, then four steps between powers of two, so at most a quarter is wasted.
  static constexpr std::size_t kSmall = 1024;
  static constexpr std::uint32_t kClasses = 160;
  static std::uint32_t size_class(std::size_t bytes) {
    return bytes <= kSmall ? static_cast<std::uint32_t>((bytes + 63) / 64) : large_class(bytes);
  }
  static std::uint32_t large_class(std::size_t bytes);
  static std::size_t class_bytes(std::uint32_t number);
  Block* take_free(std::uint32_t number);
  Block* refill(std::uint32_t number, std::size_t bytes);
  void put(Block* block) {
    Block*& list = held_ ? deferred_ : free_[block->size_class];
    block->next = list;
    list = block;
  }
  void hand_back(Block* block);
  void drain_returned();

  Block* free_[kClasses] = {};
  Block* deferred_ = nullptr;
  bool held_ = false;
  Workspace* owner_ = nullptr;
  std::atomic<Block*> returned_{nullptr};
};

// Counting is atomic from the moment the process has a second thread (the C library tells); before that a locked
// instruction per handle would be a large part of a tiny network's step.
inline void retain(Block* b) {
  if (__libc_single_threaded)
    b->references.store(b->references.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  else
    b->references.fetch_add(1, std::memory_order_relaxed);
}
// Whether that was the last reference.
inline bool drop_reference(Block* b) {
  if (!__libc_single_threaded) return b->references.fetch_sub(1, std::memory_order_acq_rel) == 1;
  std::uint32_t left = b->references.load(std::memory_order_relaxed) - 1;
  b->references.store(left, std::memory_order_relaxed);
  return left == 0;
}
inline void release(Block* b) {
  if (drop_reference(b)) b->owner->release(b);
}

// Work on the shards of one batch, queued in the order it was asked for. flush() runs it: each worker takes the whole
// queue for its own fixed shards, so a shard's tasks run in order on one thread and shards never wait for each other.
class Segment {
 public:
  bool empty() const { return count_ == 0; }
  // Room that lives until the queue has run.
  void* scratch(std::size_t bytes);

  template <class F>
  void push(int shards, F&& task) {
    using Queued = std::decay_t<F>;
    static_assert(std::is_trivially_destructible_v<Queued>, "queued tasks hold plain pointers and numbers");
    void* at = scratch(sizeof(Queued));
    add(shards, new (at) Queued(std::forward<F>(task)), [](void* t, int shard) { (*static_cast<Queued*>(t))(shard); });
  }
  void run();

 private:
  struct Item {
    void (*call)(void*, int);
    void* task;
    int shards;
    int account;  // of the profile that is running
  };
  struct Chunk {
    Chunk* next;
    std::size_t size;
  };
  void add(int shards, void* task, void (*call)(void*, int));
  void run_worker(int worker, int workers, Profile::Clock* clock);

  Item* items_ = nullptr;
  std::size_t count_ = 0, room_ = 0;
  int shards_ = 0;
  bool turned_ = false;      // each run takes the shards in the other order: the last one's data are still in the cache
  Chunk* chunks_ = nullptr;  // all chunks, reused by every segment
  Chunk* chunk_ = nullptr;   // the one being filled
  std::size_t used_ = 0;
};

// What a thread computes with: a pool for whole tensors, one for each shard's buffers, and the queue. Because only the
// owner allocates, and a shard's tasks run in queue order, a shard's buffer freed while work is queued may be handed
// out again at once; whole buffers are held until the queue has run.
class Workspace {
 public:
  static Workspace& current() {
    Workspace* w = current_;
    return w != nullptr ? *w : adopt();
  }
  Pool& pool() { return pool_; }
  Pool& shard_pool(int shard) { return shard_pools_[shard]; }
  Segment& segment() { return segment_; }
  bool pending() const { return !segment_.empty(); }
  void begin_pending() { pool_.hold(); }
  // Runs all queued work; afterwards every tensor of this thread holds its values.
  void flush();
  bool is_current() const { return current_ == this; }
  // Keeps another thread's block that this thread let go of until its queue, which may read it, has run.
  void defer(Block* block) { block->next = std::exchange(foreign_, block); }
  std::uint64_t next_sequence() { return ++sequence_; }

 private:
  friend class Pool;
  friend struct WorkspaceHandle;
  Workspace();
  static Workspace& adopt();
  static constinit thread_local Workspace* current_;

  Pool pool_;
  Pool shard_pools_[kMaxShards];
  Segment segment_;
  Block* foreign_ = nullptr;
  std::uint64_t sequence_ = 0;
  Workspace* next_idle_ = nullptr;
};

inline void Pool::release(Block* block) {
  if (owner_->is_current())
    put(block);
  else
    hand_back(block);
}

inline void flush() {
  Workspace& w = Workspace::current();
  if (w.pending()) w.flush();
}

// What the pools took from outside themselves, for tests and for reports.
struct MemoryStatistics {
  std::uint64_t system_allocations;  // blocks made because none was free
  std::uint64_t bytes;               // held of the system's memory
};
MemoryStatistics memory_statistics();

// Gives this thread's large unused buffers back to the system.
void release_cached_memory();

// Pooled memory for an object held by Ref; the count in its block's header starts at zero.
inline void* pooled_memory(std::size_t bytes) {
  Block* b = Workspace::current().pool().allocate(bytes);
  b->references.store(0, std::memory_order_relaxed);
  return b->data();
}
inline Block* block_of(void* object) { return static_cast<Block*>(object) - 1; }
inline void return_pooled_memory(void* object) { block_of(object)->owner->release(block_of(object)); }

// Counted handle of an object in pooled memory. For each T a function destroy_pooled(T*) runs its destructor and
// returns its memory, so that T may be incomplete here.
template <class T>
class Ref {
 public:
  Ref() = default;
  explicit Ref(T* p) : p_(p) {
    if (p_) retain(block_of(p_));
  }
  Ref(const Ref& o) : Ref(o.p_) {}
  Ref(Ref&& o) noexcept : p_(std::exchange(o.p_, nullptr)) {}
  Ref& operator=(Ref o) noexcept {
    std::swap(p_, o.p_);
    return *this;
  }
  ~Ref() {
    if (p_ && drop_reference(block_of(p_))) destroy_pooled(p_);
  }
  T* get() const { return p_; }
  T* operator->() const { return p_; }
  T& operator*() const { return *p_; }
  explicit operator bool() const { return p_ != nullptr; }
  bool operator==(const Ref& o) const { return p_ == o.p_; }

 private:
  T* p_ = nullptr;
};

}  // namespace gradus
