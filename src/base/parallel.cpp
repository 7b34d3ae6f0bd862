#include "gradus/base/parallel.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <xmmintrin.h>

#include <atomic>
#include <climits>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "gradus/base/error.h"

// Of libgomp, which oneDNN is built with; not through <omp.h>, since a compiler's own may be another OpenMP's.
extern "C" {
int omp_get_max_threads();
void omp_set_num_threads(int);
}

namespace gradus {
namespace {

using Body = void (*)(void*, int);

// Around 50 us: longer than the gap between two parallel regions of a small step, short against a scheduler's slice.
constexpr int kSpins = 4000;

void wait_while_equal(std::atomic<std::uint32_t>& word, std::uint32_t old) {
  for (int i = 0; i < kSpins; ++i) {
    if (word.load(std::memory_order_acquire) != old) return;
    _mm_pause();
  }
  while (word.load(std::memory_order_acquire) == old)
    syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), FUTEX_WAIT_PRIVATE, old, nullptr, nullptr, 0);
}

void wake_all(std::atomic<std::uint32_t>& word) {
  syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

class Pool {
 public:
  explicit Pool(int workers) {
    for (int w = 1; w < workers; ++w) team_.emplace_back([this, w] { serve(w); });
  }
  ~Pool() {
    body_ = nullptr;
    generation_.fetch_add(1, std::memory_order_release);
    wake_all(generation_);
    for (auto& t : team_) t.join();
  }
  int size() const { return static_cast<int>(team_.size()) + 1; }

  void run(int workers, Body body, void* context) {
    body_ = body;
    context_ = context;
    active_ = workers;
    remaining_.store(static_cast<std::uint32_t>(team_.size()), std::memory_order_relaxed);
    generation_.fetch_add(1, std::memory_order_acq_rel);
    wake_all(generation_);
    work(0);
    for (std::uint32_t left; (left = remaining_.load(std::memory_order_acquire)) != 0;)
      wait_while_equal(remaining_, left);
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

 private:
  void work(int worker) {
    if (worker >= active_) return;
    try {
      body_(context_, worker);
    } catch (...) {
      std::lock_guard lock(failure_mutex_);
      if (!failure_) failure_ = std::current_exception();
    }
  }
  void serve(int worker) {
    for (std::uint32_t seen = 0;;) {
      wait_while_equal(generation_, seen);
      seen = generation_.load(std::memory_order_acquire);
      if (body_ == nullptr) return;
      work(worker);
      if (remaining_.fetch_sub(1, std::memory_order_acq_rel) == 1) wake_all(remaining_);
    }
  }

  Body body_ = nullptr;
  void* context_ = nullptr;
  int active_ = 0;
  std::exception_ptr failure_;
  std::mutex failure_mutex_;
  alignas(64) std::atomic<std::uint32_t> generation_{0};
  alignas(64) std::atomic<std::uint32_t> remaining_{0};
  std::vector<std::thread> team_;
};

int usable_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
  return 1;
}

// One team for the process: `mutex` is held while it runs, so a second region runs on its caller alone.
struct Team {
  std::mutex mutex;
  std::unique_ptr<Pool> pool;
  std::atomic<int> wanted{usable_cores()};
};

Team& team() {
  static Team t;
  return t;
}

}  // namespace

void set_threads(int n) {
  if (n < 1) throw Error(ErrorKind::value, {"threads", "a number >= 1", std::to_string(n), ""});
  team().wanted = n;
}

int threads() { return team().wanted.load(std::memory_order_relaxed); }

void run_workers(int workers, Body body, void* context) {
  std::unique_lock lock(team().mutex, std::defer_lock);
  if (workers <= 1 || !lock.try_lock()) {
    for (int w = 0; w < workers; ++w) body(context, w);
    return;
  }
  auto& pool = team().pool;
  if (!pool || pool->size() < workers) {
    pool.reset();
    pool = std::make_unique<Pool>(workers);
  }
  pool->run(workers, body, context);
}

thread_local int ComputeScope::depth_ = 0;

namespace {
constexpr unsigned kFlushToZero = 0x8040;  // MXCSR: FTZ | DAZ
thread_local unsigned saved_mxcsr = 0;
thread_local int saved_openmp_threads = 1;
}  // namespace

void ComputeScope::enter() {
  saved_mxcsr = _mm_getcsr();
  _mm_setcsr(saved_mxcsr | kFlushToZero);
  saved_openmp_threads = omp_get_max_threads();
  if (saved_openmp_threads != 1) omp_set_num_threads(1);
}

void ComputeScope::leave() {
  _mm_setcsr(saved_mxcsr);
  if (saved_openmp_threads != 1) omp_set_num_threads(saved_openmp_threads);
}

}  // namespace gradus
