#include "orchestrator/script_why.hpp"

#include "tests/support/queue_world.hpp"

namespace weir::orchestrator {
namespace {

using queue::Audience;
using queue::Explanation;

// A pipeline run of `acme` that a node works on, with a script that it holds.
class ScriptWhyOnDatabase : public test::QueueWorld {
 protected:
  using Codes = std::vector<std::string>;

  ScriptWhyOnDatabase() {
    add_node();
    database.add_data_source(acme, "git", "git");
    fire(add_pipeline(acme, "p"));
    with_queue([&](queue::Queue& queue) -> Task<> { co_await queue.claim(node, epoch, 1); });
    const auto pipeline_run = super("SELECT pipeline_run_id FROM weir.pipeline_execution_queue");
    run = super(fmt::format(
        "INSERT INTO weir.data_source_run (tenant_id, data_source, script, status, run_id, pipeline_run_id, "
        "started_at, epoch) VALUES ('{}', 'git', 'git/commit', 'RUNNING', weir.uuid_v7(), '{}', now(), {}) "
        "RETURNING run_id",
        to_string(acme), pipeline_run, epoch.value()));
  }

  std::optional<Explanation> why(const std::string& id, std::optional<TenantId> tenant = std::nullopt,
                                 Audience audience = Audience::operators) {
    std::optional<Explanation> said;
    test::run([&](test::Context context) -> Task<> {
      pg::Pool pool(context.executor(), context.blocking, database.pool_settings());
      pg::Database door(pool, database.roles());
      said = co_await explain_any_run(door, tenant, *Uuid::parse(id), audience);
    });
    return said;
  }
  Codes codes(const std::string& id) {
    Codes found;
    const auto said = why(id);
    for (const auto& reason : said.value().reasons) found.push_back(reason.code);
    return found;
  }
  void set_script(const std::string& what) { super("UPDATE weir.data_source_run SET " + what); }
  // History as a run writes it at its end.
  void write_history(const std::string& id, const std::string& status) {
    super(
        fmt::format("INSERT INTO weir.run (tenant_id, id, data_source, script, pipeline_run_id, status, error) "
                    "SELECT tenant_id, '{}', data_source, script, pipeline_run_id, '{}', 'it broke' FROM "
                    "weir.data_source_run",
                    id, status));
  }

  TenantId acme = add_tenant("acme");
  TenantId other = add_tenant("other");
  std::string run;
};

TEST_F(ScriptWhyOnDatabase, ARunThatHasNoHistoryYet) {
  const auto said = why(run);
  EXPECT_EQ(codes(run), (Codes{"running", "pipeline_run"}));
  EXPECT_EQ(said->status, "RUNNING");
  EXPECT_EQ(said->tenant, acme);
  EXPECT_TRUE(said->reasons[0].text.contains("runs on test (process 1, epoch")) << said->reasons[0].text;
  EXPECT_TRUE(why(run, acme, Audience::tenant)->reasons[0].text.contains("runs on a node since"));
  end_lease(epoch);
  EXPECT_EQ(codes(run), (Codes{"node_gone", "pipeline_run", "node_gone"}));
}

TEST_F(ScriptWhyOnDatabase, IdsOfOthersAndOfNobodyAreUnknown) {
  EXPECT_FALSE(why(run, other).has_value());
  EXPECT_FALSE(why(super("SELECT weir.uuid_v7()")).has_value());
  const auto pipeline_run = super("SELECT pipeline_run_id FROM weir.pipeline_execution_queue");
  EXPECT_FALSE(why(pipeline_run, other).has_value());
  EXPECT_FALSE(why(pipeline_run, acme).value().script.has_value());
}

TEST_F(ScriptWhyOnDatabase, AParkedScriptSaysUntilWhen) {
  set_script("status = 'PARKED', wake_at = '2126-03-29T10:00:00Z'");
  const auto said = why(run);
  EXPECT_EQ(said.value().reasons.at(0).text, "it is parked until 2126-03-29T10:00:00Z");
  EXPECT_EQ(said->expected_start, said->reasons[0].until);
}

TEST_F(ScriptWhyOnDatabase, AFailedRunWaitsWithItsPipelineRunForTheNextAttempt) {
  set_script("status = 'FAILED', completed_at = now(), error = 'it broke'");
  write_history(run, "FAILED");
  super(
      "UPDATE weir.pipeline_execution_queue SET state = 'scheduled', attempt = 1, epoch = NULL, token = NULL, "
      "leased_at = NULL, node_id = NULL, due_at = '2126-03-29T10:00:00Z'");
  EXPECT_EQ(codes(run), (Codes{"over", "pipeline_run", "backoff"}));
  EXPECT_TRUE(why(run)->reasons[0].text.ends_with("FAILED, it broke"));
  EXPECT_EQ(why(run)->expected_start, *parse_rfc3339("2126-03-29T10:00:00Z"));
  super("DELETE FROM weir.pipeline_execution_queue");
  EXPECT_EQ(codes(run), (Codes{"over"}));
}

TEST_F(ScriptWhyOnDatabase, AnEarlierRunNamesTheOneThatHoldsItsScript) {
  write_history(run, "INTERRUPTED");
  set_script("run_id = weir.uuid_v7()");
  EXPECT_EQ(codes(run), (Codes{"over", "lock", "pipeline_run", "running", "dependency"}));
  EXPECT_TRUE(why(run)->reasons[1].text.contains(super("SELECT run_id FROM weir.data_source_run")));
}

}  // namespace
}  // namespace weir::orchestrator
