#include "http/rate_bucket.hpp"

#include <algorithm>

#include "http/rate_division.hpp"

namespace weir::http {
namespace {

using std::chrono::seconds;

constexpr Duration k_same_window = seconds(5);  // resets of one window are told a little differently by each answer
constexpr Duration k_unsaid_window = std::chrono::minutes(1);
constexpr std::int64_t k_unlimited = std::int64_t{1} << 40;

// The window --------------------------------------------------------------------------------------------------------

void end_window_when_due(RateBucket& bucket, Instant now) {
  if (!bucket.reset_at || now < *bucket.reset_at) return;
  if (bucket.refill && bucket.remaining)
    bucket.remaining = std::min(bucket.limit.value_or(k_unlimited), *bucket.remaining + *bucket.refill);
  else
    bucket.remaining = bucket.limit;
  bucket.reset_at.reset();
  bucket.shares.clear();
}

bool is_other_window(const RateBucket& bucket, Instant reset_at) {
  return !bucket.reset_at || reset_at > *bucket.reset_at + k_same_window || reset_at < *bucket.reset_at - k_same_window;
}

void take_observation(RateBucket& bucket, const RateReport& report, Instant now) {
  if (!report.seen) return;
  const auto& seen = *report.seen;
  if (seen.limit == 0) {  // limits are off
    bucket.limit = bucket.remaining = bucket.refill = std::nullopt;
    bucket.reset_at.reset();
    return;
  }
  if (!seen.remaining) return;
  const auto reset_at = report.reset_in ? std::optional(now + *report.reset_in) : std::nullopt;
  if (reset_at && *reset_at <= now) return;  // of a window that is over
  const bool is_new = reset_at && is_other_window(bucket, *reset_at);
  if (is_new && bucket.reset_at) bucket.shares.clear();
  // Within a window the smaller figure is the later truth.
  const bool is_taken_whole = is_new || seen.refill || !bucket.remaining;
  bucket.remaining = is_taken_whole ? *seen.remaining : std::min(*bucket.remaining, *seen.remaining);
  if (seen.limit) bucket.limit = seen.limit;
  bucket.refill = seen.refill;
  if (is_new) bucket.reset_at = reset_at;
}

void add_used(RateBucket& bucket, TenantId tenant, std::int64_t units) {
  if (units <= 0) return;
  const auto share = std::ranges::find(bucket.shares, tenant, &RateShare::tenant);
  if (share == bucket.shares.end())
    bucket.shares.push_back({tenant, units});
  else
    share->used += units;
}

void take_usage(RateBucket& bucket, const RateReport& report, Instant now) {
  for (const auto& client : report.clients) add_used(bucket, client.client.tenant, client.units_used);
  take_observation(bucket, report, now);
  // Perhaps the observation counts them already; the other mistake would be the worse one.
  if (bucket.remaining) bucket.remaining = std::max<std::int64_t>(0, *bucket.remaining - report.units_unobserved);
  // Spent, and nobody said until when: ask again after a while.
  if (bucket.remaining == 0 && !bucket.reset_at) bucket.reset_at = now + k_unsaid_window;
}

// Waits -------------------------------------------------------------------------------------------------------------

Duration unsaid_wait(int strikes) {
  auto wait = k_unsaid_wait;
  for (int i = 0; i < strikes && wait < k_unsaid_wait_max; ++i) wait *= 2;
  return std::min(wait, k_unsaid_wait_max);
}

void take_wait(RateBucket& bucket, const RateReport& report, Instant now) {
  if (bucket.hold_until && now >= *bucket.hold_until) bucket.hold_until.reset();
  const bool is_waiting = bucket.wait_until && now < *bucket.wait_until;
  if (!is_waiting) bucket.wait_until.reset();
  if (!report.told) {
    if (report.has_succeeded && !is_waiting) bucket.strikes = 0;
    return;
  }
  // Requests that were under way together are all told: one event, one strike.
  if (!report.told->length && is_waiting) return;
  const auto length = report.told->length ? std::clamp(*report.told->length, Duration::zero(), k_longest_wait)
                                          : unsaid_wait(bucket.strikes);
  if (!report.told->length) ++bucket.strikes;
  if (is_waiting && *bucket.wait_until >= now + length) return;
  bucket.wait_until = now + length;
  bucket.wait_reason = report.told->reason;
}

// Holders -----------------------------------------------------------------------------------------------------------

// What the dead held is free; so is the demand of those who report no more. The reporter's own is written anew.
void drop_holders(RateBucket& bucket, Epoch reporter, const std::set<Epoch>& alive, Instant now) {
  std::erase_if(bucket.holders,
                [&](const RateHolder& holder) { return holder.epoch == reporter || !alive.contains(holder.epoch); });
  for (auto& holder : bucket.holders)
    if (now - holder.reported_at > k_demand_lifetime) {
      holder.slots_wanted = holder.slots;
      holder.units_wanted = holder.units;
    }
  std::erase_if(bucket.holders, [](const RateHolder& holder) {
    return holder.slots == 0 && holder.units == 0 && holder.slots_wanted == 0 && holder.units_wanted == 0;
  });
}

void add_holders(RateBucket& bucket, const RateReport& report, const std::vector<RateHolder>& before, Instant now) {
  for (const auto& client : report.clients) {
    RateHolder holder;
    holder.epoch = report.epoch;
    holder.client = client.client;
    holder.slots = std::max<std::int64_t>(client.slots_held, 0);
    holder.units = std::max<std::int64_t>(client.units_held, 0);
    holder.slots_wanted = std::max(client.slots_wanted, holder.slots);
    holder.units_wanted = std::max(client.units_wanted, holder.units);
    holder.reported_at = now;
    const auto same = std::ranges::find_if(
        before, [&](const RateHolder& old) { return old.epoch == holder.epoch && old.client == holder.client; });
    if (same != before.end()) holder.served_at = same->served_at;
    bucket.holders.push_back(holder);
  }
  // In one order for every reporter: ties are broken by it, and each must see the same winner.
  std::ranges::sort(bucket.holders, {},
                    [](const RateHolder& holder) { return std::pair(holder.epoch, holder.client); });
}

std::int64_t sum_of(const RateBucket& bucket, std::int64_t RateHolder::* what) {
  std::int64_t sum = 0;
  for (const auto& holder : bucket.holders) sum += holder.*what;
  return sum;
}

void grant_slots(const RateBucket& bucket, const RateRules& rules, std::int64_t fair, Instant now, RateHolder& holder,
                 RateGrant& grant) {
  if (rules.slots_max == 0) {
    grant.slots = k_unlimited;
    holder.slots = holder.slots_wanted;
    return;
  }
  const auto free = rules.slots_max - sum_of(bucket, &RateHolder::slots);
  grant.slots = std::clamp<std::int64_t>(fair, 0, std::max<std::int64_t>(0, holder.slots + free));
  if (grant.slots > 0) holder.served_at = now;
  // What runs cannot be taken back: it counts until the node reports that it ended.
  holder.slots = std::max(holder.slots, grant.slots);
}

void grant_units(const RateBucket& bucket, const RateRules& rules, std::int64_t fair, RateHolder& holder,
                 RateGrant& grant) {
  grant.more_units = holder.units_wanted - holder.units;
  if (bucket.remaining) {
    auto free = *bucket.remaining - sum_of(bucket, &RateHolder::units);
    if (holder.client.priority == RatePriority::scheduled) free -= reserve_of(bucket, rules);
    const auto due = std::min(holder.units_wanted, fair) - holder.units;
    grant.more_units = std::clamp<std::int64_t>(due, 0, std::max<std::int64_t>(0, free));
  }
  holder.units += grant.more_units;
}

void grant_to(RateBucket& bucket, const RateRules& rules, Epoch epoch, Instant now, RateReservation& answer) {
  const std::vector<std::int64_t> none(bucket.holders.size(), 0);
  const auto slots = rules.slots_max != 0 ? fair_slots(bucket, rules) : none;
  const auto units = bucket.remaining ? fair_units(bucket, rules) : none;
  for (std::size_t i = 0; i < bucket.holders.size(); ++i) {
    auto& holder = bucket.holders[i];
    if (holder.epoch != epoch) continue;
    RateGrant grant{.client = holder.client};
    grant_slots(bucket, rules, slots[i], now, holder, grant);
    grant_units(bucket, rules, units[i], holder, grant);
    answer.grants.push_back(grant);
  }
}

RateReservation answer_of(const RateBucket& bucket, const RateRules& rules) {
  RateReservation answer;
  answer.wait_until = std::max(bucket.wait_until, bucket.hold_until);
  if (answer.wait_until) answer.wait_reason = bucket.wait_reason;
  answer.reset_at = bucket.reset_at;
  answer.limit = bucket.limit;
  if (!bucket.remaining) return answer;
  answer.left_for_manual = bucket.remaining;
  answer.left_for_scheduled = std::max<std::int64_t>(0, *bucket.remaining - reserve_of(bucket, rules));
  return answer;
}

}  // namespace

RateReservation reserve(RateBucket& bucket, const RateReport& report, const RateRules& rules,
                        const std::set<Epoch>& alive, Instant now) {
  end_window_when_due(bucket, now);
  take_usage(bucket, report, now);
  take_wait(bucket, report, now);
  const auto before = bucket.holders;
  drop_holders(bucket, report.epoch, alive, now);
  auto answer = answer_of(bucket, rules);
  if (!alive.contains(report.epoch)) return answer;
  add_holders(bucket, report, before, now);
  if (!answer.wait_until) grant_to(bucket, rules, report.epoch, now, answer);
  return answer;
}

}  // namespace weir::http
