#include "tenancy/health.hpp"

#include <gtest/gtest.h>

#include "tests/support/tenancy.hpp"

namespace weir::tenancy {
namespace {

TEST(SecretsHealth, ReadsKeysAgesAndStoppedSources) {
  test::TestDatabase server;
  test::TemporaryDirectory directory;
  const KeyFileSettings settings{.path = directory.path() / "master.key", .makes_first_key = true};
  test::run([&](test::Context context) -> Task<> {
    testing::Process process(context, server, settings.path);
    const auto tenant = server.add_tenant("acme");
    co_await add_data_source(process.vault, testing::k_actor, tenant, testing::new_source("one", "s"),
                             testing::declared());
  });
  server.super(
      "UPDATE weir.tenant_data_source_config SET updated_at = now() - interval '400 days' WHERE is_secret; "
      "UPDATE weir.data_source SET needs_credentials = 'refused'");

  auto session = pg::BlockingSession::open(server.login_url()).value();
  const auto health = read_secrets_health(session, server.roles());
  EXPECT_EQ(health.registered.size(), 1U);
  EXPECT_EQ(health.secrets, 1);
  EXPECT_TRUE(health.oldest_secret_name.starts_with("acme/one ")) << health.oldest_secret_name;
  EXPECT_TRUE(health.oldest_data_key.has_value());
  ASSERT_EQ(health.stopped.size(), 1U);
  EXPECT_EQ(health.stopped[0].tenant_key, "acme");
  EXPECT_EQ(health.stopped[0].reason, "refused");
  EXPECT_EQ(worst_of(judge_master_keys(health, settings, read_master_keys(settings))), Verdict::ok);
  EXPECT_EQ(worst_of(judge_secret_ages(health, system_clock().now())), Verdict::warning);
}

}  // namespace
}  // namespace weir::tenancy
