#include "orchestrator/data_retention.hpp"

#include "tests/support/fake_catalog.hpp"
#include "tests/support/orchestrator_world.hpp"

namespace weir::orchestrator {
namespace {

using test::Process;

class Retention : public test::OrchestratorWorld {
 protected:
  Retention() {
    plugins.add("fake", "issue", "resources: [issue, issue_label, contributor]");
    plugins.add("fake", "commit", "resources: [commit, commit_parent]");
    plugins.write("fake/repo.yaml", "resources: [repository, contributor]\nbuiltin: fake\ncursor: {kind: full}\n");
    super("INSERT INTO weir.plan (name, data_retention_days) VALUES ('short', 30), ('long', NULL)");
    subscribe(tenant, "short");
  }

  void subscribe(TenantId to, const std::string& plan) const {
    super(fmt::format("INSERT INTO weir.subscription (tenant_id, plan) VALUES ('{}', '{}')", to_string(to), plan));
  }
  void insert(TenantId of, const std::string& table, const std::string& columns, const std::string& values,
              int days_old) const {
    super(
        fmt::format("INSERT INTO data.{} (tenant_id, data_source, script, run_id, imported_at, {}) VALUES "
                    "('{}', 'src', 'fake/x', weir.uuid_v7(), now() - make_interval(days => {}), {})",
                    table, columns, to_string(of), days_old, values));
  }
  Task<nlohmann::json> retain(Process& process, int batch_rows = 5000) {
    const auto catalog = std::make_shared<const plugin::PluginCatalog>(plugins.read());
    const CatalogSource source = [&]() -> Task<std::shared_ptr<const plugin::PluginCatalog>> { co_return catalog; };
    const auto job = data_retention_job(process.door, source, {.batch_rows = batch_rows});
    co_return co_await job.work();
  }

  test::FakeCatalog plugins;
};

TEST_F(Retention, WhatIsCollectedByTimeAgesAndWhatBelongsToItGoesWithIt) {
  const auto tables = aged_tables(plugins.read());
  ASSERT_EQ(tables.size(), 2U);
  EXPECT_EQ(tables[0].name, "commit");
  EXPECT_EQ(tables[0].key, (std::vector<std::string>{"repo_key", "sha"}));
  EXPECT_EQ(tables[0].with_it, (std::vector<std::string>{"commit_parent"}));
  EXPECT_FALSE(tables[0].changed_at);
  EXPECT_EQ(tables[1].name, "issue");
  EXPECT_EQ(*tables[1].changed_at, "updated_at");
  EXPECT_EQ(tables[1].with_it, (std::vector<std::string>{"issue_assignee", "issue_label"}));
}

TEST_F(Retention, OldRowsGoInBatchesAndOnlyThose) {
  const auto other = database.add_tenant("other");
  subscribe(other, "long");
  for (const auto of : {tenant, other}) {
    for (int i = 0; i < 7; ++i) insert(of, "commit", "repo_key, sha", fmt::format("'r', 'old{}'", i), 31);
    insert(of, "commit", "repo_key, sha", "'r', 'new'", 29);
    insert(of, "commit_parent", "repo_key, sha, parent_sha", "'r', 'old1', 'old0'", 31);
    insert(of, "commit_parent", "repo_key, sha, parent_sha", "'r', 'new', 'old1'", 31);
    insert(of, "issue", "issue_key, updated_at", "'quiet', now() - interval '40 days'", 35);
    insert(of, "issue", "issue_key, updated_at", "'changed', now() - interval '1 day'", 35);
    insert(of, "issue_label", "issue_key, label", "'quiet', 'bug'", 35);
    insert(of, "issue_label", "issue_key, label", "'changed', 'bug'", 35);
    insert(of, "repository", "repo_key", "'r'", 400);
    insert(of, "contributor", "contributor_key", "'c'", 400);
  }
  with_process([&](Process& process) -> Task<> {
    const auto done = co_await retain(process, 3);
    EXPECT_EQ(done, (nlohmann::json{{"tenants", 1}, {"deleted", 8}, {"failed", 0}}));
    const auto mine = fmt::format(" WHERE tenant_id = '{}'", to_string(tenant));
    EXPECT_EQ(super("SELECT string_agg(sha, ' ') FROM data.commit" + mine), "new");
    EXPECT_EQ(super("SELECT string_agg(sha, ' ') FROM data.commit_parent" + mine), "new");
    EXPECT_EQ(super("SELECT string_agg(issue_key, ' ') FROM data.issue" + mine), "changed");
    EXPECT_EQ(super("SELECT string_agg(issue_key, ' ') FROM data.issue_label" + mine), "changed");
    EXPECT_EQ(count("data.repository" + mine), "1");
    EXPECT_EQ(count("data.contributor" + mine), "1");
    const auto others = fmt::format(" WHERE tenant_id = '{}'", to_string(other));
    EXPECT_EQ(count("data.commit" + others), "8");
    EXPECT_EQ(count("data.issue" + others), "2");
    const auto again = co_await retain(process, 3);
    EXPECT_EQ(again.at("deleted"), 0);
  });
}

}  // namespace
}  // namespace weir::orchestrator
