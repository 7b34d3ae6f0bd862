#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "gradus/data/dataset.h"

namespace gradus {

// The batches of one epoch in order, made by background threads while earlier ones are trained on. A batch is a
// function of its rows and epoch alone, so the result is that of Dataset::draw without it. Who waits for a batch helps
// to make the next ones: with n threads in all, n - 1 work in the background. What is made ahead is bounded by number
// and bytes.
class BatchStream {
 public:
  // Batch k holds the rows [k batch_size, (k + 1) batch_size) of `order`, batches [first, last) are handed out. `data`
  // and `order` must outlive the stream.
  BatchStream(const Dataset& data, std::span<const std::uint32_t> order, std::int64_t batch_size, std::int64_t first,
              std::int64_t last, std::int64_t epoch);
  // Stops the threads, each after the batch it is at.
  ~BatchStream();
  BatchStream(const BatchStream&) = delete;
  BatchStream& operator=(const BatchStream&) = delete;

  // The next batch. Rethrows what making it threw.
  Batch next();

 private:
  struct Slot {
    Batch batch;
    std::exception_ptr error;
    bool ready = false;
  };

  bool may_begin() const { return begun_ < last_ && begun_ < taken_ + static_cast<std::int64_t>(slots_.size()); }
  void make_one(std::unique_lock<std::mutex>& lock);
  void serve();

  const Dataset& data_;
  std::span<const std::uint32_t> order_;
  std::int64_t batch_size_, last_, epoch_;
  std::int64_t begun_, taken_;  // batches that somebody makes or made; that were handed out
  std::vector<Slot> slots_;     // of batch k: k modulo their number
  std::mutex mutex_;
  std::condition_variable room_, made_;
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace gradus
