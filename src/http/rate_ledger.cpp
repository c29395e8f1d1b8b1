#include "http/rate_ledger.hpp"

#include <algorithm>

namespace weir::http {
namespace {

// A client that works asks for what it may need until the next report, not for all it waits for: what it holds others
// cannot use.
constexpr std::int64_t k_units_ahead_min = 10;
constexpr Duration k_same_window = std::chrono::seconds(5);

// Of two answers of one window the smaller figure is the later truth; of two windows the later one.
bool is_better(const RateSeen& candidate, const RateSeen& known) {
  if (!known.reset_in || !candidate.reset_in) return candidate.at >= known.at;
  const auto age = std::chrono::duration_cast<Duration>(candidate.at - known.at);
  const auto later_by = *candidate.reset_in - (*known.reset_in - age);
  if (std::chrono::abs(later_by) > k_same_window) return later_by > Duration::zero();
  return candidate.observation.remaining <= known.observation.remaining;
}

Moment local(Instant instant, Instant database_now, Moment received) { return received + (instant - database_now); }

}  // namespace

RateAnswer RateLedger::look(const RateCharge& charge, Moment now) const {
  if (wait_until_ && now < *wait_until_) return {RateDecision::wait, *wait_until_, wait_reason_};
  const auto found = clients_.find(charge.client);
  if (found == clients_.end() || !found->second.is_known || now >= valid_until_) return {RateDecision::ask, {}, {}};
  const auto& state = found->second;
  const auto of_units = look_at_units(state, charge, now);
  if (of_units.decision != RateDecision::go || state.running < state.slots) return of_units;
  return {state.is_short_of_slots ? RateDecision::busy : RateDecision::ask, {}, {}};
}

RateAnswer RateLedger::look_at_units(const ClientState& state, const RateCharge& charge, Moment now) const {
  const auto left = charge.client.priority == RatePriority::manual ? left_for_manual_ : left_for_scheduled_;
  if (!left) return {RateDecision::go, {}, {}};  // no limit is known
  const auto units = needed_for(charge.units);
  if (state.units >= units) return {RateDecision::go, {}, {}};
  if (*left < units && reset_at_ && now < *reset_at_)
    return {RateDecision::wait, *reset_at_, "the provider's request budget is spent"};
  return {state.is_short_of_units ? RateDecision::busy : RateDecision::ask, {}, {}};
}

// A request that costs more than a whole window could ever hold goes when half of one is there.
std::int64_t RateLedger::needed_for(std::int64_t units) const {
  return limit_ ? std::min(units, std::max<std::int64_t>(1, *limit_ / 2)) : units;
}

void RateLedger::start(const RateCharge& charge) {
  auto& state = clients_[charge.client];
  ++state.running;
  state.running_units += charge.units;
  state.units = std::max<std::int64_t>(0, state.units - charge.units);
}

void RateLedger::finish(const RateCharge& charge, std::int64_t units, std::optional<RateSeen> seen, bool is_success) {
  auto& state = clients_[charge.client];
  --state.running;
  state.running_units -= charge.units;
  state.used += units;
  has_succeeded_ = has_succeeded_ || is_success;
  const bool is_observed = seen && (seen->observation.has_units() || seen->observation.limit == 0);
  if (!is_observed)
    unobserved_ += units;
  else if (!seen_ || is_better(*seen, *seen_))
    seen_ = std::move(seen);
}

void RateLedger::tell(RateWait wait, Moment now) {
  if (wait.length) wait.length = std::min(*wait.length, k_longest_wait);
  const auto until = now + wait.length.value_or(k_unsaid_wait);
  if (!wait_until_ || *wait_until_ < until) {
    wait_until_ = until;
    wait_reason_ = wait.reason;
  }
  if (!told_ || !told_->length || (wait.length && *wait.length > *told_->length)) told_ = std::move(wait);
}

void RateLedger::set_waiting(const RateClient& client, std::int64_t requests, std::int64_t largest) {
  if (requests == 0 && !clients_.contains(client)) return;
  auto& state = clients_[client];
  state.waiting = requests;
  state.largest_waiting = largest;
}

RateReport::Client RateLedger::report_of(const RateClient& client, ClientState& state, bool is_valid) const {
  const bool is_at_work = state.running > 0 || state.waiting > 0;
  const auto recent = 2 * std::max(state.used, state.used_before);
  const auto ahead = is_at_work ? std::max(state.largest_waiting, recent + k_units_ahead_min) : 0;
  state.units = is_valid ? std::min(state.units, ahead) : 0;
  // Who has no units has no use for slots.
  const bool is_out_of_units =
      state.is_short_of_units && state.units < std::max<std::int64_t>(1, needed_for(state.largest_waiting));
  const auto useful = state.running + (is_out_of_units ? 0 : state.waiting);
  state.slots = std::max(state.running, is_valid ? std::min(state.slots, useful) : 0);
  RateReport::Client report;
  report.client = client;
  report.slots_held = state.slots;
  report.units_held = state.running_units + state.units;
  report.slots_wanted = useful;
  report.units_wanted = state.running_units + ahead;
  report.units_used = state.used;
  state.used_before = state.used;
  state.used = 0;
  return report;
}

RateReport RateLedger::report(Epoch epoch, Moment now) {
  RateReport report;
  report.epoch = epoch;
  std::erase_if(clients_, [](const auto& entry) { return entry.second.is_idle(); });
  for (auto& [client, state] : clients_) report.clients.push_back(report_of(client, state, now < valid_until_));
  report.units_unobserved = std::exchange(unobserved_, 0);
  if (seen_) {
    report.seen = seen_->observation;
    if (seen_->reset_in) report.reset_in = *seen_->reset_in - std::chrono::duration_cast<Duration>(now - seen_->at);
    seen_.reset();
  }
  report.told = std::exchange(told_, std::nullopt);
  report.has_succeeded = std::exchange(has_succeeded_, false);
  return report;
}

void RateLedger::abandon(const RateReport& report, Moment sent) {
  for (const auto& client : report.clients)
    if (client.units_used > 0) clients_[client.client].used += client.units_used;
  unobserved_ += report.units_unobserved;
  if (report.seen) {
    RateSeen seen{*report.seen, report.reset_in, sent};
    if (!seen_ || !is_better(*seen_, seen)) seen_ = std::move(seen);
  }
  if (report.told && !told_) told_ = report.told;
  has_succeeded_ = has_succeeded_ || report.has_succeeded;
}

void RateLedger::apply(const RateReport& report, const RateReservation& answer, Instant database_now, Moment sent,
                       Moment received, std::chrono::nanoseconds reservation) {
  valid_until_ = sent + std::chrono::duration_cast<Moment::duration>(reservation);
  for (auto& [_, state] : clients_) {
    state.slots = 0;
    state.is_known = false;
  }
  for (const auto& grant : answer.grants) {
    const auto asked = std::ranges::find(report.clients, grant.client, &RateReport::Client::client);
    if (asked == report.clients.end()) continue;
    auto& state = clients_[grant.client];
    state.slots = grant.slots;
    state.units += grant.more_units;  // what was held and not yet started stays
    state.is_known = true;
    state.is_short_of_slots = grant.slots < asked->slots_wanted;
    state.is_short_of_units = asked->units_held + grant.more_units < asked->units_wanted;
  }
  left_for_scheduled_ = answer.left_for_scheduled;
  left_for_manual_ = answer.left_for_manual;
  limit_ = answer.limit;
  is_held_at_store_ = !report.clients.empty();
  take_waits(answer, database_now, received);
}

// A wait told here while the report was under way is not in the answer yet.
void RateLedger::take_waits(const RateReservation& answer, Instant database_now, Moment received) {
  reset_at_.reset();
  if (answer.reset_at) reset_at_ = local(*answer.reset_at, database_now, received);
  const auto own = told_ ? wait_until_ : std::nullopt;
  wait_until_.reset();
  if (answer.wait_until) {
    wait_until_ = local(*answer.wait_until, database_now, received);
    wait_reason_ = answer.wait_reason;
  }
  if (own && (!wait_until_ || *wait_until_ < *own)) {
    wait_until_ = own;
    wait_reason_ = told_->reason;
  }
}

bool RateLedger::is_idle() const {
  return !is_held_at_store_ && unobserved_ == 0 && !seen_ && !told_ &&
         std::ranges::all_of(clients_, [](const auto& entry) { return entry.second.is_idle(); });
}

}  // namespace weir::http
