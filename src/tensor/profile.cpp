#include "gradus/tensor/profile.h"

#include <numeric>
#include <utility>

#include "gradus/kernels/counters.h"
#include "gradus/tensor/workspace.h"

namespace gradus {

EngineCounters EngineCounters::now() {
  kernels::LibraryCounters library = kernels::library_counters();
  return {memory_statistics().system_allocations, library.primitives, library.reorders, library.slow};
}

EngineCounters& EngineCounters::operator+=(const EngineCounters& o) {
  allocations += o.allocations;
  primitives += o.primitives;
  reorders += o.reorders;
  slow += o.slow;
  return *this;
}

EngineCounters EngineCounters::operator-(const EngineCounters& o) const {
  return {allocations - o.allocations, primitives - o.primitives, reorders - o.reorders, slow - o.slow};
}

constinit thread_local Profile* Profile::current_ = nullptr;

namespace {

double seconds_between(std::chrono::steady_clock::time_point from, std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

Profile::Running::Running(Profile& profile) {
  profile.account_ = 0;
  profile.last_ = Clockwork::now();
  current_ = &profile;
}

Profile::Running::~Running() { std::exchange(current_, nullptr)->turn_to(0); }

Profile::Part::Part(const std::string& name) {
  if (current_ == nullptr) return;
  before_ = current_->account_;
  current_->turn_to(2 * current_->part_of_current(name));
}

Profile::Part::~Part() {
  if (current_ != nullptr) current_->turn_to(before_);
}

void Profile::Clock::charge(int account) {
  auto now = Clockwork::now();
  seconds_[static_cast<std::size_t>(account)] += seconds_between(last_, now);
  last_ = now;
}

int Profile::part_of_current(const std::string& name) {
  int parent = account_ / 2;
  for (std::size_t i = 0; i < parts_.size(); ++i)
    if (parts_[i].parent == parent && parts_[i].name == name) return static_cast<int>(i);
  parts_.push_back({name, parent});
  seconds_.resize(2 * parts_.size());
  return static_cast<int>(parts_.size()) - 1;
}

void Profile::turn_to(int account) {
  auto now = Clockwork::now();
  seconds_[static_cast<std::size_t>(account_)] += seconds_between(last_, now);
  last_ = now;
  account_ = account;
}

std::vector<Profile::Clock>& Profile::begin_queue(int workers) {
  turn_to(account_);
  clocks_.resize(static_cast<std::size_t>(workers));
  for (Clock& c : clocks_) c.seconds_.assign(seconds_.size(), 0);
  return clocks_;
}

// The workers' times come to as much as the run took once those who were done early are counted as waiting.
void Profile::end_queue() {
  auto now = Clockwork::now();
  double busy = 0, workers = static_cast<double>(clocks_.size());
  for (const Clock& c : clocks_)
    for (std::size_t a = 0; a < seconds_.size(); ++a) {
      seconds_[a] += c.seconds_[a] / workers;
      busy += c.seconds_[a] / workers;
    }
  waiting_ += seconds_between(last_, now) - busy;
  last_ = now;
}

void Profile::add_rows(int parent, int depth, std::vector<Row>& rows) const {
  for (std::size_t i = 0; i < parts_.size(); ++i)
    if (parts_[i].parent == parent) {
      rows.push_back({parts_[i].name, depth, seconds_[2 * i], seconds_[2 * i + 1]});
      add_rows(static_cast<int>(i), depth + 1, rows);
    }
}

std::vector<Profile::Row> Profile::rows() const {
  std::vector<Row> rows;
  add_rows(0, 0, rows);
  return rows;
}

double Profile::total() const { return std::accumulate(seconds_.begin(), seconds_.end(), waiting_); }

}  // namespace gradus
