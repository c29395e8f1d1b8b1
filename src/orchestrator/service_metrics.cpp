#include "orchestrator/service_metrics.hpp"

#include <algorithm>
#include <array>

#include "base/event_log.hpp"
#include "base/wakeup.hpp"
#include "orchestrator/sql.hpp"

namespace weir::orchestrator {
namespace {

constexpr int k_stalest_max = 20;
constexpr int k_buckets_max = 50;
constexpr const char* k_age_bounds = "{60,300,900,3600,14400,86400,604800}";
constexpr std::array<double, 7> k_age_bounds_s{60, 300, 900, 3600, 14400, 86400, 604800};

namespace metric {
constexpr Metric k_pipeline_runs{"weir_pipeline_runs_total",
                                 "Pipeline runs of the queue that this node worked, by how they came back."};
constexpr Metric k_script_runs{"weir_script_runs_total", "Script runs by outcome."};
constexpr Metric k_script_run_seconds{"weir_script_run_seconds", "How long script runs took."};
constexpr Metric k_rows{"weir_rows_total", "Rows by what became of them."};
constexpr Metric k_requests{"weir_provider_requests_total", "Requests to providers."};
constexpr Metric k_not_modified{"weir_provider_not_modified_total", "Answers that said that nothing has changed."};
constexpr Metric k_bytes{"weir_provider_bytes_total", "Bytes received from providers."};
constexpr Metric k_waits{"weir_provider_wait_seconds_total", "Time that runs waited for the budget of their provider."};
constexpr Metric k_claim_seconds{"weir_claim_seconds", "How long one claim took."};
constexpr Metric k_lane_wait{"weir_lane_wait_seconds", "From due to claimed."};
constexpr Metric k_lane_differences{"weir_lane_differences_total",
                                    "Counters of lanes that were not what the queue holds; mended."};
constexpr Metric k_pool{"weir_pool_connections", "Database connections of this process."};
constexpr Metric k_queue_entries{"weir_queue_entries", "Pipeline runs in the queue."};
constexpr Metric k_queue_oldest{"weir_queue_oldest_seconds", "For how long the oldest entry has been due."};
constexpr Metric k_freshness{"weir_source_age_seconds",
                             "Time since the last complete import of each data source that collects."};
constexpr Metric k_stalest{"weir_stalest_source_age_seconds", "The data sources whose data is oldest."};
constexpr Metric k_nodes{"weir_nodes_alive", "Nodes with a lease."};
constexpr Metric k_leases{"weir_scripts", "Scripts that a node holds, and that are parked."};
constexpr Metric k_transaction_age{"weir_oldest_transaction_seconds", "Age of the oldest open transaction of Weir."};
constexpr Metric k_secret_age{"weir_oldest_secret_seconds", "Age of the secret that was not changed for longest."};
constexpr Metric k_budgets{"weir_budgets", "Provider identities with a known budget."};
constexpr Metric k_budgets_waiting{"weir_budgets_waiting", "Provider identities that were told to wait."};
constexpr Metric k_budget_left{"weir_budget_least_left_ratio", "The least that an identity has left of its window."};
}  // namespace metric

void count_script(Metrics& metrics, const ScriptReport& script) {
  const auto provider = script.id.script.substr(0, script.id.script.find('/'));
  const MetricLabels who{{"provider", provider}, {"script", script.id.script}};
  auto outcome = who;
  outcome["outcome"] = script.status;
  metrics.count(metric::k_script_runs, outcome);
  if (!script.run) return;
  metrics.observe(metric::k_script_run_seconds, who, std::chrono::duration<double>(script.duration).count());
  const auto& counts = script.counts;
  for (const auto& [kind, count] : {std::pair{"imported", counts.imported}, std::pair{"unchanged", counts.unchanged},
                                    std::pair{"deleted", counts.deleted}, std::pair{"failed", counts.failed}}) {
    auto labels = who;
    labels["kind"] = kind;
    metrics.count(metric::k_rows, labels, static_cast<double>(count));
  }
  metrics.count(metric::k_requests, who, static_cast<double>(counts.requests));
  metrics.count(metric::k_not_modified, who, static_cast<double>(counts.not_modified));
  metrics.count(metric::k_bytes, who, static_cast<double>(counts.bytes));
  metrics.count(metric::k_waits, who, static_cast<double>(counts.waited_ms) / 1000);
}

void log_script(const std::string& tenant, PipelineRunId pipeline_run, const ScriptReport& script) {
  LogFields fields{{"tenant", tenant},
                   {"source", script.id.data_source},
                   {"script", script.id.script},
                   {"pipeline_run", to_string(pipeline_run)},
                   {"status", script.status},
                   {"imported", script.counts.imported},
                   {"requests", script.counts.requests},
                   {"duration_ms", script.duration.count()}};
  if (script.run) fields.emplace_back("run", to_string(*script.run));
  if (!script.reason.empty()) fields.emplace_back("reason", script.reason);
  log_event(script.status == "FAILED" ? LogLevel::warning : LogLevel::info, "script ended", fields);
}

Task<> add_queue(MetricSnapshot& snapshot, queue::Queue& queue) {
  const auto now = system_clock().now();
  for (const auto& depth : co_await queue.depth()) {
    const MetricLabels labels{{"class", std::string(name_of(depth.run_class))}, {"state", depth.state}};
    snapshot.add(metric::k_queue_entries, labels, static_cast<double>(depth.entries));
    const auto age = depth.oldest_due ? std::chrono::duration<double>(now - *depth.oldest_due).count() : 0;
    snapshot.add(metric::k_queue_oldest, labels, std::max(0.0, age));
  }
  snapshot.add_counter(metric::k_lane_differences, {}, static_cast<double>(queue.differences_found()));
}

Task<> add_freshness(MetricSnapshot& snapshot, pg::Database& database) {
  const auto rows = co_await database.query(pg::Scope::control(), sql::read_freshness, pg::Params(k_age_bounds));
  const auto row = rows.one();
  const auto counts = row.get<nlohmann::json>("counts");
  std::vector<MetricSnapshot::Bucket> buckets;
  for (std::size_t i = 0; i < k_age_bounds_s.size(); ++i)
    buckets.push_back({k_age_bounds_s.at(i), counts.at(i).get<std::uint64_t>()});
  snapshot.add_histogram(metric::k_freshness, {}, buckets, static_cast<std::uint64_t>(row.get<std::int64_t>("sources")),
                         row.get<double>("seconds"));
  const auto stalest =
      co_await database.query(pg::Scope::control(), sql::list_stalest_sources, pg::Params(k_stalest_max));
  for (const auto source : stalest)
    snapshot.add(metric::k_stalest,
                 {{"tenant_id", to_string(source.get<TenantId>("tenant_id"))},
                  {"data_source", source.get<std::string>("name")},
                  {"provider", source.get<std::string>("provider")}},
                 source.get<double>("age"));
}

Task<> add_state(MetricSnapshot& snapshot, pg::Database& database) {
  const auto rows = co_await database.query(pg::Scope::control(), sql::read_service_state);
  const auto row = rows.one();
  snapshot.add(metric::k_nodes, {}, static_cast<double>(row.get<std::int64_t>("nodes")));
  snapshot.add(metric::k_leases, {{"state", "running"}}, static_cast<double>(row.get<std::int64_t>("running")));
  snapshot.add(metric::k_leases, {{"state", "parked"}}, static_cast<double>(row.get<std::int64_t>("parked")));
  snapshot.add(metric::k_secret_age, {}, row.get<double>("secret_age"));
}

Task<> add_oldest_transaction(MetricSnapshot& snapshot, pg::Database& database) {
  const auto lease = co_await database.pool().acquire(Deadline::never());
  const auto rows = co_await lease->query(sql::read_oldest_transaction, {}, Deadline::never());
  snapshot.add(metric::k_transaction_age, {}, rows.one().get<double>("transaction_age"));
}

Task<> add_budgets(MetricSnapshot& snapshot, pg::Database& database) {
  const auto rows = co_await database.query(pg::Scope::control(), sql::list_budget_use, pg::Params(k_buckets_max));
  for (const auto row : rows) {
    const MetricLabels labels{{"bucket", row.get<std::string>("bucket")}};
    snapshot.add(metric::k_budgets, labels, static_cast<double>(row.get<std::int64_t>("budgets")));
    snapshot.add(metric::k_budgets_waiting, labels, static_cast<double>(row.get<std::int64_t>("waiting")));
    if (const auto left = row.get<std::optional<double>>("least_left"))
      snapshot.add(metric::k_budget_left, labels, *left);
  }
}

}  // namespace

void ServiceMeter::claimed(const std::vector<queue::ClaimedRun>& runs, std::chrono::nanoseconds took) {
  metrics_.observe(metric::k_claim_seconds, {}, std::chrono::duration<double>(took).count());
  const auto now = system_clock().now();
  for (const auto& run : runs) {
    const auto waited = std::chrono::duration<double>(now - run.due_at).count();
    metrics_.observe(metric::k_lane_wait, {{"class", std::string(name_of(run.run_class))}}, std::max(0.0, waited));
  }
}

void ServiceMeter::ended(const EndedRun& ended) {
  metrics_.count(metric::k_pipeline_runs, {{"class", std::string(name_of(ended.run.run_class))},
                                           {"outcome", std::string(name_of(ended.answer.outcome))}});
  for (const auto& script : ended.scripts) {
    if (ended.catalog.find(script.id.script) != nullptr) count_script(metrics_, script);
    log_script(ended.tenant_key, ended.run.id, script);
  }
}

void add_pool(MetricSnapshot& snapshot, const pg::Pool& pool) {
  snapshot.add(metric::k_pool, {{"state", "open"}}, static_cast<double>(pool.open_count()));
  snapshot.add(metric::k_pool, {{"state", "idle"}}, static_cast<double>(pool.idle_count()));
}

struct ServiceGauges::Reading {
  explicit Reading(Executor executor) : ended(executor) {}
  bool is_cancelled() const { return error && error->code == ErrorCode::cancelled; }

  MetricSnapshot snapshot;
  std::optional<Error> error;
  bool is_over = false;
  Deadline kept_until = Deadline::never();
  Wakeup ended;
};

Task<std::shared_ptr<const MetricSnapshot>> ServiceGauges::read() {
  std::shared_ptr<Reading> reading;
  for (bool is_mine = false; !is_mine;) {
    reading = last_;
    is_mine = !reading || reading->kept_until.is_over();
    if (is_mine) {
      const auto executor = co_await asio::this_coro::executor;
      reading = last_ = std::make_shared<Reading>(executor);
      co_await make(reading);
    }
    while (!reading->is_over) co_await reading->ended.wait(Deadline::never());
    if (!reading->is_cancelled()) break;  // or whoever made it went: another does
  }
  if (reading->error) throw Failure(*reading->error);
  co_return std::shared_ptr<const MetricSnapshot>(reading, &reading->snapshot);
}

// A failure is for those who wait for it; whoever comes later tries again.
Task<> ServiceGauges::make(std::shared_ptr<Reading> reading) {
  try {
    co_await add_state(reading->snapshot, database_);
    co_await add_oldest_transaction(reading->snapshot, database_);
    co_await add_queue(reading->snapshot, queue_);
    co_await add_freshness(reading->snapshot, database_);
    co_await add_budgets(reading->snapshot, database_);
  } catch (...) {
    reading->error = current_error();
  }
  reading->is_over = true;
  reading->kept_until = Deadline::in(reading->error ? std::chrono::milliseconds(0) : keep_);
  reading->ended.notify();
}

}  // namespace weir::orchestrator
