#include <gtest/gtest.h>

#include "pg/doctor/server_health.hpp"
#include "pg/doctor/session_trial.hpp"
#include "pg/embedded/home_health.hpp"

namespace weir::pg {
namespace {

using enum Verdict;

ServerHealth good_server() {
  return {.version_number = 150004, .version = "15.4", .encoding = "UTF8", .sessions = 4, .sessions_max = 100};
}

Verdict verdict_with(void (*change)(ServerHealth&)) {
  auto server = good_server();
  change(server);
  return worst_of(judge_server(server));
}

TEST(ServerJudgement, AGoodServerIsOneLine) {
  const auto findings = judge_server(good_server());
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].verdict, ok);
  EXPECT_TRUE(findings[0].reason.contains("15.4")) << findings[0].reason;
}

TEST(ServerJudgement, WhatWeirCannotWorkOnIsAProblem) {
  EXPECT_EQ(verdict_with([](ServerHealth& s) { s.version_number = 140012; }), problem);
  EXPECT_EQ(verdict_with([](ServerHealth& s) { s.encoding = "SQL_ASCII"; }), problem);
  EXPECT_EQ(verdict_with([](ServerHealth& s) { s.is_standby = true; }), problem);
  EXPECT_EQ(verdict_with([](ServerHealth& s) { s.is_read_only = true; }), problem);
}

TEST(ServerJudgement, WhatOnlyEndangersIsAWarning) {
  EXPECT_EQ(verdict_with([](ServerHealth& s) { s.has_fsync = false; }), warning);
  EXPECT_EQ(verdict_with([](ServerHealth& s) { s.has_full_page_writes = false; }), warning);
  EXPECT_EQ(verdict_with([](ServerHealth& s) { s.commits_wait = false; }), warning);
  EXPECT_EQ(verdict_with([](ServerHealth& s) { s.has_autovacuum = false; }), warning);
  EXPECT_EQ(verdict_with([](ServerHealth& s) { s.sessions = 81; }), warning);
  EXPECT_EQ(verdict_with([](ServerHealth& s) { s.sessions = 80; }), ok);
}

TEST(ServerJudgement, EveryWarningAndProblemHasARemedy) {
  auto server = good_server();
  server.has_fsync = server.has_full_page_writes = server.commits_wait = server.has_autovacuum = false;
  server.encoding = "LATIN1";
  server.is_standby = true;
  for (const auto& finding : judge_server(server)) EXPECT_NE(finding.remedy, "") << finding.reason;
}

TEST(ClockJudgement, CountsOnlyWhatIsCertain) {
  EXPECT_EQ(judge_clock({.ahead = 1s, .uncertainty = 1ms}).verdict, ok);
  EXPECT_EQ(judge_clock({.ahead = 5s, .uncertainty = 4s}).verdict, ok);
  EXPECT_EQ(judge_clock({.ahead = 5s, .uncertainty = 1ms}).verdict, warning);
  EXPECT_EQ(judge_clock({.ahead = -6min, .uncertainty = 1ms}).verdict, problem);
  EXPECT_TRUE(judge_clock({.ahead = -3s}).reason.contains("3.0s behind")) << judge_clock({.ahead = -3s}).reason;
  EXPECT_TRUE(judge_clock({.ahead = 3s}).reason.contains("ahead of")) << judge_clock({.ahead = 3s}).reason;
}

TEST(SessionJudgement, NamesTheVariableThatIsWrong) {
  EXPECT_EQ(judge_session({true, true}, UrlUse::main).verdict, ok);
  EXPECT_EQ(judge_session({true, false}, UrlUse::main).verdict, warning);
  const auto shared = judge_session({false, true}, UrlUse::main);
  EXPECT_EQ(shared.verdict, warning);
  EXPECT_TRUE(shared.remedy.contains("in WEIR_DATABASE_DIRECT_URL"));
  EXPECT_TRUE(judge_session({false, false}, UrlUse::direct).remedy.contains("names a pooler too"));
}

TEST(TransactionJudgement, SaysWhoAndHowToEndIt) {
  EXPECT_EQ(worst_of(judge_transactions({}, "weir_login")), ok);
  const auto findings = judge_transactions(
      {.old = {{42, "bob", "psql", "idle in transaction", 20min}, {0, "eve", "gid1", "", 2h}}, .hidden = 3},
      "weir_login");
  ASSERT_EQ(findings.size(), 3U);
  EXPECT_TRUE(findings[0].reason.contains("session 42 of bob (psql, idle in transaction)")) << findings[0].reason;
  EXPECT_TRUE(findings[0].remedy.contains("pg_terminate_backend(42)"));
  EXPECT_TRUE(findings[1].remedy.contains("ROLLBACK PREPARED 'gid1'"));
  EXPECT_TRUE(findings[2].remedy.contains("GRANT pg_read_all_stats TO weir_login"));
  EXPECT_EQ(worst_of(findings), warning);
}

TEST(BloatJudgement, MoreDeadThanLiveRowsOnceTheyAreMany) {
  EXPECT_EQ(worst_of(judge_bloat({{"weir.run", 10, 9'999}})), ok);
  EXPECT_EQ(worst_of(judge_bloat({{"weir.run", 10'000, 10'000}})), ok);
  EXPECT_EQ(worst_of(judge_bloat({{"weir.run", 9'999, 10'000}})), warning);
  EXPECT_EQ(worst_of(judge_bloat({{"weir.run", 10, 0, true}})), warning);
}

TEST(PartitionJudgement, ThisWeekAndTheNextMustBeThere) {
  const auto findings = judge_weekly_partitions({{"weir.run", 0, false},
                                                 {"weir.run", 1, false},
                                                 {"weir.run", 2, false},
                                                 {"weir.audit_log", 0, true},
                                                 {"weir.audit_log", 2, false}});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].verdict, warning);
  EXPECT_EQ(findings[0].reason, "weir.run has no partition for this week and the next week");
  EXPECT_EQ(worst_of(judge_weekly_partitions({{"weir.run", 0, true}, {"weir.run", 1, true}})), ok);
}

HomeHealth good_home() {
  return {.path = "/srv/weir",
          .is_there = true,
          .owner = "weir",
          .expected_owner = "weir",
          .mode = 040700,
          .bytes_free = 5'000'000'000,
          .bytes_total = 9'000'000'000};
}

TEST(HomeJudgement, OwnerPermissionsAndRoom) {
  auto home = good_home();
  EXPECT_EQ(worst_of(judge_home(home)), ok);
  home.bytes_free = 1'000'000'000;
  EXPECT_EQ(worst_of(judge_home(home)), warning);
  home.bytes_free = 100'000'000;
  EXPECT_EQ(worst_of(judge_home(home)), problem);
  home = good_home();
  home.mode = 040750;
  EXPECT_EQ(judge_home(home).at(0).remedy, "chmod 700 /srv/weir");
  EXPECT_EQ(worst_of(judge_home(home)), warning);
  home.mode = 040707;
  EXPECT_EQ(worst_of(judge_home(home)), problem);
  home = good_home();
  home.owner = "bob";
  EXPECT_TRUE(judge_home(home).at(0).reason.contains("belongs to bob, not to weir"));
  home = good_home();
  home.is_read_only = true;
  EXPECT_EQ(worst_of(judge_home(home)), problem);
}

}  // namespace
}  // namespace weir::pg
