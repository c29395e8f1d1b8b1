// The server behind the database: version, settings, sessions, clocks, transactions that hold everybody up, and tables
// that vacuum neglects. read_… asks, judge_… is pure.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/finding.hpp"
#include "base/time.hpp"
#include "pg/blocking_session.hpp"

namespace weir::pg {

constexpr int k_server_version_min = 150000;

struct ServerHealth {
  int version_number = 0;  // 150004 for 15.4
  std::string version{};
  std::string encoding{};
  bool is_standby = false;    // it replays another server and takes no writes
  bool is_read_only = false;  // default_transaction_read_only
  bool has_fsync = true;
  bool has_full_page_writes = true;
  bool commits_wait = true;  // synchronous_commit is not off
  bool has_autovacuum = true;
  std::int64_t sessions = 0;  // of the whole server
  std::int64_t sessions_max = 0;
};
ServerHealth read_server_health(BlockingSession& session);
Findings judge_server(const ServerHealth& server);

// What the clock of this machine is ahead of the server's (negative: behind), to within `uncertainty`.
struct ClockOffset {
  Duration ahead{};
  Duration uncertainty{};
};
ClockOffset read_clock_offset(BlockingSession& session, const Clock& clock);
Finding judge_clock(const ClockOffset& offset);

struct OldTransaction {
  int pid = 0;  // 0: a prepared transaction, which has no session
  std::string role{};
  std::string application{};  // of a prepared one, its name
  std::string state{};
  std::chrono::seconds age{};
};
struct Transactions {
  std::vector<OldTransaction> old{};  // the oldest first
  std::int64_t hidden = 0;            // sessions of other roles whose age this login role may not see
};
// Those open for longer than `age`. As pg_read_all_stats, where the login role may take it.
Transactions read_transactions(BlockingSession& session, std::chrono::seconds age);
Findings judge_transactions(const Transactions& transactions, const std::string& login);

struct TableBloat {
  std::string table{};
  std::int64_t rows_live = 0;
  std::int64_t rows_dead = 0;
  bool is_vacuum_off = false;  // for this table
};
std::vector<TableBloat> read_bloat(BlockingSession& session);
Findings judge_bloat(const std::vector<TableBloat>& tables);

struct WeeklyPartition {
  std::string parent{};
  int weeks_ahead = 0;  // 0: this week
  bool is_there = false;
};
std::vector<WeeklyPartition> read_weekly_partitions(BlockingSession& session);
Findings judge_weekly_partitions(const std::vector<WeeklyPartition>& partitions);

}  // namespace weir::pg
