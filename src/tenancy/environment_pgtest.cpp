#include "tenancy/environment.hpp"

#include <gtest/gtest.h>

#include "tests/support/tenancy.hpp"

namespace weir::tenancy {
namespace {

using testing::declared;
using testing::k_actor;
using testing::new_source;
using testing::Process;

struct Environments : ::testing::Test {
  test::TestDatabase server;
  test::TemporaryDirectory directory;
  std::filesystem::path key_file = directory.path() / "master.key";
  TenantId tenant = server.add_tenant("acme");

  template <class Function>
  void run(Function function) {
    test::run([&](test::Context context) -> Task<> {
      Process process(context, server, key_file);
      co_await add_data_source(process.vault, k_actor, tenant, new_source("one", "hush"), declared());
      co_await function(process);
    });
  }
  Task<Error> error_of(Process& process, TenantId owner, std::string source) {
    const auto environment = co_await load_environment(process.vault, owner, source, declared());
    if (!environment) co_return environment.error();
    ADD_FAILURE() << "it was opened";
    co_return Error{};
  }
};

TEST_F(Environments, HoldSettingsSecretsAndDefaults) {
  run([&](Process& process) -> Task<> {
    const auto environment = co_await load_environment(process.vault, tenant, "one", declared());
    EXPECT_EQ(environment->get("API_ORG"), "acme");
    EXPECT_EQ(environment->get("API_NOTE"), "none");
    EXPECT_EQ(environment->get("API_TOKEN"), std::nullopt);
    EXPECT_EQ(environment->secret("API_TOKEN")->reveal(), "hush");
    EXPECT_EQ(environment->values().size(), 3U);
  });
}

TEST_F(Environments, LeaveOutWhatTheProviderDoesNotDeclare) {
  run([&](Process& process) -> Task<> {
    auto fewer = declared();
    fewer.erase(fewer.begin(), fewer.begin() + 2);
    const auto environment = co_await load_environment(process.vault, tenant, "one", fewer);
    EXPECT_FALSE(environment->has("API_TOKEN"));
    EXPECT_FALSE(environment->has("API_ORG"));
  });
}

TEST_F(Environments, WithoutARequiredKeySayWhich) {
  run([&](Process& process) -> Task<> {
    server.super("DELETE FROM weir.tenant_data_source_config WHERE key = 'API_ORG'");
    const auto plain = co_await error_of(process, tenant, "one");
    EXPECT_EQ(plain.code, ErrorCode::invalid_input);
    EXPECT_TRUE(plain.message.contains("API_ORG")) << plain.message;
    server.super("DELETE FROM weir.tenant_data_source_config WHERE key = 'API_TOKEN'");
    const auto secret = co_await error_of(process, tenant, "one");
    EXPECT_EQ(secret.code, ErrorCode::needs_credentials);
    const auto nowhere = co_await error_of(process, tenant, "two");
    EXPECT_EQ(nowhere.code, ErrorCode::not_found);
  });
}

TEST_F(Environments, ATamperedSecretNeedsCredentials) {
  run([&](Process& process) -> Task<> {
    server.super(
        "UPDATE weir.tenant_data_source_config SET ciphertext = set_byte(ciphertext, 30, "
        "get_byte(ciphertext, 30) # 1) WHERE is_secret");
    const auto error = co_await error_of(process, tenant, "one");
    EXPECT_EQ(error.code, ErrorCode::needs_credentials);
    EXPECT_TRUE(error.message.contains("API_TOKEN of data source one")) << error.message;
  });
}

// Whoever can write the tables cannot make Weir hand one tenant's secret to another, or to another place.
TEST_F(Environments, ACopiedSecretIsRefused) {
  const auto other = server.add_tenant("other");
  run([&](Process& process) -> Task<> {
    co_await add_data_source(process.vault, k_actor, other, new_source("one", "own"), declared());
    co_await add_data_source(process.vault, k_actor, tenant, new_source("two", "second"), declared());
    const auto acme = "'" + to_string(tenant) + "'";
    const auto copy =
        "UPDATE weir.tenant_data_source_config c SET ciphertext = s.ciphertext, data_key_id = s.data_key_id "
        "FROM weir.tenant_data_source_config s WHERE s.is_secret AND s.tenant_id = " +
        acme + " AND s.data_source = 'one' AND c.is_secret";
    server.super(copy + " AND c.data_source = 'two'");
    const auto moved = co_await error_of(process, tenant, "two");
    EXPECT_EQ(moved.code, ErrorCode::needs_credentials);
    server.super(copy + " AND c.tenant_id <> " + acme);
    server.super("INSERT INTO weir.tenant_data_key (tenant_id, id, master_key_id, wrapped) SELECT '" +
                 to_string(other) +
                 "', id, master_key_id, wrapped FROM weir.tenant_data_key WHERE tenant_id = " + acme);
    const auto stolen = co_await error_of(process, other, "one");
    EXPECT_EQ(stolen.code, ErrorCode::needs_credentials);
  });
}

TEST_F(Environments, WithoutTheMasterKeyNeedCredentialsUntilItIsBack) {
  run([&](Process& process) -> Task<> {
    const auto away = directory.path() / "away";
    std::filesystem::rename(key_file, away);
    Process second(process.context, server, key_file);
    const auto state = co_await second.vault.check();
    EXPECT_EQ(*state, KeyState::missing);
    const auto error = co_await error_of(second, tenant, "one");
    EXPECT_EQ(error.code, ErrorCode::needs_credentials);
    co_await mark_needs_credentials(second.database, tenant, "one", error.message);
    // Nobody said that it is lost for good, so no new key takes its place.
    const auto entered =
        co_await change_data_source(second.vault, k_actor, tenant, "one", testing::secret("again"), declared());
    EXPECT_EQ(entered.error().code, ErrorCode::wrong_key);
    EXPECT_FALSE(std::filesystem::exists(key_file));

    std::filesystem::rename(away, key_file);
    const auto back = co_await second.vault.check();
    EXPECT_EQ(*back, KeyState::ready);
    const auto source = co_await find_data_source(second.database, tenant, "one");
    EXPECT_EQ(source->needs_credentials, std::nullopt);
    const auto token = co_await testing::token_of(second.vault, tenant, "one");
    EXPECT_EQ(token, "hush");
  });
}

}  // namespace
}  // namespace weir::tenancy
