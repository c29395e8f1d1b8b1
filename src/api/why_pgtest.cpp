// GET /api/v1/tenants/{tenant}/runs/{run}/why, for runs of scripts and pipeline runs.
#include <gtest/gtest.h>

#include "tests/support/two_tenants.hpp"

namespace weir::api {
namespace {

using nlohmann::json;
using test::ApiProcess;

struct WhyRoute : test::TwoTenants {
  std::string admin = make_key(tenancy::KeyScope::admin);

  static std::string path(const std::string& run) { return "/api/v1/tenants/acme/runs/" + run + "/why"; }
  static std::vector<std::string> codes(const test::ApiReply& reply) {
    std::vector<std::string> found;
    for (const auto& reason : reply.document()["reasons"]) found.push_back(reason["code"].get<std::string>());
    return found;
  }
  // A run of acme's script that a node holds.
  std::string hold_script() const {
    return super(fmt::format(
        "INSERT INTO weir.data_source_run (tenant_id, data_source, script, status, run_id, started_at, epoch) "
        "VALUES ('{}', 'acme-src', 'git/branch', 'RUNNING', weir.uuid_v7(), now(), {}) RETURNING run_id",
        to_string(acme.id), database.add_node().value()));
  }
};

TEST_F(WhyRoute, ExplainsARunOfAScript) {
  const auto held = hold_script();
  with_server([&](ApiProcess& process) -> Task<> {
    const auto over = co_await process.get(path(acme.names.at("run_id")), acme.read);
    EXPECT_EQ(over.status, 200) << over.body;
    EXPECT_EQ(codes(over), (std::vector<std::string>{"over"}));
    EXPECT_EQ(over.document()["kind"], "run");
    EXPECT_EQ(over.document()["script"], "git/commit");
    const auto running = co_await process.get(path(held), acme.read);
    EXPECT_EQ(codes(running), (std::vector<std::string>{"running"}));
    EXPECT_TRUE(running.body.contains("runs on a node since")) << running.body;
    for (const auto* secret : {"process 1", "epoch"}) EXPECT_FALSE(running.body.contains(secret)) << running.body;
    const auto to_operator = co_await process.get(path(held), admin);
    EXPECT_TRUE(to_operator.body.contains("runs on test (process 1, epoch")) << to_operator.body;
  });
}

TEST_F(WhyRoute, IsNotFoundForAnotherTenantsRunAndForNone) {
  const auto held = hold_script();
  with_server([&](ApiProcess& process) -> Task<> {
    for (const auto& id : {globex.names.at("run_id"), std::string("0197a000-0000-7000-8000-000000000000")}) {
      const auto reply = co_await process.get(path(id), acme.read);
      EXPECT_EQ(reply.code(), "not_found") << reply.body;
    }
    const auto foreign = co_await process.get("/api/v1/tenants/globex/runs/" + held + "/why", globex.read);
    EXPECT_EQ(foreign.code(), "not_found") << foreign.body;
    const auto by_admin = co_await process.get("/api/v1/tenants/globex/runs/" + held + "/why", admin);
    EXPECT_EQ(by_admin.code(), "not_found") << by_admin.body;
  });
}

TEST_F(WhyRoute, ATenantIsToldThatNobodyTakesItsRuns) {
  with_server([&](ApiProcess& process) -> Task<> {
    const auto asked =
        co_await process.post("/api/v1/tenants/acme/pipelines/acme-pipeline/run", acme.write, json::object());
    const auto run = asked.document()["run_id"].get<std::string>();
    const auto told = co_await process.get(path(run), acme.read);
    EXPECT_EQ(codes(told), (std::vector<std::string>{"queued", "no_node"}));
    EXPECT_FALSE(told.body.contains("weir serve")) << told.body;
    EXPECT_EQ(told.document()["kind"], "pipeline_run");
    const auto to_operator = co_await process.get(path(run), admin);
    EXPECT_TRUE(to_operator.body.contains("start weir serve with the role worker")) << to_operator.body;
  });
}

}  // namespace
}  // namespace weir::api
