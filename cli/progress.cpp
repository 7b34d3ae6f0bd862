#include "progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "output.h"

namespace gradus::cli {
namespace {

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
  begin_ = Clock::now();
  drawn_ = {};
}

void ProgressBar::update(std::int64_t done, const std::string& text) {
  if (!shown_) return;
  auto now = Clock::now();
  if (now - drawn_ < std::chrono::milliseconds(50) && done < total_) return;
  drawn_ = now;
  double share = total_ > 0 ? static_cast<double>(done) / static_cast<double>(total_) : 1;
  double spent = std::chrono::duration<double>(now - begin_).count();
  std::string rest = share > 0 && done < total_ ? ", " + duration(spent / share - spent) + " left" : "";
  int room = std::clamp(terminal_width() - static_cast<int>(label_.size() + text.size() + rest.size()) - 10, 0, 30);
  int full = static_cast<int>(share * room);
  std::string bar;
  for (int i = 0; i < room; ++i) bar += i < full ? "█" : "░";
  draw(fmt::format("\r\033[K{} {} {:3.0f}% {}{}", label_, bar, share * 100, text, rest));
}

void ProgressBar::clear() {
  if (!shown_) return;
  draw("\r\033[K");
}

}  // namespace gradus::cli
