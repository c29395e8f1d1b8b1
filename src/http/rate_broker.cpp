#include "http/rate_broker.hpp"

#include <algorithm>

#include <boost/asio/redirect_error.hpp>
namespace weir::http {
namespace {

using std::chrono::milliseconds;

constexpr const char* k_everything = "*";
// A provider's second may end a little after ours.
constexpr Duration k_wait_slack = std::chrono::seconds(1);

constexpr auto k_stop_pause = milliseconds(3);

Moment steady_now() { return std::chrono::steady_clock::now(); }

}  // namespace

struct RateBroker::Waiter {
  Waiter(RateBroker& broker_of, const RateCall& call_of, Buckets buckets_of)
      : broker(broker_of), call(call_of), buckets(std::move(buckets_of)), timer(broker_of.executor_) {
    broker.waiters_.push_back(this);
    broker.count_waiters(*this);
  }
  ~Waiter() {
    broker.waiters_.remove(this);
    broker.count_waiters(*this);
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  RateBroker& broker;
  const RateCall& call;
  Buckets buckets;
  asio::steady_timer timer;
};

RatePermit::RatePermit(RatePermit&& other) noexcept
    : broker_(std::exchange(other.broker_, nullptr)), call_(std::move(other.call_)), waited_(other.waited_) {}

RatePermit::~RatePermit() {
  if (broker_ != nullptr) broker_->finish(call_, call_.units, std::nullopt, false);
}

void RatePermit::finish(const RateObservation& seen, Instant answered_at, std::optional<std::int64_t> units) {
  if (broker_ == nullptr) return;
  RateSeen with_time{seen, std::nullopt, steady_now()};
  if (seen.reset_at) with_time.reset_in = *seen.reset_at - answered_at;
  std::exchange(broker_, nullptr)->finish(call_, units.value_or(call_.units), std::move(with_time), true);
}

void RatePermit::finish_limited(const Verdict& verdict, const RateObservation& seen, Instant answered_at) {
  if (broker_ == nullptr) return;
  RateWait wait{verdict.wait, verdict.reason};
  if (wait.length) *wait.length += k_wait_slack;
  broker_->tell(call_, verdict.scope, std::move(wait));
  RateSeen with_time{seen, std::nullopt, steady_now()};
  if (seen.reset_at) with_time.reset_in = *seen.reset_at - answered_at;
  std::exchange(broker_, nullptr)->finish(call_, call_.units, std::move(with_time), false);
}

RateBroker::RateBroker(const Executor& executor, RateStore& store, RateSettings settings, std::function<Epoch()> epoch,
                       Clock& clock, Random& random)
    : executor_(executor),
      store_(store),
      settings_(settings),
      epoch_(std::move(epoch)),
      clock_(clock),
      random_(random),
      next_report_(executor),
      tasks_(executor) {}

RateBroker::~RateBroker() = default;

RateBroker::Entry& RateBroker::entry(const std::string& identity, const std::string& bucket) {
  const RateKey key{identity, bucket};
  auto& entry = entries_[key];
  entry.key = key;
  entry.rules.reserve_share = settings_.reserve_share;
  return entry;
}

RateBroker::Buckets RateBroker::buckets_of(const RateCall& call) {
  auto& everything = entry(call.identity, k_everything);
  everything.rules.slots_max = call.slots_max;
  Buckets buckets{&everything, &entry(call.identity, call.bucket)};
  if (!call.endpoint.empty()) buckets.push_back(&entry(call.identity, call.endpoint));
  return buckets;
}

// Units are those of the call's own bucket; elsewhere a request is one.
RateCharge RateBroker::charge_of(const RateCall& call, const Entry& entry) const {
  return {call.client, entry.key.bucket == call.bucket ? call.units : 1};
}

// The worst of what the buckets say.
RateAnswer RateBroker::look(const RateCall& call, const Buckets& buckets, Moment now) const {
  RateAnswer worst{RateDecision::go, {}, {}};
  for (const auto* bucket : buckets) {
    const auto answer = bucket->ledger.look(charge_of(call, *bucket), now);
    const bool is_longer =
        answer.decision == RateDecision::wait && worst.decision == RateDecision::wait && answer.until > worst.until;
    // go, ask, busy, wait: a bucket to be asked is asked even where another one is busy.
    if (is_longer || answer.decision > worst.decision) worst = answer;
  }
  return worst;
}

void RateBroker::start(const RateCall& call, const Buckets& buckets) {
  for (auto* bucket : buckets) {
    bucket->ledger.start(charge_of(call, *bucket));
    report_by(*bucket, steady_now() + settings_.refresh);
  }
}

void RateBroker::finish(const RateCall& call, std::int64_t units, std::optional<RateSeen> seen, bool is_success) {
  for (auto* bucket : buckets_of(call)) {
    const bool is_own = bucket->key.bucket == call.bucket;
    bucket->ledger.finish(charge_of(call, *bucket), is_own ? units : 1, is_own ? seen : std::nullopt, is_success);
    if (bucket->ledger.learnt_of_a_limit()) report_by(*bucket, steady_now());
  }
  wake_waiters(&call.identity);
}

void RateBroker::tell(const RateCall& call, LimitScope scope, RateWait wait) {
  const auto& narrow = call.endpoint.empty() ? call.bucket : call.endpoint;
  auto& told = entry(call.identity, scope == LimitScope::identity ? k_everything : narrow);
  told.ledger.tell(std::move(wait), steady_now());
  tasks_.spawn("rate hold", hold(told.key));
  told.earliest_report = {};
  report_by(told, steady_now());
}

void RateBroker::count_waiters(const Waiter& of) {
  for (auto* bucket : of.buckets) {
    std::int64_t requests = 0;
    std::int64_t largest = 0;
    for (const auto* waiter : waiters_) {
      if (waiter->call.client != of.call.client) continue;
      if (std::ranges::find(waiter->buckets, bucket) == waiter->buckets.end()) continue;
      ++requests;
      largest = std::max(largest, charge_of(waiter->call, *bucket).units);
    }
    bucket->ledger.set_waiting(of.call.client, requests, largest);
  }
}

void RateBroker::report_by(Entry& entry, Moment when) {
  when = std::max(when, entry.earliest_report);
  if (entry.next_report && *entry.next_report <= when) return;
  entry.next_report = when;
  if (!is_looping_) {
    is_looping_ = true;
    tasks_.spawn("rate reports", report_loop());
  } else if (next_report_.expiry() > when) {
    next_report_.cancel();
  }
}

void RateBroker::wake_waiters(const std::string* identity) {
  for (auto* waiter : waiters_)
    if (identity == nullptr || waiter->call.identity == *identity) waiter->timer.cancel();
}

Park RateBroker::park(Moment until, Moment now, std::string_view reason) {
  const auto jitter = milliseconds(random_.below(static_cast<std::uint64_t>(settings_.wake_jitter.count()) + 1));
  const auto wait = std::min<Duration>(std::chrono::ceil<milliseconds>(until - now), k_longest_wait) + jitter;
  return {clock_.now() + wait, std::string(reason)};
}

void RateBroker::ask_for(const RateCall& call, const Buckets& buckets, Moment now) {
  for (auto* bucket : buckets) {
    const auto decision = bucket->ledger.look(charge_of(call, *bucket), now).decision;
    if (decision == RateDecision::ask) report_by(*bucket, now);
    if (decision == RateDecision::busy) report_by(*bucket, now + settings_.busy_poll);
  }
}

Task<Result<Admission>> RateBroker::admit(RateCall call, Deadline deadline) {
  const auto began = steady_now();
  Waiter waiter(*this, call, buckets_of(call));
  for (;;) {
    const auto now = steady_now();
    const auto answer = look(call, waiter.buckets, now);
    if (answer.decision == RateDecision::go) {
      start(call, waiter.buckets);
      const auto waited = std::chrono::duration_cast<milliseconds>(now - began);
      co_return RatePermit(*this, std::move(call), waited);
    }
    if (failure_) throw Failure(*failure_);
    if (deadline.is_over()) co_return fail(ErrorCode::timed_out, "the provider's request budget gave no turn in time");
    auto look_again = deadline.at();
    if (answer.decision == RateDecision::wait) {
      if (answer.until - now > settings_.short_wait_max) co_return park(answer.until, now, answer.reason);
      look_again = std::min(look_again, answer.until);
    } else {
      if (now - began > settings_.queue_max)
        co_return park(now + settings_.queue_max, now, "others use the same provider account; their turn comes first");
      ask_for(call, waiter.buckets, now);
    }
    waiter.timer.expires_at(look_again);
    boost::system::error_code woken;
    co_await waiter.timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
      throw boost::system::system_error(asio::error::operation_aborted);
  }
}

Task<> RateBroker::stop(Deadline deadline) {
  co_await tasks_.stop(deadline);
  // A report may lose its race against another node's; one that gives back what was held is followed by an empty one.
  while (!deadline.is_over() && failures_ == 0) {
    std::vector<Entry*> held;
    for (auto& [_, entry] : entries_)
      if (!entry.ledger.is_idle()) held.push_back(&entry);
    if (held.empty()) co_return;
    co_await report(std::move(held));
    co_await sleep_for(k_stop_pause);
  }
}

// Stops all nodes at once; the report that says for how long follows and may meet others.
Task<> RateBroker::hold(RateKey key) { co_await store_.hold(std::move(key), Deadline::in(settings_.database_timeout)); }

Task<> RateBroker::report_loop() {
  for (;;) {
    co_await wait_for_reports();
    const auto now = steady_now();
    std::vector<Entry*> due;
    for (auto& [_, entry] : entries_)
      if (entry.next_report && *entry.next_report <= now) due.push_back(&entry);
    if (due.empty()) continue;
    co_await report(std::move(due));
    forget_idle();
    wake_waiters();
  }
}

Task<> RateBroker::wait_for_reports() {
  for (;;) {
    auto next = Moment::max();
    for (const auto& [_, entry] : entries_)
      if (entry.next_report) next = std::min(next, *entry.next_report);
    if (next <= steady_now()) co_return;
    next_report_.expires_at(next);
    boost::system::error_code woken;
    co_await next_report_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
      throw boost::system::system_error(asio::error::operation_aborted);
  }
}

void RateBroker::forget_idle() {
  std::erase_if(entries_, [&](const auto& item) {
    const auto* entry = &item.second;
    if (entry->next_report || !entry->ledger.is_idle()) return false;
    return std::ranges::none_of(waiters_, [&](const Waiter* waiter) {
      return std::ranges::find(waiter->buckets, entry) != waiter->buckets.end();
    });
  });
}

}  // namespace weir::http
