#include "tenancy/data_source.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "tests/support/tenancy.hpp"

namespace weir::tenancy {
namespace {

using testing::declared;
using testing::k_actor;
using testing::new_source;
using testing::plain;
using testing::Process;
using testing::secret;
using testing::token_of;
using testing::until_somebody_waits;

struct DataSources : ::testing::Test {
  test::TestDatabase server;
  test::TemporaryDirectory directory;
  std::filesystem::path key_file = directory.path() / "master.key";
  TenantId tenant = server.add_tenant("acme");

  template <class Function>
  void run(Function function) {
    test::run([&](test::Context context) -> Task<> {
      Process process(context, server, key_file);
      co_await function(process);
    });
  }
  std::string claim(const std::string& source, const std::string& epoch) {
    return server.super("SELECT outcome FROM weir.claim_script('" + to_string(tenant) + "', '" + source +
                        "', 'example/thing', weir.uuid_v7(), " + epoch + ", null, 9, false)");
  }
  std::string status() { return server.super("SELECT status FROM weir.data_source_run"); }
  std::string rows(const std::string& table) { return server.super("SELECT count(*) FROM weir." + table); }
};

TEST_F(DataSources, AnAddedOneIsCompleteAndItsSecretSealed) {
  run([&](Process& process) -> Task<> {
    const auto added = co_await add_data_source(process.vault, k_actor, tenant, new_source("one", "hush"), declared());
    EXPECT_EQ(added->outcome, Outcome::changed);
    const auto source = co_await find_data_source(process.database, tenant, "one");
    EXPECT_EQ(source->provider, "example");
    EXPECT_TRUE(missing_keys(*source, declared()).empty());
    EXPECT_EQ(source->settings.size(), 3U);  // the default of an identity setting is fixed
    const auto token = co_await token_of(process.vault, tenant, "one");
    EXPECT_EQ(token, "hush");
  });
  EXPECT_EQ(server.super("SELECT string_agg(c::text, '') LIKE '%hush%' OR string_agg(encode(ciphertext, 'escape'), '') "
                         "LIKE '%hush%' FROM weir.tenant_data_source_config c"),
            "f");
  EXPECT_EQ(server.super("SELECT after->'settings'->>'API_TOKEN' FROM weir.audit_log"), "***");
  EXPECT_EQ(server.super("SELECT string_agg(a::text, '') LIKE '%hush%' FROM weir.audit_log a"), "f");
}

TEST_F(DataSources, TheSameAgainIsNoChangeAndAnotherIsRefused) {
  run([&](Process& process) -> Task<> {
    co_await add_data_source(process.vault, k_actor, tenant, new_source("one", "hush"), declared());
    const auto again = co_await add_data_source(process.vault, k_actor, tenant, new_source("one", "hush"), declared());
    EXPECT_EQ(again->outcome, Outcome::unchanged);
    const auto other = co_await add_data_source(process.vault, k_actor, tenant, new_source("one", "hosh"), declared());
    EXPECT_EQ(other.error().code, ErrorCode::already_exists);
    auto more = new_source("one", "hush");
    more.settings.values.emplace("API_NOTE", "x");
    const auto differs = co_await add_data_source(process.vault, k_actor, tenant, more, declared());
    EXPECT_EQ(differs.error().code, ErrorCode::already_exists);
  });
  EXPECT_EQ(rows("audit_log"), "1");
}

TEST_F(DataSources, AWrongOneChangesNothing) {
  run([&](Process& process) -> Task<> {
    auto incomplete = new_source("one", "hush");
    incomplete.settings.values.clear();
    const auto added = co_await add_data_source(process.vault, k_actor, tenant, incomplete, declared());
    EXPECT_EQ(added.error().code, ErrorCode::invalid_input);
    const auto named = co_await add_data_source(process.vault, k_actor, tenant, new_source("One", "hush"), declared());
    EXPECT_EQ(named.error().code, ErrorCode::invalid_input);
    const TenantId stranger(*Uuid::parse("0190a000-0000-7000-8000-000000000001"));
    const auto lost = co_await add_data_source(process.vault, k_actor, stranger, new_source("one", "hush"), declared());
    EXPECT_EQ(lost.error().code, ErrorCode::not_found);
  });
  for (const auto* table : {"data_source", "tenant_data_source_config", "tenant_data_key", "master_key", "audit_log"})
    EXPECT_EQ(rows(table), "0") << table;
  EXPECT_FALSE(std::filesystem::exists(key_file));
}

TEST_F(DataSources, WithoutSecretsNoKeyIsNeeded) {
  const std::vector<ConfigKey> keys{
      {.name = "GIT_URL", .description = "", .is_required = true, .default_value = {}, .pattern = {}}};
  run([&](Process& process) -> Task<> {
    NewDataSource source{.provider = "git", .name = "git", .settings = plain("GIT_URL", "https://example.com/a.git")};
    const auto added = co_await add_data_source(process.vault, k_actor, tenant, source, keys);
    EXPECT_EQ(added->outcome, Outcome::changed);
  });
  EXPECT_FALSE(std::filesystem::exists(key_file));
}

TEST_F(DataSources, AChangedSecretEndsTheRunAndFreesTheSource) {
  const auto epoch = std::to_string(server.add_node().value());
  run([&](Process& process) -> Task<> {
    co_await add_data_source(process.vault, k_actor, tenant, new_source("one", "hush"), declared());
    EXPECT_EQ(claim("one", epoch), "claimed");
    const auto same = co_await change_data_source(process.vault, k_actor, tenant, "one", secret("hush"), declared());
    EXPECT_EQ(same->outcome, Outcome::unchanged);
    EXPECT_EQ(status(), "RUNNING");
    const auto changed = co_await change_data_source(process.vault, k_actor, tenant, "one", secret("hosh"), declared());
    EXPECT_EQ(changed->interrupted, 1);
    EXPECT_EQ(status(), "INTERRUPTED");
    const auto token = co_await token_of(process.vault, tenant, "one");
    EXPECT_EQ(token, "hosh");

    co_await mark_needs_credentials(process.database, tenant, "one", "401");
    EXPECT_EQ(claim("one", epoch), "needs_credentials");
    const auto retry = co_await change_data_source(process.vault, k_actor, tenant, "one", secret("hosh"), declared());
    EXPECT_EQ(retry->outcome, Outcome::changed);
    EXPECT_EQ(claim("one", epoch), "claimed");
  });
}

TEST_F(DataSources, AChangedSecretWakesWhatIsParked) {
  const auto epoch = std::to_string(server.add_node().value());
  run([&](Process& process) -> Task<> {
    co_await add_data_source(process.vault, k_actor, tenant, new_source("one", "hush"), declared());
    EXPECT_EQ(claim("one", epoch), "claimed");
    server.super("UPDATE weir.data_source_run SET status = 'PARKED', wake_at = now() + interval '5 hours'");
    EXPECT_EQ(claim("one", epoch), "parked");
    server.super(
        fmt::format("SELECT weir.enqueue_run('{}', NULL, 0::smallint, 0::smallint, NULL, '{{}}'); "
                    "UPDATE weir.pipeline_execution_queue SET state = 'parked', due_at = now() + interval '5 hours'",
                    to_string(tenant)));
    const auto is_due = [&] { return server.super("SELECT due_at <= now() FROM weir.pipeline_execution_queue"); };
    co_await change_data_source(process.vault, k_actor, tenant, "one", plain("API_ORG", "other"), declared());
    EXPECT_EQ(is_due(), "f");
    co_await change_data_source(process.vault, k_actor, tenant, "one", secret("hosh"), declared());
    EXPECT_EQ(claim("one", epoch), "claimed");
    EXPECT_EQ(is_due(), "t");
  });
}

TEST_F(DataSources, AChangedPlainSettingLetsTheRunGoOn) {
  const auto epoch = std::to_string(server.add_node().value());
  run([&](Process& process) -> Task<> {
    co_await add_data_source(process.vault, k_actor, tenant, new_source("one", "hush"), declared());
    EXPECT_EQ(claim("one", epoch), "claimed");
    const auto changed =
        co_await change_data_source(process.vault, k_actor, tenant, "one", plain("API_ORG", "other"), declared());
    EXPECT_EQ(changed->outcome, Outcome::changed);
    EXPECT_EQ(status(), "RUNNING");
    const auto environment = co_await load_environment(process.vault, tenant, "one", declared());
    EXPECT_EQ(environment->get("API_ORG"), "other");
  });
  EXPECT_EQ(server.super("SELECT before::text || after::text FROM weir.audit_log WHERE action = 'source.set'"),
            R"({"settings": {"API_ORG": "acme"}}{"settings": {"API_ORG": "other"}})");
}

TEST_F(DataSources, IdentityIsFixedFromTheFirstClaimOn) {
  const auto epoch = std::to_string(server.add_node().value());
  run([&](Process& process) -> Task<> {
    co_await add_data_source(process.vault, k_actor, tenant, new_source("one", "hush"), declared());
    const auto url = [](std::string to) { return plain("API_URL", std::move(to)); };
    const auto before =
        co_await change_data_source(process.vault, k_actor, tenant, "one", url("https://b.example.com"), declared());
    EXPECT_EQ(before->outcome, Outcome::changed);
    EXPECT_EQ(claim("one", epoch), "claimed");
    const auto after =
        co_await change_data_source(process.vault, k_actor, tenant, "one", url("https://c.example.com"), declared());
    EXPECT_EQ(after.error().code, ErrorCode::conflict);
    // A provider's new default is no new identity of old sources.
    auto later = declared();
    later[2].default_value = "https://new.example.com";
    const auto environment = co_await load_environment(process.vault, tenant, "one", later);
    EXPECT_EQ(environment->get("API_URL"), "https://b.example.com");
  });
}

TEST_F(DataSources, DisabledNothingRuns) {
  const auto epoch = std::to_string(server.add_node().value());
  run([&](Process& process) -> Task<> {
    co_await add_data_source(process.vault, k_actor, tenant, new_source("one", "hush"), declared());
    EXPECT_EQ(claim("one", epoch), "claimed");
    const auto disabled = co_await disable_data_source(process.database, k_actor, tenant, "one");
    EXPECT_EQ(disabled->interrupted, 1);
    EXPECT_EQ(status(), "CANCELLED");
    EXPECT_EQ(claim("one", epoch), "disabled");
    const auto again = co_await disable_data_source(process.database, k_actor, tenant, "one");
    EXPECT_EQ(again->outcome, Outcome::unchanged);
    const auto enabled = co_await enable_data_source(process.database, k_actor, tenant, "one");
    EXPECT_EQ(enabled->outcome, Outcome::changed);
    EXPECT_EQ(claim("one", epoch), "claimed");
    co_await mark_needs_credentials(process.database, tenant, "one", "401");
    const auto freed = co_await enable_data_source(process.database, k_actor, tenant, "one");
    EXPECT_EQ(freed->outcome, Outcome::changed);
    const auto source = co_await find_data_source(process.database, tenant, "one");
    EXPECT_EQ(source->needs_credentials, std::nullopt);
  });
}

TEST_F(DataSources, OneAddedToAPausedTenantWaitsWithIt) {
  const auto epoch = std::to_string(server.add_node().value());
  run([&](Process& process) -> Task<> {
    co_await pause_tenant(process.database, k_actor, tenant);
    co_await add_data_source(process.vault, k_actor, tenant, new_source("one", "hush"), declared());
    EXPECT_EQ(claim("one", epoch), "paused");
    co_await resume_tenant(process.database, k_actor, tenant);
    EXPECT_EQ(claim("one", epoch), "claimed");
  });
}

constexpr pg::Statement k_claim{
    "test.claim", "SELECT outcome FROM weir.claim_script($1, 'one', $2, weir.uuid_v7(), $3, null, 99, true)"};

Task<> disable_into(pg::Database& database, TenantId tenant, bool& is_done) {
  const auto disabled = co_await disable_data_source(database, k_actor, tenant, "one");
  EXPECT_EQ(disabled->interrupted, 1);
  is_done = true;
}

// The promise of disable: when it returns, nothing runs and nothing will, whatever was being claimed meanwhile. The row
// of the claim in flight is not visible yet.
TEST_F(DataSources, DisablingWaitsForAClaimInFlight) {
  const auto epoch = server.add_node().value();
  run([&](Process& process) -> Task<> {
    co_await add_data_source(process.vault, k_actor, tenant, new_source("one", "hush"), declared());
    server.super("UPDATE weir.data_source SET first_import_at = now()");  // later claims leave this row alone
    auto claim_in_flight = co_await process.database.begin(pg::Scope::tenant(tenant));
    const auto rows = co_await claim_in_flight.query(k_claim, pg::Params(tenant, "example/thing", epoch));
    EXPECT_EQ(rows.one().get<std::string>("outcome"), "claimed");
    TaskGroup group(co_await asio::this_coro::executor);
    bool is_done = false;
    group.spawn("disable", disable_into(process.database, tenant, is_done));
    co_await until_somebody_waits(server, is_done);
    EXPECT_FALSE(is_done);
    co_await claim_in_flight.commit();
    co_await group.wait();
    EXPECT_TRUE(is_done);
  });
  EXPECT_EQ(status(), "CANCELLED");
}

}  // namespace
}  // namespace weir::tenancy
