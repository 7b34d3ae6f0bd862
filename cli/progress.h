#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace gradus::cli {

// A bar that redraws itself on one line of a terminal, at most 20 times a second.
class ProgressBar {
 public:
  explicit ProgressBar(bool shown) : shown_(shown) {}

  // Starts a bar named `label` that runs to `total`.
  void start(const std::string& label, std::int64_t total);
  // `text` stands behind the bar ("loss 0.3421").
  void update(std::int64_t done, const std::string& text);
  // Takes the bar away, so that a line can be written in its place.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  bool shown_;
  std::string label_;
  std::int64_t total_ = 0;
  Clock::time_point begin_, drawn_;
};

}  // namespace gradus::cli
