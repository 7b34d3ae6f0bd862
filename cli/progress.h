#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace gradus::cli {

// A bar that redraws itself on one line of a terminal, at most 20 times a second.
class ProgressBar {
 public:
  explicit ProgressBar(bool shown) : shown_(shown) {}

  // Starts a bar named `label` that runs to `total`.
  void start(const std::string& label, std::int64_t total);
  // `texts` stand behind the bar ("loss 0.3421"), the most telling first; those that the line has no room for are left
  // out.
  void update(std::int64_t done, std::vector<std::string> texts);
  // Takes the bar away, so that a line can be written in its place.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  // How long the rest takes, "" while there is little to tell it from.
  std::string time_left(std::int64_t done) const;

  bool shown_;
  std::string label_;
  std::int64_t total_ = 0;
  std::int64_t first_ = -1;  // what was done when the bar was first drawn
  int width_ = 0;            // of the bar, in columns
  Clock::time_point begin_, drawn_;
};

}  // namespace gradus::cli
