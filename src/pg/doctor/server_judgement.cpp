#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "pg/doctor/server_health.hpp"

namespace weir::pg {
namespace {

using enum Verdict;

constexpr double k_sessions_share_max = 0.8;
constexpr auto k_clock_warning = 2s;
constexpr auto k_clock_problem = 5min;
constexpr std::int64_t k_rows_dead_min = 10'000;
constexpr int k_weeks_ahead_min = 1;

std::chrono::milliseconds in_ms(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration);
}

void judge_version(const ServerHealth& server, Findings& findings) {
  if (server.version_number < k_server_version_min)
    findings.push_back({"server", problem, fmt::format("PostgreSQL {}, and Weir needs 15 or later", server.version),
                        "upgrade the server"});
  if (server.encoding != "UTF8")
    findings.push_back({"server", problem, fmt::format("the database's encoding is {}, not UTF8", server.encoding),
                        "make the database again with ENCODING 'UTF8'"});
}

void judge_writability(const ServerHealth& server, Findings& findings) {
  if (server.is_standby)
    findings.push_back({"server", problem, "it is a standby, which takes no writes",
                        "let the URL name the primary (several hosts and target_session_attrs=read-write)"});
  else if (server.is_read_only)
    findings.push_back({"server", problem, "transactions are read-only by default",
                        "take default_transaction_read_only back for this database and its login role"});
}

void judge_durability(const ServerHealth& server, Findings& findings) {
  const auto warn = [&findings](bool is_bad, std::string reason, std::string remedy) {
    if (is_bad) findings.push_back({"server", warning, std::move(reason), std::move(remedy)});
  };
  warn(!server.has_fsync, "fsync is off: a crash of the machine may destroy the database", "set fsync = on");
  warn(!server.has_full_page_writes, "full_page_writes is off: a crash of the machine may destroy pages",
       "set full_page_writes = on");
  warn(!server.commits_wait, "synchronous_commit is off: a crash loses the last commits",
       "set synchronous_commit = on, or accept that the last instants are imported again");
  warn(!server.has_autovacuum, "autovacuum is off: tables grow without bound", "set autovacuum = on");
  const auto is_crowded = static_cast<double>(server.sessions) >
                          k_sessions_share_max * static_cast<double>(std::max<std::int64_t>(server.sessions_max, 1));
  warn(is_crowded, fmt::format("{} of {} sessions are taken", server.sessions, server.sessions_max),
       "raise max_connections, or put a pooler in front of the server");
}

}  // namespace

Findings judge_server(const ServerHealth& server) {
  Findings findings;
  judge_version(server, findings);
  judge_writability(server, findings);
  judge_durability(server, findings);
  if (worst_of(findings) != problem)
    findings.insert(findings.begin(), {"server", ok,
                                       fmt::format("PostgreSQL {}, {} of {} sessions taken", server.version,
                                                   server.sessions, server.sessions_max)});
  return findings;
}

Finding judge_clock(const ClockOffset& offset) {
  const auto distance = offset.ahead < Duration::zero() ? -offset.ahead : offset.ahead;
  const auto certain = distance - offset.uncertainty;
  const auto text = fmt::format("this machine's clock is {} {} the database's", format_duration(in_ms(distance)),
                                offset.ahead < Duration::zero() ? "behind" : "ahead of");
  if (certain < k_clock_warning) return {"clock", ok, "this machine and the database agree on the time"};
  return {"clock", certain < k_clock_problem ? warning : problem, text,
          "keep both machines on time (chrony, systemd-timesyncd)"};
}

Findings judge_transactions(const Transactions& transactions, const std::string& login) {
  Findings findings;
  for (const auto& old : transactions.old) {
    const auto age = format_duration(old.age);
    if (old.pid == 0)
      findings.push_back({"transactions", warning,
                          fmt::format("the prepared transaction '{}' of {} is {} old: dead rows pile up behind it",
                                      old.application, old.role, age),
                          fmt::format("COMMIT PREPARED or ROLLBACK PREPARED '{}'", old.application)});
    else
      findings.push_back(
          {"transactions", warning,
           fmt::format("session {} of {} ({}, {}) has a transaction open for {}: dead rows pile up behind it", old.pid,
                       old.role, old.application.empty() ? "no application name" : old.application, old.state, age),
           fmt::format("let it end; or end it: SELECT pg_terminate_backend({})", old.pid)});
  }
  if (transactions.old.empty()) findings.push_back({"transactions", ok, "none has been open for long"});
  if (transactions.hidden > 0)
    findings.push_back({"transactions", ok,
                        fmt::format("of {} sessions of other roles the age cannot be seen", transactions.hidden),
                        fmt::format("to see them: GRANT {} TO {}", "pg_read_all_stats", login)});
  return findings;
}

Findings judge_bloat(const std::vector<TableBloat>& tables) {
  Findings findings;
  for (const auto& table : tables) {
    if (table.is_vacuum_off)
      findings.push_back({"vacuum", warning, fmt::format("autovacuum is off for {}", table.table),
                          fmt::format("ALTER TABLE {} RESET (autovacuum_enabled)", table.table)});
    if (table.rows_dead >= k_rows_dead_min && table.rows_dead > table.rows_live)
      findings.push_back(
          {"vacuum", warning,
           fmt::format("{} has {} dead rows beside {} live ones", table.table, table.rows_dead, table.rows_live),
           fmt::format("VACUUM (ANALYZE) {}; when they stay, look for old transactions", table.table)});
  }
  if (findings.empty())
    findings.push_back({"vacuum", ok, fmt::format("no table of {} has more dead rows than live ones", tables.size())});
  return findings;
}

Findings judge_weekly_partitions(const std::vector<WeeklyPartition>& partitions) {
  Findings findings;
  std::map<std::string, std::vector<std::string>> missing;
  for (const auto& one : partitions)
    if (!one.is_there && one.weeks_ahead <= k_weeks_ahead_min)
      missing[one.parent].push_back(one.weeks_ahead == 0 ? "this week" : "the next week");
  for (const auto& [parent, weeks] : missing)
    findings.push_back({"partitions", warning,
                        fmt::format("{} has no partition for {}", parent, fmt::join(weeks, " and ")),
                        "the next weir import makes it; when it does not, see its error"});
  if (findings.empty()) findings.push_back({"partitions", ok, "history has its partitions for this week and the next"});
  return findings;
}

}  // namespace weir::pg
