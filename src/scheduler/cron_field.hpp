// One field of a cron expression, as the numbers it names.
#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace weir::scheduler {

struct CronField {
  std::string_view name;  // for messages
  int first = 0;
  int last = 0;
  std::span<const std::string_view> words{};  // of `first` and what follows: jan, feb, …
  bool wraps = false;                         // a range may go over the end: fri-mon
};

extern const CronField k_minute;
extern const CronField k_hour;
extern const CronField k_month_day;
extern const CronField k_month;
extern const CronField k_week_day;  // 7 is read as 0

// The numbers, in no order, some perhaps twice. invalid_input with the remedy.
Result<std::vector<int>> read_cron_field(const CronField& field, std::string_view text);

}  // namespace weir::scheduler
