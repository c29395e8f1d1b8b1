#include "scheduler/history_retention.hpp"

#include <fmt/format.h>

#include "base/log.hpp"
#include "scheduler/sql.hpp"

namespace weir::scheduler {
namespace {

using nlohmann::json;

constexpr int k_partitions_max = 1000;
constexpr auto k_patience = 5min;  // for those who still read a partition

struct OldPartition {
  std::string partition, parent, state;
};

// As the owner for the whole session: DETACH … CONCURRENTLY takes no transaction. The connection is not used again.
Task<std::unique_ptr<pg::Connection>> open_as_owner(pg::Database& database, BlockingPool& blocking,
                                                    pg::ConnectSettings direct) {
  direct.statement_timeout = k_patience;
  direct.lock_timeout = k_patience;
  auto connection = co_await pg::Connection::open(blocking, std::move(direct));
  const auto take_role = fmt::format("SET ROLE {}", pg::quote_identifier(database.roles().owner()));
  co_await connection->query({"scheduler.take_owner_role", take_role}, {}, Deadline::in(k_patience));
  co_return connection;
}

Task<> drop(pg::Connection& connection, OldPartition old) {
  const auto name = "weir." + old.partition;
  const auto detach = fmt::format("ALTER TABLE weir.{} DETACH PARTITION {} {}", old.parent, name,
                                  old.state == "pending" ? "FINALIZE" : "CONCURRENTLY");
  const auto drop_it = fmt::format("DROP TABLE {}", name);
  if (old.state != "loose")
    co_await connection.query({"scheduler.detach_partition", detach}, {}, Deadline::in(k_patience));
  co_await connection.query({"scheduler.drop_partition", drop_it}, {}, Deadline::in(k_patience));
}

Task<std::vector<OldPartition>> list_old(pg::Database& database, HistoryRetention settings) {
  const auto runs = std::to_string(settings.run_days);
  pg::Params params;
  params.add_array({"run", "import_log", "scheduled_pipeline_runs", "audit_log"});
  params.add_array({runs, runs, runs, std::to_string(settings.audit_days)});
  params.add(k_partitions_max);
  const auto rows = co_await database.query(pg::Scope::control(), sql::list_old_partitions, std::move(params));
  std::vector<OldPartition> old;
  for (const auto row : rows)
    old.push_back({row.get<std::string>("partition"), row.get<std::string>("parent"), row.get<std::string>("state")});
  co_return old;
}

Task<std::int64_t> delete_all(pg::Database& database, pg::Statement statement, int age, int batch_rows) {
  std::int64_t total = 0;
  for (;;) {
    const auto rows = co_await database.query(pg::Scope::control(), statement, pg::Params(age, batch_rows));
    const auto gone = rows.one().get<std::int64_t>("gone");
    total += gone;
    if (gone < batch_rows) co_return total;
  }
}

Task<json> keep_history(pg::Database& database, BlockingPool& blocking, pg::ConnectSettings direct,
                        HistoryRetention settings) {
  const auto made = co_await database.query(pg::Scope::owner(), sql::ensure_partitions);
  json done{{"partitions_made", made.one().get<int>("made")}};
  const auto old = co_await list_old(database, settings);
  if (!old.empty()) {
    const auto connection = co_await open_as_owner(database, blocking, direct);
    for (const auto& one : old) co_await drop(*connection, one);
  }
  done["partitions_dropped"] = old.size();
  const auto rows = settings.batch_rows;
  done["ledger"] = co_await delete_all(database, sql::delete_old_ledger, settings.run_days, rows);
  done["gaps"] = co_await delete_all(database, sql::delete_closed_gaps, settings.run_days, rows);
  done["usage"] = co_await delete_all(database, sql::delete_old_usage, settings.usage_days, rows);
  done["idempotency_keys"] =
      co_await delete_all(database, sql::delete_idempotency_keys, settings.idempotency_hours, rows);
  co_return done;
}

}  // namespace

Job history_job(pg::Database& database, BlockingPool& blocking, pg::ConnectSettings direct, HistoryRetention settings) {
  return {"history", std::chrono::hours(24), [&database, &blocking, direct = std::move(direct), settings] {
            return keep_history(database, blocking, direct, settings);
          }};
}

}  // namespace weir::scheduler
