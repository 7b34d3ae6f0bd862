#include "progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "output.h"

namespace gradus::cli {
namespace {

// Columns of the bar, of " 100%", and of what usually stands beside the bar.
constexpr int kNarrowest = 10, kWidest = 30, kPercent = 5, kTexts = 70;

int terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

// A terminal that has gone is no error.
void draw(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

}  // namespace

void ProgressBar::start(const std::string& label, std::int64_t total) {
  label_ = label;
  total_ = total;
  first_ = -1;
  width_ = std::clamp(terminal_width() - kTexts, kNarrowest, kWidest);
  begin_ = Clock::now();
  drawn_ = {};
}

std::string ProgressBar::time_left(std::int64_t done) const {
  constexpr double kTelling = 0.5;  // seconds
  double spent = std::chrono::duration<double>(Clock::now() - begin_).count();
  if (spent < kTelling || done <= first_ || done >= total_) return "";
  return duration(spent / static_cast<double>(done - first_) * static_cast<double>(total_ - done)) + " left";
}

void ProgressBar::update(std::int64_t done, std::vector<std::string> texts) {
  if (!shown_) return;
  if (first_ < 0) first_ = done;
  auto now = Clock::now();
  if (now - drawn_ < std::chrono::milliseconds(50) && done < total_) return;
  drawn_ = now;
  double share = total_ > 0 ? static_cast<double>(done) / static_cast<double>(total_) : 1;
  texts.insert(texts.begin() + (texts.empty() ? 0 : 1), time_left(done));

  int room = terminal_width() - 1 - static_cast<int>(label_.size()) - kPercent;
  std::string line = label_;
  if (room > width_) {
    int full = static_cast<int>(share * width_);
    line += ' ';
    for (int i = 0; i < width_; ++i) line += i < full ? "█" : "░";
    room -= width_ + 1;
  }
  line += fmt::format(" {:3.0f}%", share * 100);
  for (const std::string& text : texts) {
    if (text.empty()) continue;
    room -= static_cast<int>(text.size()) + 2;
    if (room < 0) break;
    line += "  " + text;
  }
  draw("\r\033[K" + line);
}

void ProgressBar::clear() {
  if (!shown_) return;
  draw("\r\033[K");
}

}  // namespace gradus::cli
