// The broker's way to the store: reports of many buckets in one read and one compare-and-set.
#include <algorithm>

#include "base/log.hpp"
#include "http/rate_broker.hpp"

namespace weir::http {
namespace {

using std::chrono::milliseconds;

constexpr auto k_report_pause = milliseconds(20);
constexpr auto k_failure_pause = milliseconds(100);
constexpr auto k_failure_pause_max = milliseconds(2000);
constexpr int k_failures_max = 5;  // in a row; then those who wait are told

}  // namespace

struct RateBroker::Prepared {
  Entry* entry;
  RateReport report;
  RateReservation answer{};
  bool is_written = false;
};

Task<> RateBroker::report(std::vector<Entry*> due) {
  const auto sent = std::chrono::steady_clock::now();
  auto durability = Durability::relaxed;
  const auto epoch = epoch_();
  std::vector<Prepared> prepared;
  prepared.reserve(due.size());
  for (auto* entry : due) {
    if (entry->ledger.is_urgent()) durability = Durability::full;
    entry->next_report.reset();
    prepared.push_back({entry, entry->ledger.report(epoch, sent)});
  }
  std::optional<Error> failure;
  Instant database_now;
  try {
    database_now = co_await reserve_all(prepared, durability);
  } catch (...) {
    failure = current_error();
  }
  const auto received = std::chrono::steady_clock::now();
  for (auto& one : prepared) {
    if (one.is_written && !failure)
      one.entry->ledger.apply(one.report, one.answer, database_now, sent, received, settings_.reservation);
    else
      one.entry->ledger.abandon(one.report, sent);
  }
  note_failure(failure);
  for (auto& one : prepared) plan_next(one, received);
}

// A vector that outlives the call, since report() awaits it.
Task<Instant> RateBroker::reserve_all(std::vector<Prepared>& prepared, Durability durability) {
  const auto deadline = Deadline::in(settings_.database_timeout);
  std::vector<RateKey> keys;
  keys.reserve(prepared.size());
  for (const auto& one : prepared) keys.push_back(one.entry->key);
  auto snapshot = co_await store_.read(std::move(keys), deadline);
  for (auto& stored : snapshot.buckets) {
    const auto of = std::ranges::find_if(prepared, [&](const Prepared& one) { return one.entry->key == stored.key; });
    if (of != prepared.end())
      of->answer = reserve(stored.bucket, of->report, of->entry->rules, snapshot.alive, snapshot.now);
  }
  const auto written = co_await store_.write(std::move(snapshot.buckets), durability, deadline);
  for (auto& one : prepared) one.is_written = written.contains(one.entry->key);
  co_return snapshot.now;
}

void RateBroker::note_failure(const std::optional<Error>& failure) {
  if (!failure) {
    failures_ = 0;
    failure_.reset();
    return;
  }
  if (failure->code == ErrorCode::cancelled) return;
  if (++failures_ == 1) log_warning("rate budgets cannot be reserved: {} {}", failure->message, failure->detail);
  if (failures_ >= k_failures_max) failure_ = failure;
}

void RateBroker::plan_next(const Prepared& done, Moment now) {
  auto& entry = *done.entry;
  if (failures_ > 0) {
    const auto pause = std::min<milliseconds>(k_failure_pause * failures_, k_failure_pause_max);
    entry.earliest_report = now + pause;
    return report_by(entry, now + pause);
  }
  // Another node was faster: again, a little off its beat.
  if (!done.is_written) return report_by(entry, now + std::chrono::microseconds(random_.below(3000)));
  entry.earliest_report = entry.ledger.is_urgent() ? now : now + k_report_pause;
  if (entry.ledger.is_urgent())
    report_by(entry, now);
  else if (!entry.ledger.is_idle())
    report_by(entry, now + settings_.refresh);
}

}  // namespace weir::http
