// The one way of trying again: an attempt budget, exponential backoff with full jitter, the pause the other side asked
// for, a deadline, cancellation. Not for limits: a limit is no failed attempt (see http/rate_broker.hpp).
//
//   Retry retry(settings, random);
//   for (;;) {
//     auto answer = co_await ask();
//     if (answer) co_return answer;
//     const auto given_up = co_await retry.pause({answer.error().code}, deadline);
//     if (given_up) co_return answer;
//   }
#pragma once
#include <chrono>
#include <expected>
#include <functional>
#include <optional>
#include <string_view>

#include "base/asio.hpp"
#include "base/deadline.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "base/task_group.hpp"

namespace weir {

struct RetrySettings {
  int attempts_max = 5;  // all of them, the first included
  std::chrono::milliseconds first_delay = std::chrono::seconds(1);
  std::chrono::milliseconds delay_max = std::chrono::seconds(60);
};

struct FailedAttempt {
  RetryClass retry = RetryClass::later;
  // What the other side asked for (Retry-After). It is kept, and the backoff's jitter comes on top.
  std::optional<std::chrono::milliseconds> told_to_wait{};

  FailedAttempt(ErrorCode code, std::optional<std::chrono::milliseconds> told = std::nullopt)  // NOLINT: converts
      : retry(traits(code).retry), told_to_wait(told) {}
};

enum class GiveUp { not_retryable, attempts_spent, no_time_left };
std::string_view to_string(GiveUp reason);

// What to do after the `attempts`th attempt failed: the pause before the next one, or why there is none. `left` is the
// time until the deadline; a pause that would not end before it is not begun. The n-th pause is uniform in
// [0, min(delay_max, first_delay * 2^(n-1))], a sixteenth of that where RetryClass says "now".
std::expected<std::chrono::milliseconds, GiveUp> decide_retry(const RetrySettings& settings, int attempts,
                                                              const FailedAttempt& failed,
                                                              std::chrono::milliseconds left, Random& random);

class Retry {
 public:
  using Sleep = std::function<Task<>(std::chrono::nanoseconds)>;
  // `random` outlives this object. Tests give a sleep of their own.
  Retry(RetrySettings settings, Random& random, Sleep sleep = sleep_for)
      : settings_(settings), random_(random), sleep_(std::move(sleep)) {}

  // Sleeps before the next attempt; or says at once why there is none. Cancelled like sleep_for.
  Task<std::optional<GiveUp>> pause(FailedAttempt failed, Deadline deadline);

  int attempts() const { return attempts_; }  // that failed
  std::chrono::milliseconds paused() const { return paused_; }

 private:
  RetrySettings settings_;
  Random& random_;
  Sleep sleep_;
  int attempts_ = 0;
  std::chrono::milliseconds paused_{0};
};

}  // namespace weir
