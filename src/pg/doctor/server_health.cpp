#include "pg/doctor/server_health.hpp"

#include "pg/doctor/read_transaction.hpp"
#include "pg/sql.hpp"

namespace weir::pg {
namespace {

constexpr auto k_statistics_role = "pg_read_all_stats";

Transactions transactions_of(const Rows& rows) {
  Transactions transactions;
  for (const auto row : rows) {
    if (row.get<bool>("is_hidden")) {
      ++transactions.hidden;
      continue;
    }
    transactions.old.push_back({row.get<int>("pid"), row.get<std::string>("role"), row.get<std::string>("application"),
                                row.get<std::string>("state"),
                                std::chrono::seconds(row.get<std::int64_t>("age_seconds"))});
  }
  return transactions;
}

}  // namespace

ServerHealth read_server_health(BlockingSession& session) {
  const auto rows = session.query(sql::read_server_health);
  const auto row = rows.one();
  return {.version_number = session.server_version(),
          .version = row.get<std::string>("version"),
          .encoding = row.get<std::string>("encoding"),
          .is_standby = row.get<bool>("is_standby"),
          .is_read_only = row.get<bool>("is_read_only"),
          .has_fsync = row.get<bool>("has_fsync"),
          .has_full_page_writes = row.get<bool>("has_full_page_writes"),
          .commits_wait = row.get<bool>("commits_wait"),
          .has_autovacuum = row.get<bool>("has_autovacuum"),
          .sessions = row.get<std::int64_t>("sessions"),
          .sessions_max = row.get<std::int64_t>("sessions_max")};
}

// The best of three: the shortest round trip leaves the least doubt.
ClockOffset read_clock_offset(BlockingSession& session, const Clock& clock) {
  constexpr int k_attempts = 3;
  std::optional<ClockOffset> best;
  for (int attempt = 0; attempt < k_attempts; ++attempt) {
    const auto before = clock.now();
    const auto rows = session.query(sql::read_clock);
    const auto after = clock.now();
    const auto half = (after - before) / 2;
    if (best && best->uncertainty <= half) continue;
    best = ClockOffset{before + half - rows.one().get<Instant>("now"), half};
  }
  return *best;
}

Transactions read_transactions(BlockingSession& session, std::chrono::seconds age) {
  const Params params(static_cast<std::int64_t>(age.count()));
  if (!session.query(sql::may_take_role, Params(k_statistics_role)).one().get<bool>("may"))
    return transactions_of(session.query(sql::list_old_transactions, params));
  ReadTransaction transaction(session, k_statistics_role);
  return transactions_of(transaction.query(sql::list_old_transactions, params));
}

std::vector<TableBloat> read_bloat(BlockingSession& session) {
  std::vector<TableBloat> tables;
  const auto rows = session.query(sql::list_table_bloat);
  for (const auto row : rows)
    tables.push_back({row.get<std::string>("name"), row.get<std::int64_t>("rows_live"),
                      row.get<std::int64_t>("rows_dead"), row.get<bool>("is_vacuum_off")});
  return tables;
}

std::vector<WeeklyPartition> read_weekly_partitions(BlockingSession& session) {
  std::vector<WeeklyPartition> partitions;
  const auto rows = session.query(sql::list_weekly_partitions);
  for (const auto row : rows)
    partitions.push_back({row.get<std::string>("parent"), row.get<int>("weeks_ahead"), row.get<bool>("is_there")});
  return partitions;
}

}  // namespace weir::pg
