#include <gtest/gtest.h>

#include "tests/support/api_world.hpp"

namespace weir::api {
namespace {

using nlohmann::json;
using tenancy::KeyScope;
using test::ApiProcess;

struct SchedulerRoutes : test::ApiWorld {
  TenantId acme = database.add_tenant("acme");
  std::string admin = make_key(KeyScope::admin);

  Task<test::ApiReply> post(ApiProcess& process, std::string path) {
    return process.call({.method = "POST", .target = "/scheduler/" + std::move(path), .key = admin});
  }
};

TEST_F(SchedulerRoutes, AnyCronCanDriveIt) {
  with_server([&](ApiProcess& process) -> Task<> {
    co_await process.post("/scheduler/customer/acme/pipelines", admin,
                          {{"name", "often"}, {"schedule", {{"every", "1m"}}}});
    super("UPDATE weir.tenant_pipeline_configs SET next_fire_at = now() - interval '1 second'");
    const auto triggered = co_await post(process, "trigger");
    EXPECT_EQ(triggered.document()["result"]["enqueued"], 1) << triggered.body;
    const auto status = co_await process.get("/scheduler/status", admin);
    EXPECT_EQ(status.document()["queue"][0]["entries"], 1) << status.body;
    EXPECT_EQ(status.document()["jobs"][0]["name"], "trigger");
    EXPECT_TRUE(status.document()["worker"].is_null());
    const auto again = co_await post(process, "trigger");
    EXPECT_EQ(again.document()["result"]["enqueued"], 0);
    const auto heard = process.bell.count();
    const auto processed = co_await post(process, "process-queue?max=5&wait=1");
    EXPECT_EQ(processed.status, 202);
    EXPECT_EQ(processed.document()["is_worker"], false);
    EXPECT_GT(process.bell.count(), heard);
    for (const auto* bad : {"process-queue?max=0", "process-queue?wait=26", "process-queue?max=x"}) {
      const auto refused = co_await post(process, bad);
      EXPECT_EQ(refused.status, 400) << bad;
    }
  });
}

TEST_F(SchedulerRoutes, QuotasAreArchivedAndOrphansGoBack) {
  super("UPDATE weir.lane SET quota_day = quota_day - 1, quota_used = 3");
  with_server([&](ApiProcess& process) -> Task<> {
    const auto archived = co_await post(process, "reset-daily-quotas");
    EXPECT_EQ(archived.document()["result"]["archived"], 1) << archived.body;
    EXPECT_EQ(super("SELECT runs_used FROM weir.usage_quota"), "3");
    const auto cleaned = co_await post(process, "cleanup-orphaned-pipelines");
    EXPECT_EQ(cleaned.document()["result"]["requeued"], 0);
  });
}

}  // namespace
}  // namespace weir::api
