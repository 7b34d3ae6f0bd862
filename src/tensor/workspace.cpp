#include "gradus/tensor/workspace.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "gradus/base/error.h"
#include "gradus/base/parallel.h"

namespace gradus {
namespace {

std::atomic<std::uint64_t> system_allocations{0};
std::atomic<std::uint64_t> system_bytes{0};

constexpr std::size_t kHugePage = 2u << 20;

// Blocks up to this size are cut from slabs of huge pages, which are never given back: fewer misses of the address
// translation, and no fragments. Larger ones are the system's own, one by one.
constexpr std::size_t kSlabBlock = 512u << 10;
constexpr std::size_t kSlab = 4 * kHugePage;

std::size_t total_bytes(std::size_t data_bytes) {
  std::size_t bytes = sizeof(Block) + data_bytes, alignment = bytes >= kHugePage ? kHugePage : 64;
  return (bytes + alignment - 1) / alignment * alignment;
}

bool is_from_slab(std::size_t data_bytes) { return total_bytes(data_bytes) <= kSlabBlock; }

void* huge_pages(std::size_t bytes) {
  std::size_t alignment = bytes >= kHugePage ? kHugePage : 64;
  void* p = std::aligned_alloc(alignment, bytes);
  if (p == nullptr)
    throw Error(ErrorKind::state, "memory", "the system did not give " + std::to_string(bytes >> 20) + " MB",
                "use a smaller batch or model");
  if (alignment == kHugePage) madvise(p, bytes, MADV_HUGEPAGE);
  system_bytes.fetch_add(bytes, std::memory_order_relaxed);
  return p;
}

std::mutex slab_mutex;
char* slab_free = nullptr;  // the rest of the slab being cut
char* slab_end = nullptr;

void* cut_from_slab(std::size_t bytes) {
  std::lock_guard lock(slab_mutex);
  if (static_cast<std::size_t>(slab_end - slab_free) < bytes) {
    slab_free = static_cast<char*>(huge_pages(kSlab));
    slab_end = slab_free + kSlab;
  }
  return std::exchange(slab_free, slab_free + bytes);
}

Block* take_from_system(std::size_t data_bytes) {
  std::size_t total = total_bytes(data_bytes);
  void* p = is_from_slab(data_bytes) ? cut_from_slab(total) : huge_pages(total);
  system_allocations.fetch_add(1, std::memory_order_relaxed);
  return static_cast<Block*>(p);
}

void give_to_system(Block* b) {
  system_bytes.fetch_sub(total_bytes(b->capacity), std::memory_order_relaxed);
  std::free(b);
}

std::mutex idle_mutex;
Workspace* idle_workspaces = nullptr;

}  // namespace

// Class 17 + 4 (log2 - 10) + quarter holds up to 2^log2 + (quarter + 1) 2^(log2 - 2) bytes.
std::uint32_t Pool::large_class(std::size_t bytes) {
  std::size_t n = bytes - 1;
  int log2 = 63 - std::countl_zero(n);
  return static_cast<std::uint32_t>(17 + 4 * (log2 - 10) + static_cast<int>((n >> (log2 - 2)) & 3));
}

std::size_t Pool::class_bytes(std::uint32_t number) {
  if (number <= 16) return std::max<std::size_t>(number, 1) * 64;
  std::size_t log2 = (number - 17) / 4 + 10, quarter = (number - 17) % 4;
  return (std::size_t{1} << log2) + (quarter + 1) * (std::size_t{1} << (log2 - 2));
}

// A free block of this class or, of large ones, of up to four times the size: sequences whose lengths differ from batch
// to batch would else come to hold memory for each length. Null where there is none.
Block* Pool::take_free(std::uint32_t number) {
  constexpr std::size_t kLarge = 1 << 20;
  constexpr std::uint32_t kLarger = 8;
  const std::uint32_t last = class_bytes(number) < kLarge ? number : std::min(number + kLarger, kClasses - 1);
  for (std::uint32_t n = number; n <= last; ++n)
    if (Block* b = free_[n]; b != nullptr) {
      free_[n] = b->next;
      return b;
    }
  return nullptr;
}

// The slow way: blocks that other threads handed back, larger ones, or new memory.
Block* Pool::refill(std::uint32_t number, std::size_t bytes) {
  if (number >= kClasses) throw Error(ErrorKind::state, "memory", "a tensor of " + std::to_string(bytes) + " bytes");
  if (returned_.load(std::memory_order_relaxed) != nullptr) drain_returned();
  Block* b = take_free(number);
  if (b == nullptr) {
    b = take_from_system(class_bytes(number));
    b->size_class = number;
    b->owner = this;
    b->capacity = class_bytes(number);
  }
  b->references.store(1, std::memory_order_relaxed);
  return b;
}

// A block of another thread; work queued here may still read it, so it waits for that.
void Pool::hand_back(Block* b) {
  Workspace* here = Workspace::current_;
  if (here != nullptr && here->pending()) {
    here->defer(b);
    return;
  }
  Block* head = returned_.load(std::memory_order_relaxed);
  do b->next = head;
  while (!returned_.compare_exchange_weak(head, b, std::memory_order_release, std::memory_order_relaxed));
}

void Pool::drain_returned() {
  Block* b = returned_.exchange(nullptr, std::memory_order_acquire);
  while (b != nullptr) {
    Block* next = b->next;
    put(b);
    b = next;
  }
}

void Pool::end_hold() {
  held_ = false;
  Block* b = std::exchange(deferred_, nullptr);
  while (b != nullptr) {
    Block* next = b->next;
    put(b);
    b = next;
  }
}

void Pool::trim() {
  drain_returned();
  for (std::uint32_t number = 0; number < kClasses; ++number)
    while (free_[number] != nullptr && !is_from_slab(class_bytes(number)))
      give_to_system(std::exchange(free_[number], free_[number]->next));
}

void* Segment::scratch(std::size_t bytes) {
  bytes = (bytes + 15) & ~std::size_t{15};
  while (chunk_ == nullptr || used_ + bytes > chunk_->size) {
    Chunk* next = chunk_ == nullptr ? chunks_ : chunk_->next;
    if (next == nullptr) {
      std::size_t size = std::max<std::size_t>(bytes, 64u << 10);
      next = new (std::malloc(sizeof(Chunk) + size)) Chunk{nullptr, size};
      system_allocations.fetch_add(1, std::memory_order_relaxed);
      (chunk_ == nullptr ? chunks_ : chunk_->next) = next;
    }
    chunk_ = next;
    used_ = 0;
  }
  void* p = reinterpret_cast<char*>(chunk_ + 1) + used_;
  used_ += bytes;
  return p;
}

void Segment::add(int shards, void* task, void (*call)(void*, int)) {
  if (count_ == room_) {
    room_ = std::max<std::size_t>(256, room_ * 2);
    items_ = static_cast<Item*>(std::realloc(items_, room_ * sizeof(Item)));
    system_allocations.fetch_add(1, std::memory_order_relaxed);
  }
  if (count_ == 0) Workspace::current().begin_pending();
  shards_ = std::max(shards_, shards);
  const Profile* profile = Profile::current();
  items_[count_++] = {call, task, shards, profile != nullptr ? profile->account() : 0};
}

void Segment::run() {
  struct Emptied {
    Segment& s;
    ~Emptied() {
      s.count_ = 0;
      s.shards_ = 0;
      s.chunk_ = s.chunks_;
      s.used_ = 0;
    }
  } emptied{*this};  // also when a task fails: what follows it would read what it did not write
  int workers = std::min(threads(), shards_);
  turned_ = !turned_;
  Profile* profile = Profile::current();
  Profile::Clock* clocks = profile != nullptr ? profile->begin_queue(workers).data() : nullptr;
  run_workers(workers, [&](int worker) { run_worker(worker, workers, clocks != nullptr ? clocks + worker : nullptr); });
  if (profile != nullptr) profile->end_queue();
}

void Segment::run_worker(int worker, int workers, Profile::Clock* clock) {
  ComputeScope scope;
  if (clock != nullptr) clock->start();
  int first = shards_ * worker / workers, last = shards_ * (worker + 1) / workers - 1;
  for (int k = first; k <= last; ++k) {
    int shard = turned_ ? first + last - k : k;
    for (std::size_t i = 0; i < count_; ++i) {
      if (shard >= items_[i].shards) continue;
      items_[i].call(items_[i].task, shard);
      if (clock != nullptr) clock->charge(items_[i].account);
    }
  }
}

constinit thread_local Workspace* Workspace::current_ = nullptr;

Workspace::Workspace() {
  pool_.set_owner(this);
  for (Pool& p : shard_pools_) p.set_owner(this);
}

// Workspaces outlive their threads, since tensors do; a later thread takes over an idle one.
struct WorkspaceHandle {
  Workspace* held = nullptr;
  ~WorkspaceHandle() {
    if (held == nullptr) return;
    std::lock_guard lock(idle_mutex);
    held->next_idle_ = std::exchange(idle_workspaces, held);
    Workspace::current_ = nullptr;
  }
};

Workspace& Workspace::adopt() {
  static thread_local WorkspaceHandle handle;
  std::lock_guard lock(idle_mutex);
  if (idle_workspaces != nullptr) {
    handle.held = idle_workspaces;
    idle_workspaces = idle_workspaces->next_idle_;
  } else {
    handle.held = new Workspace;
  }
  current_ = handle.held;
  return *current_;
}

void Workspace::flush() {
  struct Release {
    Workspace& w;
    ~Release() {
      w.pool_.end_hold();
      for (Block* b = std::exchange(w.foreign_, nullptr); b != nullptr;) {
        Block* next = b->next;
        b->owner->release(b);
        b = next;
      }
    }
  } release{*this};
  if (!segment_.empty()) segment_.run();
}

MemoryStatistics memory_statistics() { return {system_allocations.load(), system_bytes.load()}; }

void release_cached_memory() {
  flush();
  Workspace& w = Workspace::current();
  w.pool().trim();
  for (int s = 0; s < kMaxShards; ++s) w.shard_pool(s).trim();
}

}  // namespace gradus
