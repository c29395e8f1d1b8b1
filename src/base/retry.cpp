#include "base/retry.hpp"

#include <algorithm>

namespace weir {
namespace {

using std::chrono::milliseconds;

constexpr int k_now_divisor = 16;

milliseconds longest_pause(const RetrySettings& settings, int attempts, RetryClass retry) {
  auto pause = settings.first_delay;
  for (int i = 1; i < attempts && pause < settings.delay_max; ++i) pause *= 2;
  pause = std::min(pause, settings.delay_max);
  return retry == RetryClass::now ? pause / k_now_divisor : pause;
}

milliseconds jittered(milliseconds longest, Random& random) {
  if (longest <= milliseconds::zero()) return milliseconds::zero();
  return milliseconds(random.below(static_cast<std::uint64_t>(longest.count()) + 1));
}

milliseconds left_until(Deadline deadline) {
  const auto left = deadline.at() - Deadline::Clock::now();
  return std::chrono::duration_cast<milliseconds>(left);
}

}  // namespace

std::string_view to_string(GiveUp reason) {
  switch (reason) {
    case GiveUp::not_retryable: return "it cannot be retried";
    case GiveUp::attempts_spent: return "all attempts are spent";
    case GiveUp::no_time_left: return "no time is left";
  }
  return "";
}

std::expected<milliseconds, GiveUp> decide_retry(const RetrySettings& settings, int attempts,
                                                 const FailedAttempt& failed, milliseconds left, Random& random) {
  if (failed.retry == RetryClass::never) return std::unexpected(GiveUp::not_retryable);
  if (attempts >= settings.attempts_max) return std::unexpected(GiveUp::attempts_spent);
  const auto told = std::max(milliseconds::zero(), failed.told_to_wait.value_or(milliseconds::zero()));
  if (told >= left) return std::unexpected(GiveUp::no_time_left);  // also keeps the sum below from overflowing
  const auto pause = told + jittered(longest_pause(settings, attempts, failed.retry), random);
  if (pause >= left) return std::unexpected(GiveUp::no_time_left);
  return pause;
}

Task<std::optional<GiveUp>> Retry::pause(FailedAttempt failed, Deadline deadline) {
  ++attempts_;
  const auto next = decide_retry(settings_, attempts_, failed, left_until(deadline), random_);
  if (!next) co_return next.error();
  co_await sleep_(*next);
  paused_ += *next;
  co_return std::nullopt;
}

}  // namespace weir
