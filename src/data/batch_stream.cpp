#include "gradus/data/batch_stream.h"

#include <algorithm>

#include "gradus/base/parallel.h"
#include "gradus/tensor/workspace.h"

namespace gradus {
namespace {

constexpr std::int64_t kMostBytes = 256 << 20;  // of inputs made ahead

std::size_t slots_for(const Dataset& data, std::int64_t batch_size) {
  std::int64_t bytes = std::max<std::int64_t>(data.input_shape().size() * batch_size * 4, 1);
  return static_cast<std::size_t>(std::clamp<std::int64_t>(kMostBytes / bytes, 1, std::int64_t{2} * threads()));
}

}  // namespace

BatchStream::BatchStream(const Dataset& data, std::span<const std::uint32_t> order, std::int64_t batch_size,
                         std::int64_t first, std::int64_t last, std::int64_t epoch)
    : data_(data),
      order_(order),
      batch_size_(batch_size),
      last_(last),
      epoch_(epoch),
      begun_(first),
      taken_(first),
      slots_(slots_for(data, batch_size)) {
  for (int t = 1; t < threads(); ++t) threads_.emplace_back([this] { serve(); });
}

BatchStream::~BatchStream() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  room_.notify_all();
  for (std::thread& t : threads_) t.join();
}

// Makes the next batch that nobody has begun; the lock is not held meanwhile.
void BatchStream::make_one(std::unique_lock<std::mutex>& lock) {
  std::int64_t k = begun_++, row = k * batch_size_;
  lock.unlock();
  Slot made;
  try {
    SerialScope alone;
    auto count = std::min<std::int64_t>(batch_size_, static_cast<std::int64_t>(order_.size()) - row);
    made.batch = data_.draw(order_.subspan(static_cast<std::size_t>(row), static_cast<std::size_t>(count)), epoch_);
    flush();  // what is queued here belongs to this thread
  } catch (...) {
    made.error = std::current_exception();
  }
  made.ready = true;
  lock.lock();
  slots_[static_cast<std::size_t>(k) % slots_.size()] = std::move(made);
}

void BatchStream::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    room_.wait(lock, [&] { return stop_ || may_begin(); });
    if (stop_) return;
    make_one(lock);
    made_.notify_one();
  }
}

Batch BatchStream::next() {
  std::unique_lock lock(mutex_);
  Slot& slot = slots_[static_cast<std::size_t>(taken_) % slots_.size()];
  while (!slot.ready) {
    if (may_begin())
      make_one(lock);
    else
      made_.wait(lock, [&] { return slot.ready; });
  }
  Slot taken = std::exchange(slot, Slot{});
  ++taken_;
  lock.unlock();
  room_.notify_one();
  if (taken.error) std::rethrow_exception(taken.error);
  return std::move(taken.batch);
}

}  // namespace gradus
