#pragma once

#include <cstddef>

namespace gradus {

// Threads that gradus may use, the caller's included. Default: the cores this process may run on.
void set_threads(int n);
int threads();

// Runs body(context, worker) once for each worker in [0, workers) and returns when all are done; worker 0 is the
// caller. Waiting threads spin briefly, then sleep on a futex. The first exception thrown by a worker is rethrown.
// Not reentrant: called from inside a body, in a SerialScope, or while another thread is in it, the workers run one
// after the other on the caller.
void run_workers(int workers, void (*body)(void* context, int worker), void* context);

template <class F>
void run_workers(int workers, F&& body) {
  run_workers(
      workers, [](void* c, int w) { (*static_cast<F*>(c))(w); }, &body);
}

// Calls body(begin, end) over [0, n) cut in pieces of at least `grain`, at most one per thread. The cut depends on the
// thread count: only for work whose result does not depend on the cut.
template <class F>
void parallel_for(std::size_t n, std::size_t grain, F&& body) {
  std::size_t pieces = grain == 0 ? n : (n + grain - 1) / grain;
  int workers = static_cast<int>(pieces < static_cast<std::size_t>(threads()) ? pieces : threads());
  if (workers <= 1) {
    if (n > 0) body(std::size_t{0}, n);
    return;
  }
  run_workers(workers, [&](int w) {
    std::size_t begin = n * w / workers, end = n * (w + 1) / workers;
    if (begin < end) body(begin, end);
  });
}

// While one lives, what its thread would share with the team runs on that thread alone: for threads in the background,
// which must not keep the team from its work.
class SerialScope {
 public:
  SerialScope() { ++depth_; }
  ~SerialScope() { --depth_; }
  SerialScope(const SerialScope&) = delete;
  SerialScope& operator=(const SerialScope&) = delete;
  // Whether this thread is in one.
  static bool entered() { return depth_ > 0; }

 private:
  static constinit thread_local int depth_;
};

// Sets, on this thread and for its lifetime: one OpenMP thread, flush-to-zero and denormals-are-zero; then restores
// what was. Every kernel runs inside one, so results do not depend on the caller's floating-point state. Nested scopes
// cost a counter.
class ComputeScope {
 public:
  ComputeScope() {
    if (depth_++ == 0) enter();
  }
  ~ComputeScope() {
    if (--depth_ == 0) leave();
  }
  ComputeScope(const ComputeScope&) = delete;
  ComputeScope& operator=(const ComputeScope&) = delete;
  // Whether this thread is in one.
  static bool entered() { return depth_ > 0; }

 private:
  static void enter();
  static void leave();
  static constinit thread_local int depth_;
};

}  // namespace gradus
