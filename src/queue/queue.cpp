#include "queue/queue.hpp"

#include <algorithm>
#include <array>

#include "queue/sql.hpp"

namespace weir::queue {
namespace {

using std::string_view;

// In the order of their enumerations.
constexpr std::array k_classes{string_view("manual"), string_view("scheduled"), string_view("backfill")};
constexpr std::array k_enqueue_outcomes{string_view("enqueued"),         string_view("active"),
                                        string_view("quota_spent"),      string_view("unknown_tenant"),
                                        string_view("unknown_pipeline"), string_view("paused"),
                                        string_view("deleting"),         string_view("subscription_inactive")};
constexpr std::array k_ends{
    string_view("COMPLETED"), string_view("COMPLETED_WITH_GAPS"), string_view("FAILED"),  string_view("CANCELLED"),
    string_view("PARKED"),    string_view("INTERRUPTED"),         string_view("RELEASED")};
constexpr std::array k_finish_outcomes{string_view("finished"),  string_view("failed"),   string_view("retry"),
                                       string_view("parked"),    string_view("requeued"), string_view("given_up"),
                                       string_view("cancelled"), string_view("lost")};
constexpr std::array k_cancel_outcomes{string_view("cancelled"), string_view("asked"), string_view("over"),
                                       string_view("unknown")};

template <class Enum, std::size_t N>
Enum find_name(const std::array<string_view, N>& names, string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end())
    throw Failure({ErrorCode::internal, "the database answered with an unknown word", std::string(name)});
  return static_cast<Enum>(found - names.begin());
}

template <class Enum, std::size_t N>
string_view name_in(const std::array<string_view, N>& names, Enum value) {
  return names[static_cast<std::size_t>(value)];
}

ClaimedRun read_claim(const pg::Row& row) {
  return {.id = row.get<PipelineRunId>("pipeline_run_id"),
          .tenant = row.get<TenantId>("tenant_id"),
          .pipeline = row.get<std::optional<PipelineId>>("pipeline_id"),
          .run_class = static_cast<RunClass>(row.get<int>("class")),
          .token = row.get<LeaseToken>("token"),
          .attempt = row.get<int>("attempt"),
          .interruptions = row.get<int>("interruptions"),
          .was_parked = row.get<bool>("was_parked"),
          .fire_at = row.get<std::optional<Instant>>("fire_at"),
          .due_at = row.get<Instant>("due_at"),
          .user = row.get<std::optional<std::string>>("user_id"),
          .parameters = row.get<nlohmann::json>("parameters")};
}

}  // namespace

string_view name_of(RunClass run_class) { return name_in(k_classes, run_class); }
string_view name_of(EnqueueOutcome outcome) { return name_in(k_enqueue_outcomes, outcome); }
string_view name_of(FinishOutcome outcome) { return name_in(k_finish_outcomes, outcome); }

std::optional<RunClass> run_class_of(string_view name) {
  const auto found = std::ranges::find(k_classes, name);
  if (found == k_classes.end()) return std::nullopt;
  return static_cast<RunClass>(found - k_classes.begin());
}

std::optional<int> QuotaState::remaining() const {
  if (!limit) return std::nullopt;
  return std::max(*limit - used, 0);
}

std::chrono::milliseconds retry_delay(const RetrySettings& backoff, int attempt, Random& random) {
  auto longest = backoff.first_delay;
  for (int i = 0; i < attempt && longest < backoff.delay_max; ++i) longest *= 2;
  longest = std::min(longest, backoff.delay_max);
  return std::chrono::milliseconds(random.below(static_cast<std::uint64_t>(longest.count()) + 1));
}

Task<EnqueueAnswer> Queue::enqueue(RunRequest request) {
  const auto rows = co_await database_.query(
      pg::Scope::control(), sql::enqueue_run,
      pg::Params(request.tenant, request.pipeline, static_cast<int>(request.run_class), request.priority, request.user,
                 request.parameters, name_of(request.run_class)));
  const auto row = rows.one();
  EnqueueAnswer answer{.outcome = find_name<EnqueueOutcome>(k_enqueue_outcomes, row.get<string_view>("outcome")),
                       .run = row.get<std::optional<PipelineRunId>>("run_id")};
  answer.quota.limit = row.get<std::optional<int>>("quota_limit");
  answer.quota.used = row.get<std::optional<int>>("quota_used").value_or(0);
  answer.quota.resets_at = row.get<std::optional<Instant>>("quota_resets_at").value_or(Instant{});
  co_return answer;
}

Task<std::vector<ClaimedRun>> Queue::claim(NodeId node, Epoch epoch, int max) {
  const bool is_class_blind = ++claims_ % settings_.class_blind_every == 0;
  const auto rows = co_await database_.query(pg::Scope::control(), sql::claim_pipeline_runs,
                                             pg::Params(node, epoch, max, is_class_blind));
  std::vector<ClaimedRun> runs;
  for (const auto row : rows) runs.push_back(read_claim(row));
  co_return runs;
}

Task<FinishAnswer> Queue::finish(ClaimedRun run, RunEnd end) {
  std::optional<std::int64_t> retry_in_ms;
  if (end.may_retry) retry_in_ms = retry_delay(settings_.backoff, run.attempt, random_).count();
  const auto summary = end.summary.is_null() ? std::nullopt : std::optional(end.summary);
  const auto rows = co_await database_.query(
      pg::Scope::control(), sql::finish_pipeline_run,
      pg::Params(run.id, run.token, name_in(k_ends, end.status), summary, end.error, retry_in_ms, end.wake_at,
                 settings_.retries_max, settings_.interruptions_max));
  const auto row = rows.one();
  co_return FinishAnswer{find_name<FinishOutcome>(k_finish_outcomes, row.get<string_view>("outcome")),
                         row.get<std::optional<Instant>>("due_at")};
}

Task<bool> Queue::holds(ClaimedRun run, Epoch epoch) {
  const auto rows =
      co_await database_.query(pg::Scope::control(), sql::holds_lease, pg::Params(run.id, run.token, epoch));
  co_return rows.one().get<bool>("is_ours");
}

Task<std::vector<ClaimedRun>> Queue::leases(Epoch epoch) {
  const auto rows = co_await database_.query(pg::Scope::control(), sql::list_leases, pg::Params(epoch));
  std::vector<ClaimedRun> held;
  for (const auto row : rows)
    held.push_back({.id = row.get<PipelineRunId>("pipeline_run_id"),
                    .tenant = row.get<TenantId>("tenant_id"),
                    .pipeline = {},
                    .token = row.get<LeaseToken>("token"),
                    .attempt = row.get<int>("attempt")});
  co_return held;
}

Task<CancelAnswer> Queue::cancel(PipelineRunId run, std::string reason) {
  const auto rows = co_await database_.query(pg::Scope::control(), sql::cancel_pipeline_run, pg::Params(run, reason));
  const auto row = rows.one();
  co_return CancelAnswer{find_name<CancelOutcome>(k_cancel_outcomes, row.get<string_view>("outcome")),
                         row.get<std::optional<Epoch>>("epoch")};
}

Task<int> Queue::wake_parked(TenantId tenant) {
  const auto rows = co_await database_.query(pg::Scope::control(), sql::wake_parked_runs, pg::Params(tenant));
  co_return rows.one().get<int>("woken");
}

Task<int> Queue::promote_due() {
  const auto rows = co_await database_.query(pg::Scope::control(), sql::promote_due, pg::Params(settings_.batch_rows));
  co_return rows.one().get<int>("woken");
}

Task<std::vector<ReapedRun>> Queue::reap() {
  const auto rows = co_await database_.query(pg::Scope::control(), sql::reap_queue,
                                             pg::Params(settings_.interruptions_max, settings_.batch_rows));
  std::vector<ReapedRun> reaped;
  for (const auto row : rows)
    reaped.push_back({row.get<PipelineRunId>("pipeline_run_id"), row.get<TenantId>("tenant_id"),
                      row.get<Epoch>("epoch"),
                      find_name<FinishOutcome>(k_finish_outcomes, row.get<string_view>("outcome"))});
  co_return reaped;
}

Task<std::vector<LaneDifference>> Queue::recount() {
  const auto rows = co_await database_.query(pg::Scope::control(), sql::recount_lanes);
  std::vector<LaneDifference> differences;
  for (const auto row : rows)
    differences.push_back({row.get<TenantId>("tenant_id"), row.get<std::string>("what"),
                           row.get<std::optional<int>>("said"), row.get<int>("is_so")});
  differences_found_ += differences.size();
  co_return differences;
}

Task<int> Queue::archive_quotas() {
  const auto rows =
      co_await database_.query(pg::Scope::control(), sql::archive_quotas, pg::Params(settings_.batch_rows));
  co_return rows.one().get<int>("lanes");
}

Task<std::vector<QueueDepth>> Queue::depth() {
  const auto rows = co_await database_.query(pg::Scope::control(), sql::count_entries);
  std::vector<QueueDepth> depths;
  for (const auto row : rows)
    depths.push_back({static_cast<RunClass>(row.get<int>("class")), row.get<std::string>("state"),
                      row.get<std::int64_t>("entries"), row.get<std::optional<Instant>>("oldest_due")});
  co_return depths;
}

}  // namespace weir::queue
