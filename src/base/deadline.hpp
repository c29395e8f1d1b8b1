// The instant by which a whole operation must be done. It travels down by value; each door uses what is left of it.
#pragma once
#include <algorithm>
#include <chrono>

namespace weir {

class Deadline {
 public:
  using Clock = std::chrono::steady_clock;
  static Deadline never() { return Deadline{Clock::time_point::max()}; }
  static Deadline in(std::chrono::nanoseconds duration) {
    return Deadline{Clock::now() + std::chrono::duration_cast<Clock::duration>(duration)};
  }
  // The earlier of this one and `duration` from now.
  Deadline at_most(std::chrono::nanoseconds duration) const { return Deadline{std::min(at_, in(duration).at_)}; }

  bool is_over() const { return at_ != Clock::time_point::max() && Clock::now() >= at_; }
  Clock::time_point at() const { return at_; }

 private:
  explicit Deadline(Clock::time_point at) : at_(at) {}
  Clock::time_point at_;
};

}  // namespace weir
