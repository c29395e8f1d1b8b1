// When a pipeline is due: every so often, or by a cron expression; both moved by a tenant's share of the spread, so
// that midnight is flat. Pure: the same answers on every node.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "scheduler/cron_fires.hpp"

namespace weir::scheduler {

inline constexpr std::chrono::seconds k_interval_min = std::chrono::minutes(1);
inline constexpr std::chrono::seconds k_interval_max = std::chrono::days(31);

class FirePlan {
 public:
  // At all multiples of `every` since 1970, so that it does not drift. invalid_input outside of the bounds above.
  static Result<FirePlan> every(std::chrono::seconds every, std::chrono::seconds spread = std::chrono::seconds(0));
  static FirePlan cron(CronFires fires, std::chrono::seconds spread = std::chrono::seconds(0));

  // The first due instant after that one, the spread included.
  std::optional<Fire> next(std::chrono::sys_seconds after) const;

 private:
  FirePlan(std::variant<std::chrono::seconds, CronFires> base, std::chrono::seconds spread)
      : base_(std::move(base)), spread_(spread) {}
  std::variant<std::chrono::seconds, CronFires> base_;
  std::chrono::seconds spread_;
};

// A tenant's share of `window`: the same for all time, evenly distributed over tenants, below the window.
std::chrono::seconds spread_of(std::string_view tenant_id, std::chrono::seconds window);

// What is due at `now`, when the fire at `due` (not after now) has not happened: one run, for the latest of them.
struct DueFire {
  std::chrono::sys_seconds at;
  std::int64_t missed = 0;  // further fires that this one stands for; counted up to k_missed_max
  std::optional<std::chrono::sys_seconds> next{};
};
inline constexpr std::int64_t k_missed_max = 100;
DueFire collapse_missed(const FirePlan& plan, std::chrono::sys_seconds due, std::chrono::sys_seconds now);

// The next `count` fires, for people to look at.
std::vector<Fire> preview(const FirePlan& plan, std::chrono::sys_seconds after, std::size_t count);

}  // namespace weir::scheduler
