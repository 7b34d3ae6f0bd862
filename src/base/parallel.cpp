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

// A number that threads wait on: they spin for a while, then sleep. Who changes it makes the call that wakes sleepers
// only when there are any; both sides look at the other's word after writing their own, so none is missed.
class Signal {
 public:
  std::uint32_t load() const { return word_.load(std::memory_order_acquire); }
  void store(std::uint32_t v) { word_.store(v, std::memory_order_relaxed); }
  // Adds to the number without waking anybody; returns what it was.
  std::uint32_t add(std::uint32_t n) { return word_.fetch_add(n, std::memory_order_seq_cst); }
  void wake_all() {
    if (sleepers_.load(std::memory_order_seq_cst) != 0)
      syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word_), FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
  }
  void wait_while(std::uint32_t old) {
    for (int i = 0; i < kSpins; ++i) {
      if (load() != old) return;
      _mm_pause();
    }
    sleepers_.fetch_add(1, std::memory_order_seq_cst);
    while (load() == old)
      syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word_), FUTEX_WAIT_PRIVATE, old, nullptr, nullptr, 0);
    sleepers_.fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  alignas(64) std::atomic<std::uint32_t> word_{0};
  std::atomic<std::uint32_t> sleepers_{0};
};

class Pool {
 public:
  explicit Pool(int workers) {
    for (int w = 1; w < workers; ++w) team_.emplace_back([this, w] { serve(w); });
  }
  ~Pool() {
    body_ = nullptr;
    generation_.add(1);
    generation_.wake_all();
    for (auto& t : team_) t.join();
  }
  int size() const { return static_cast<int>(team_.size()) + 1; }

  void run(int workers, Body body, void* context) {
    body_ = body;
    context_ = context;
    active_ = workers;
    remaining_.store(static_cast<std::uint32_t>(team_.size()));
    generation_.add(1);
    generation_.wake_all();
    work(0);
    for (std::uint32_t left; (left = remaining_.load()) != 0;) remaining_.wait_while(left);
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
      generation_.wait_while(seen);
      seen = generation_.load();
      if (body_ == nullptr) return;
      work(worker);
      if (remaining_.add(static_cast<std::uint32_t>(-1)) == 1) remaining_.wake_all();
    }
  }

  Body body_ = nullptr;
  void* context_ = nullptr;
  int active_ = 0;
  std::exception_ptr failure_;
  std::mutex failure_mutex_;
  Signal generation_;
  Signal remaining_;
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
  if (workers <= 1 || SerialScope::entered() || !lock.try_lock()) {
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

constinit thread_local int SerialScope::depth_ = 0;
constinit thread_local int ComputeScope::depth_ = 0;

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
