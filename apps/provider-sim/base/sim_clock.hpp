// The simulator's own time. It starts where it is told, flows as real time does (or stands still), and jumps when a
// test says so. Everything dated comes from here: records, rate-limit windows, tokens, the Date header.
#pragma once
#include <chrono>

#include "base/time.hpp"
#include "provider-sim/base/json_writer.hpp"

namespace weir::sim {

class SimClock {
 public:
  enum class Flow { real, frozen };
  SimClock(Instant start, Flow flow, Clock& real = system_clock())
      : real_(real), flow_(flow), start_(start), real_start_(real.boottime()) {}

  Instant now() const {
    const auto elapsed = flow_ == Flow::real ? real_.boottime() - real_start_ : std::chrono::nanoseconds(0);
    return start_ + advanced_ + std::chrono::floor<std::chrono::microseconds>(elapsed);
  }
  Time seconds() const { return std::chrono::floor<std::chrono::seconds>(now()); }
  void advance(std::chrono::seconds step) { advanced_ += step; }

  // How far the headers' clock (Date, rate-limit resets) runs ahead of the records' one.
  void set_skew(std::chrono::seconds skew) { skew_ = skew; }
  Time shown() const { return seconds() + skew_; }
  std::chrono::seconds skew() const { return skew_; }

  Instant real_now() const { return real_.now(); }

 private:
  Clock& real_;
  Flow flow_;
  Instant start_;
  std::chrono::nanoseconds real_start_;
  std::chrono::seconds advanced_{0};
  std::chrono::seconds skew_{0};
};

std::string format_http_date(Time time);  // Tue, 19 Jul 2022 04:38:37 GMT

}  // namespace weir::sim
