#include <gtest/gtest.h>

#include "pg/doctor/server_health.hpp"
#include "pg/doctor/session_trial.hpp"
#include "pg/doctor/table_protection.hpp"
#include "tests/support/test_database.hpp"

namespace weir::pg {
namespace {

struct Doctor : ::testing::Test {
  test::TestDatabase database;
  BlockingSession session = BlockingSession::open(database.login_url()).value();

  Findings protection() {
    return judge_table_protection(read_table_protection(session, database.roles()), database.roles());
  }
  // The reason of the only finding after a DBA ran `sql`.
  std::string broken_by(const std::string& sql) {
    database.super(sql);
    const auto findings = protection();
    EXPECT_EQ(findings.size(), 1U) << sql;
    EXPECT_EQ(findings.front().verdict, Verdict::problem) << sql;
    return findings.front().reason;
  }
};

TEST_F(Doctor, FindsAFreshDatabaseGuarded) {
  const auto findings = protection();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].verdict, Verdict::ok) << findings[0].reason;
}

TEST_F(Doctor, FindsAPolicyThatWasDropped) {
  EXPECT_EQ(broken_by("DROP POLICY tenant_rows ON weir.gap"), "weir.gap lacks the policy tenant_rows");
}

TEST_F(Doctor, FindsAPolicyThatWasWidened) {
  EXPECT_EQ(broken_by("ALTER POLICY reader_rows ON weir.gap USING (true)"),
            "weir.gap has a policy reader_rows that is not Weir's");
}

TEST_F(Doctor, FindsAnUnguardedTable) {
  const auto reason =
      broken_by("CREATE TABLE data.leak (tenant_id uuid); ALTER TABLE data.leak OWNER TO " + database.roles().owner());
  EXPECT_TRUE(reason.contains("data.leak has no row-level security")) << reason;
}

TEST_F(Doctor, FindsAViewWithItsOwnersRights) {
  EXPECT_TRUE(broken_by("CREATE VIEW data.v AS SELECT * FROM weir.run").contains("owner's rights"));
}

TEST_F(Doctor, FindsAPartitionThatTenantsMayReach) {
  const auto part = database.super(
      "SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'weir.run'::regclass ORDER BY 1 LIMIT 1");
  EXPECT_TRUE(broken_by("GRANT SELECT ON " + part + " TO " + database.roles().tenant()).contains("by its own name"));
}

TEST_F(Doctor, FindsAMissingWeek) {
  EXPECT_EQ(worst_of(judge_weekly_partitions(read_weekly_partitions(session))), Verdict::ok);
  const auto part = database.super(
      "SELECT 'weir.import_log_' || "
      "to_char(date_trunc('week', now() AT TIME ZONE 'UTC'), 'YYYYMMDD')");
  database.super("ALTER TABLE weir.import_log DETACH PARTITION " + part);
  const auto findings = judge_weekly_partitions(read_weekly_partitions(session));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].reason, "weir.import_log has no partition for this week");
}

TEST_F(Doctor, FindsAnOldTransactionOfItsOwnLogin) {
  EXPECT_TRUE(read_transactions(session, std::chrono::seconds(0)).old.empty());
  auto other = BlockingSession::open(database.login_url()).value();
  other.run_script({"test.begin", "BEGIN"});
  const auto found = read_transactions(session, std::chrono::seconds(0));
  ASSERT_EQ(found.old.size(), 1U);
  EXPECT_EQ(found.old[0].role, database.roles().login());
  EXPECT_EQ(found.old[0].state, "idle in transaction");
  EXPECT_TRUE(read_transactions(session, std::chrono::minutes(10)).old.empty());
}

TEST_F(Doctor, CountsWhatItMayNotSeeAndSeesItOnceItMay) {
  const auto other = BlockingSession::open(database.superuser_url());
  ASSERT_TRUE(other);
  EXPECT_EQ(read_transactions(session, std::chrono::seconds(0)).hidden, 1);
  database.super("GRANT pg_read_all_stats TO " + database.roles().login());
  const auto seen = read_transactions(session, std::chrono::seconds(0));
  database.super("REVOKE pg_read_all_stats FROM " + database.roles().login());
  EXPECT_EQ(seen.hidden, 0);
}

TEST_F(Doctor, ADirectConnectionKeepsItsSessionAndHearsItself) {
  const auto trial = try_session(database.login_url());
  ASSERT_TRUE(trial);
  EXPECT_TRUE(trial->keeps_its_session);
  EXPECT_TRUE(trial->hears_itself);
}

TEST_F(Doctor, ReadsServerClockAndStatistics) {
  const auto server = read_server_health(session);
  EXPECT_GE(server.version_number, k_server_version_min);
  EXPECT_EQ(server.encoding, "UTF8");
  EXPECT_FALSE(server.is_standby);
  EXPECT_GE(server.sessions, 1);
  EXPECT_EQ(judge_clock(read_clock_offset(session, system_clock())).verdict, Verdict::ok);
  database.super("ALTER TABLE weir.gap SET (autovacuum_enabled = false)");
  const auto findings = judge_bloat(read_bloat(session));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].reason, "autovacuum is off for weir.gap");
}

}  // namespace
}  // namespace weir::pg
