#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace gradus {

// What the engine did so far, on all threads. A warm training step takes no memory, makes no primitive and runs nothing
// slow.
struct EngineCounters {
  std::uint64_t allocations = 0;  // of memory from the system
  std::uint64_t primitives = 0;   // oneDNN's kernels made
  std::uint64_t reorders = 0;     // of weights into a kernel's order, and of their gradients back
  std::uint64_t slow = 0;         // reference kernels run, and convolutions by plain matrix products
  static EngineCounters now();
  EngineCounters& operator+=(const EngineCounters& other);
  EngineCounters operator-(const EngineCounters& other) const;
};

// Where the time of a thread's work goes, by named parts and pass. Queued work counts for the part that asked for it,
// and so does the backward pass of what a part recorded.
class Profile {
 public:
  struct Row {
    std::string name;
    int depth = 0;                     // of the parts around it
    double forward = 0, backward = 0;  // seconds, without the parts inside
  };

  // While one lives, its thread's time counts.
  class Running {
   public:
    explicit Running(Profile& profile);
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
  };

  // While one lives, what its thread does is part `name` of what surrounds it.
  class Part {
   public:
    explicit Part(const std::string& name);
    ~Part();
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;

   private:
    int before_ = 0;
  };

  // Times of one worker in a run of queued work.
  class Clock {
   public:
    void start() { last_ = Clockwork::now(); }
    // Counts what passed since the last call for an account.
    void charge(int account);

   private:
    friend class Profile;
    std::vector<double> seconds_;  // by account
    std::chrono::steady_clock::time_point last_;
  };

  // Parts in the order they came up, those inside below what holds them.
  std::vector<Row> rows() const;
  // Seconds that belong to no part, and those that threads waited for each other.
  double other() const { return seconds_[0] + seconds_[1]; }
  double waiting() const { return waiting_; }
  double total() const;

  // For the engine: this thread's, null when nothing counts; the account that work asked for now belongs to; the same
  // account's other pass; and what surrounds a run of queued work.
  static Profile* current() { return current_; }
  int account() const { return account_; }
  void turn_to(int account);
  static int backward_of(int account) { return account | 1; }
  std::vector<Clock>& begin_queue(int workers);
  void end_queue();

 private:
  using Clockwork = std::chrono::steady_clock;
  struct Named {
    std::string name;
    int parent;
  };
  int part_of_current(const std::string& name);
  void add_rows(int parent, int depth, std::vector<Row>& rows) const;

  static constinit thread_local Profile* current_;
  std::vector<Named> parts_ = {{"", -1}};
  std::vector<double> seconds_ = {0, 0};  // of account 2 part + pass
  std::vector<Clock> clocks_;
  double waiting_ = 0;
  int account_ = 0;
  Clockwork::time_point last_;
};

}  // namespace gradus
