#include "tenancy/vault.hpp"

#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "tests/support/tenancy.hpp"

namespace weir::tenancy {
namespace {

namespace fs = std::filesystem;
using testing::declared;
using testing::k_actor;
using testing::new_source;
using testing::Process;
using testing::token_of;

struct Vaults : ::testing::Test {
  test::TestDatabase server;
  test::TemporaryDirectory directory;
  fs::path key_file = directory.path() / "master.key";
  TenantId tenant = server.add_tenant("acme");

  template <class Function>
  void run(Function function) {
    test::run([&](test::Context context) -> Task<> {
      Process process(context, server, key_file);
      co_await function(process);
    });
  }
  Task<Result<Changed>> add(Process& process, std::string source) {
    co_return co_await add_data_source(process.vault, k_actor, tenant, new_source(source, source + "-token"),
                                       declared());
  }
};

TEST_F(Vaults, NeedNoKeyBeforeTheFirstSecret) {
  run([&](Process& process) -> Task<> {
    const auto before = co_await process.vault.check();
    EXPECT_EQ(*before, KeyState::unused);
    EXPECT_FALSE(fs::exists(key_file));
    co_await add(process, "one");
    EXPECT_TRUE(fs::exists(key_file));
    const auto after = co_await process.vault.check();
    EXPECT_EQ(*after, KeyState::ready);
  });
}

TEST_F(Vaults, AnExternalDatabaseIsToldHowToMakeAKey) {
  run([&](Process& process) -> Task<> {
    Process unset(process.context, server, "", false);
    const auto nowhere = co_await add(unset, "one");
    EXPECT_EQ(nowhere.error().code, ErrorCode::configuration);
    EXPECT_TRUE(nowhere.error().message.contains("weir secrets init")) << nowhere.error().message;
    Process missing(process.context, server, key_file, false);
    const auto absent = co_await add(missing, "one");
    EXPECT_EQ(absent.error().code, ErrorCode::configuration);
    EXPECT_TRUE(absent.error().message.contains("does not exist")) << absent.error().message;
    EXPECT_FALSE(fs::exists(key_file));
    EXPECT_EQ(server.super("SELECT count(*) FROM weir.data_source"), "0");
  });
}

TEST_F(Vaults, AnotherFileIsTheWrongKey) {
  run([&](Process& process) -> Task<> {
    co_await add(process, "one");
    const auto other_file = directory.path() / "other.key";
    EXPECT_TRUE(add_key_to_file(other_file, ""));
    Process other(process.context, server, other_file);
    const auto checked = co_await other.vault.check();
    EXPECT_EQ(checked.error().code, ErrorCode::wrong_key);
    // Not even a tenant without keys may be sealed with it: two files would divide the tenants.
    const auto second = server.add_tenant("second");
    const auto added = co_await add_data_source(other.vault, k_actor, second, new_source("one", "x"), declared());
    EXPECT_EQ(added.error().code, ErrorCode::wrong_key);
    EXPECT_EQ(server.super("SELECT count(*) FROM weir.master_key"), "1");
  });
}

TEST_F(Vaults, TheRightIdWithAnotherKeyIsTheWrongKey) {
  run([&](Process& process) -> Task<> {
    co_await add(process, "one");
    const auto id = read_key_file(key_file)->active_id();
    const auto forged = KeyRing::with_active(Secret(), id, Key::generate());
    std::ofstream(key_file) << forged.reveal();
    const auto checked = co_await process.vault.check();
    EXPECT_EQ(checked.error().code, ErrorCode::wrong_key);
    EXPECT_TRUE(checked.error().message.contains("put the right file back")) << checked.error().message;
    const auto added = co_await add(process, "two");
    EXPECT_EQ(added.error().code, ErrorCode::wrong_key);
  });
}

TEST_F(Vaults, FirstSecretsOfManyProcessesAtOnceShareOneKey) {
  std::vector<TenantId> tenants;
  for (int i = 0; i < 8; ++i) tenants.push_back(server.add_tenant("t" + std::to_string(i)));
  run([&](Process& process) -> Task<> {
    std::vector<std::unique_ptr<Process>> processes;
    TaskGroup group(co_await asio::this_coro::executor);
    std::vector<Result<Changed>> outcomes(tenants.size());
    const auto add_one = [](Process& one, TenantId id, Result<Changed>& outcome) -> Task<> {
      outcome = co_await add_data_source(one.vault, k_actor, id, new_source("one", to_string(id)), declared());
    };
    for (std::size_t i = 0; i < tenants.size(); ++i) {
      processes.push_back(std::make_unique<Process>(process.context, server, key_file));
      group.spawn("add", add_one(*processes.back(), tenants[i], outcomes[i]));
    }
    co_await group.wait();
    for (std::size_t i = 0; i < tenants.size(); ++i) {
      EXPECT_TRUE(outcomes[i]) << outcomes[i].error().message;
      const auto token = co_await token_of(process.vault, tenants[i], "one");
      EXPECT_EQ(token, to_string(tenants[i]));
    }
  });
  EXPECT_EQ(server.super("SELECT count(*) FROM weir.master_key"), "1");
  EXPECT_EQ(server.super("SELECT count(*) FROM weir.tenant_data_key"), "8");
  EXPECT_EQ(read_key_file(key_file)->entries().size(), 1U);
}

TEST_F(Vaults, OneDataKeySealsAllSecretsOfATenant) {
  run([&](Process& process) -> Task<> {
    co_await add(process, "one");
    co_await add(process, "two");
    const auto first = co_await token_of(process.vault, tenant, "one");
    const auto second = co_await token_of(process.vault, tenant, "two");
    EXPECT_EQ(first + second, "one-tokentwo-token");
  });
  EXPECT_EQ(server.super("SELECT count(*) FROM weir.tenant_data_key"), "1");
}

TEST_F(Vaults, ADamagedDataKeyGivesWayToANewOne) {
  run([&](Process& process) -> Task<> {
    co_await add(process, "one");
    co_await add(process, "two");
    server.super("UPDATE weir.tenant_data_key SET wrapped = set_byte(wrapped, 40, get_byte(wrapped, 40) # 1)");
    const auto broken = co_await load_environment(process.vault, tenant, "one", declared());
    EXPECT_EQ(broken.error().code, ErrorCode::needs_credentials);
    co_await change_data_source(process.vault, k_actor, tenant, "one", testing::secret("again"), declared());
    const auto token = co_await token_of(process.vault, tenant, "one");
    EXPECT_EQ(token, "again");
    const auto other = co_await load_environment(process.vault, tenant, "two", declared());
    EXPECT_EQ(other.error().code, ErrorCode::needs_credentials);
  });
}

}  // namespace
}  // namespace weir::tenancy
