#include "orchestrator/health.hpp"

#include <gtest/gtest.h>

#include "tests/support/test_database.hpp"

namespace weir::orchestrator {
namespace {

TEST(RunsHealth, SeesNodesLateAndDeadAndTheRunsTheyLeft) {
  test::TestDatabase database;
  auto session = pg::BlockingSession::open(database.login_url()).value();
  EXPECT_EQ(worst_of(judge_runs(read_runs_health(session, database.roles()))), Verdict::ok);

  const auto tenant = to_string(database.add_tenant("acme"));
  const auto epoch = std::to_string(database.add_node().value());
  database.super("INSERT INTO weir.data_source_run (tenant_id, data_source, script, status, epoch) VALUES ('" + tenant +
                 "', 'git', 'git/commit', 'RUNNING', " + epoch + ")");
  const auto alive = read_runs_health(session, database.roles());
  ASSERT_EQ(alive.nodes.size(), 1U);
  EXPECT_EQ(alive.nodes[0].runs, 1);
  EXPECT_EQ(alive.runs_lost, 0);
  EXPECT_EQ(worst_of(judge_runs(alive)), Verdict::ok);

  database.super("UPDATE weir.node SET lease_until = now() - interval '1 minute'");
  EXPECT_TRUE(read_runs_health(session, database.roles()).nodes.at(0).is_lease_over);

  database.super("UPDATE weir.node SET died_at = now()");
  const auto dead = read_runs_health(session, database.roles());
  EXPECT_TRUE(dead.nodes.empty());
  EXPECT_EQ(dead.runs_lost, 1);
  EXPECT_EQ(dead.lost_example, "git git/commit");
}

}  // namespace
}  // namespace weir::orchestrator
