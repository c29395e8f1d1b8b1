#include "tenancy/rotation.hpp"

#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "tenancy/secrets_status.hpp"
#include "tests/support/tenancy.hpp"

namespace weir::tenancy {
namespace {

using testing::declared;
using testing::k_actor;
using testing::new_source;
using testing::Process;
using testing::token_of;

struct Crash : std::runtime_error {
  Crash() : std::runtime_error("crash") {}
};

// A key file whose process dies right after a key was added, before the database knows.
class DyingKeyFile : public KeyFile {
 public:
  using KeyFile::KeyFile;
  Task<Result<>> add_key(std::string expected_active) override {
    co_await KeyFile::add_key(std::move(expected_active));
    throw Crash();
  }
};

struct Rotations : ::testing::Test {
  test::TestDatabase server;
  test::TemporaryDirectory directory;
  std::filesystem::path key_file = directory.path() / "master.key";
  std::vector<TenantId> tenants;

  template <class Function>
  void run(int count, Function function) {
    test::run([&](test::Context context) -> Task<> {
      Process process(context, server, key_file);
      for (int i = 0; i < count; ++i) {
        tenants.push_back(server.add_tenant("t" + std::to_string(i)));
        co_await add_data_source(process.vault, k_actor, tenants.back(), new_source("one", to_string(tenants.back())),
                                 declared());
      }
      co_await function(process);
    });
  }
  // By a process that just began and knows only what is stored.
  Task<> expect_all_readable(Process& process) {
    Process fresh(process.context, server, key_file);
    for (const auto& tenant : tenants) {
      const auto token = co_await token_of(fresh.vault, tenant, "one");
      EXPECT_EQ(token, to_string(tenant));
    }
  }
  std::string count(const std::string& of) { return server.super("SELECT count(*) FROM weir." + of); }
};

TEST_F(Rotations, MoveEveryTenantToANewMasterKey) {
  run(5, [&](Process& process) -> Task<> {
    const auto first = read_key_file(key_file)->active_id();
    const auto rotation = co_await rotate_master_key(process.vault, k_actor, {.batch_keys = 2});
    EXPECT_FALSE(rotation->was_resumed);
    EXPECT_EQ(rotation->rewrapped, 5);
    EXPECT_EQ(rotation->retired, std::vector{first});
    EXPECT_EQ(read_key_file(key_file)->active_id(), rotation->active);
    co_await expect_all_readable(process);
    const auto again = co_await rotate_master_key(process.vault, k_actor, {});
    EXPECT_EQ(again->rewrapped, 5);
    EXPECT_NE(again->active, rotation->active);
    co_await expect_all_readable(process);
    EXPECT_EQ(read_key_file(key_file)->entries().size(), 3U);
  });
  EXPECT_EQ(server.super("SELECT string_agg(DISTINCT action, ' ' ORDER BY action) FROM weir.audit_log"),
            "secrets.retire secrets.rotate source.add");
}

TEST_F(Rotations, AfterwardsTheOldFileIsTheWrongKey) {
  run(1, [&](Process& process) -> Task<> {
    const auto old_file = directory.path() / "old.key";
    std::filesystem::copy_file(key_file, old_file);
    co_await rotate_master_key(process.vault, k_actor, {});
    Process stale(process.context, server, old_file);
    const auto checked = co_await stale.vault.check();
    EXPECT_EQ(checked.error().code, ErrorCode::wrong_key);
    const auto added = co_await add_data_source(stale.vault, k_actor, tenants[0], new_source("two", "x"), declared());
    EXPECT_EQ(added.error().code, ErrorCode::wrong_key);
  });
}

TEST_F(Rotations, AProcessThatKnowsTheOldRingReadsTheFileAgain) {
  run(2, [&](Process& process) -> Task<> {
    Process old(process.context, server, key_file);
    co_await token_of(old.vault, tenants[0], "one");
    co_await rotate_master_key(process.vault, k_actor, {});
    const auto token = co_await token_of(old.vault, tenants[1], "one");
    EXPECT_EQ(token, to_string(tenants[1]));
  });
}

TEST_F(Rotations, ACrashAtAnyStepLeavesAllReadableAndIsResumed) {
  run(3, [&](Process& process) -> Task<> {
    bool is_finished = false;
    for (int crash_at = 0; !is_finished; ++crash_at) {
      const auto keys_before = read_key_file(key_file)->entries().size();
      int step = 0;
      const auto progress = [&](std::int64_t) {
        if (step++ == crash_at) throw Crash();
      };
      bool is_crashed = false;
      try {
        co_await rotate_master_key(process.vault, k_actor, {.batch_keys = 1, .on_progress = progress});
      } catch (const Crash&) {
        is_crashed = true;
      }
      is_finished = !is_crashed;
      co_await expect_all_readable(process);
      if (is_finished) break;
      const auto resumed = co_await rotate_master_key(process.vault, k_actor, {});
      EXPECT_TRUE(resumed) << resumed.error().message;
      EXPECT_EQ(count("master_key WHERE retired_at IS NULL"), "1");
      EXPECT_EQ(count("tenant_data_key WHERE master_key_id <> '" + resumed->active + "'"), "0");
      // Until the old key is retired there is one new key, however often it was begun.
      if (resumed->was_resumed) EXPECT_EQ(read_key_file(key_file)->entries().size(), keys_before + 1);
      co_await expect_all_readable(process);
      EXPECT_LT(crash_at, 50);
    }
  });
}

TEST_F(Rotations, ACrashBetweenFileAndDatabaseIsResumed) {
  run(2, [&](Process& process) -> Task<> {
    DyingKeyFile dying(process.context.blocking, {.path = key_file, .makes_first_key = true});
    Vault vault(process.database, dying);
    bool is_crashed = false;
    try {
      co_await rotate_master_key(vault, k_actor, {});
    } catch (const Crash&) {
      is_crashed = true;
    }
    EXPECT_TRUE(is_crashed);
    EXPECT_EQ(read_key_file(key_file)->entries().size(), 2U);
    co_await expect_all_readable(process);
    const auto resumed = co_await rotate_master_key(process.vault, k_actor, {});
    EXPECT_TRUE(resumed->was_resumed);
    EXPECT_EQ(resumed->rewrapped, 2);
    EXPECT_EQ(read_key_file(key_file)->entries().size(), 2U);
    co_await expect_all_readable(process);
  });
}

// An operator whose file Weir cannot write puts the new key first himself.
TEST_F(Rotations, AKeyPutFirstByHandIsTakenOver) {
  run(2, [&](Process& process) -> Task<> {
    EXPECT_TRUE(add_key_to_file(key_file, read_key_file(key_file)->active_id()));
    const auto rotation = co_await rotate_master_key(process.vault, k_actor, {});
    EXPECT_TRUE(rotation->was_resumed);
    EXPECT_EQ(rotation->rewrapped, 2);
    EXPECT_EQ(read_key_file(key_file)->entries().size(), 2U);
    co_await expect_all_readable(process);
  });
}

Task<> rotate_into(Vault& vault, Result<MasterRotation>& outcome) {
  outcome = co_await rotate_master_key(vault, k_actor, {.batch_keys = 1});
}

TEST_F(Rotations, TwoAtOnceEndWithOneActiveKey) {
  run(6, [&](Process& process) -> Task<> {
    Process second(process.context, server, key_file);
    Result<MasterRotation> first_outcome;
    Result<MasterRotation> second_outcome;
    TaskGroup group(co_await asio::this_coro::executor);
    group.spawn("first", rotate_into(process.vault, first_outcome));
    group.spawn("second", rotate_into(second.vault, second_outcome));
    co_await group.wait();
    EXPECT_TRUE(first_outcome) << first_outcome.error().message;
    EXPECT_TRUE(second_outcome) << second_outcome.error().message;
    EXPECT_EQ(count("master_key WHERE retired_at IS NULL"), "1");
    EXPECT_EQ(
        count("tenant_data_key k JOIN weir.master_key m ON m.id = k.master_key_id WHERE m.retired_at IS NOT NULL"),
        "0");
    co_await expect_all_readable(process);
  });
}

Task<> add_many(Process& process, std::vector<TenantId> ids) {
  for (const auto& id : ids) {
    const auto added =
        co_await add_data_source(process.vault, k_actor, id, new_source("one", to_string(id)), declared());
    EXPECT_TRUE(added) << added.error().message;
  }
}

TEST_F(Rotations, TenantsAddedMeanwhileStayReadable) {
  run(4, [&](Process& process) -> Task<> {
    std::vector<TenantId> added;
    for (int i = 0; i < 20; ++i) added.push_back(server.add_tenant("new" + std::to_string(i)));
    Process second(process.context, server, key_file);
    TaskGroup group(co_await asio::this_coro::executor);
    group.spawn("adds", add_many(second, added));
    for (int round = 0; round < 5; ++round) {
      const auto rotation = co_await rotate_master_key(process.vault, k_actor, {.batch_keys = 1});
      EXPECT_TRUE(rotation) << rotation.error().message;
    }
    co_await group.wait();
    tenants.insert(tenants.end(), added.begin(), added.end());
    co_await expect_all_readable(process);
    EXPECT_EQ(
        count("tenant_data_key k JOIN weir.master_key m ON m.id = k.master_key_id WHERE m.retired_at IS NOT NULL"),
        "0");
  });
}

Task<> rotate_until_done(Vault& vault, Result<MasterRotation>& outcome, bool& is_done) {
  outcome = co_await rotate_master_key(vault, k_actor, {});
  is_done = true;
}

// A tenant that was sealed with the old key while the walk over all tenants could not see it yet.
TEST_F(Rotations, TheOldKeyIsRetiredOnlyWhenNobodyWrapsWithIt) {
  run(1, [&](Process& process) -> Task<> {
    const auto late = server.add_tenant("late");
    auto transaction = co_await process.database.begin(pg::Scope::tenant(late));
    const auto sealing = co_await process.vault.sealing_key(transaction, late);
    EXPECT_TRUE(sealing);
    Process second(process.context, server, key_file);
    TaskGroup group(co_await asio::this_coro::executor);
    Result<MasterRotation> rotation;
    bool is_done = false;
    group.spawn("rotate", rotate_until_done(second.vault, rotation, is_done));
    co_await testing::until_somebody_waits(server, is_done);
    EXPECT_FALSE(is_done);
    co_await transaction.commit();
    co_await group.wait();
    EXPECT_EQ(rotation->rewrapped, 2);
    EXPECT_EQ(rotation->retired.size(), 1U);
    EXPECT_EQ(count("tenant_data_key WHERE master_key_id <> '" + rotation->active + "'"), "0");
  });
}

TEST_F(Rotations, ADamagedDataKeyIsReportedAndTheRestGoesOn) {
  run(3, [&](Process& process) -> Task<> {
    server.super("UPDATE weir.tenant_data_key SET wrapped = 'x' WHERE tenant_id = '" + to_string(tenants[1]) + "'");
    const auto rotation = co_await rotate_master_key(process.vault, k_actor, {});
    EXPECT_EQ(rotation->rewrapped, 2);
    EXPECT_EQ(rotation->unreadable.size(), 1U);
    EXPECT_EQ(rotation->unreadable.at(0).tenant, tenants[1]);
    EXPECT_TRUE(rotation->retired.empty());
    tenants.erase(tenants.begin() + 1);
    co_await expect_all_readable(process);
  });
}

TEST_F(Rotations, DataKeysAreReplacedAndSecretsKeepTheirAge) {
  run(3, [&](Process& process) -> Task<> {
    server.super("UPDATE weir.tenant_data_source_config SET updated_at = '2020-01-01'");
    const auto before = server.super("SELECT string_agg(id::text, ',') FROM weir.tenant_data_key");
    const auto done = co_await rotate_data_keys(process.vault, k_actor, std::chrono::seconds(0), {.batch_keys = 2});
    EXPECT_EQ(done->tenants, 3);
    EXPECT_EQ(done->secrets, 3);
    EXPECT_EQ(count("tenant_data_key"), "3");
    EXPECT_EQ(count("tenant_data_key WHERE id::text = ANY (string_to_array('" + before + "', ','))"), "0");
    EXPECT_EQ(count("tenant_data_source_config WHERE updated_at <> '2020-01-01'"), "0");
    co_await expect_all_readable(process);
    const auto young = co_await rotate_data_keys(process.vault, k_actor, std::chrono::hours(1), {});
    EXPECT_EQ(young->tenants, 0);
  });
}

TEST_F(Rotations, ADataKeyRotationThatCrashesLeavesAllReadable) {
  run(3, [&](Process& process) -> Task<> {
    for (int crash_at = 0; crash_at < 3; ++crash_at) {
      int step = 0;
      const auto progress = [&](std::int64_t) {
        if (step++ == crash_at) throw Crash();
      };
      bool is_crashed = false;
      try {
        co_await rotate_data_keys(process.vault, k_actor, std::chrono::seconds(0), {.on_progress = progress});
      } catch (const Crash&) {
        is_crashed = true;
      }
      EXPECT_TRUE(is_crashed);
      co_await expect_all_readable(process);
    }
    EXPECT_EQ(count("tenant_data_key"), "3");
  });
}

TEST_F(Rotations, ASecretThatCannotBeOpenedStaysAsItWas) {
  run(2, [&](Process& process) -> Task<> {
    server.super("UPDATE weir.tenant_data_source_config SET ciphertext = 'x' WHERE is_secret AND tenant_id = '" +
                 to_string(tenants[0]) + "'");
    const auto done = co_await rotate_data_keys(process.vault, k_actor, std::chrono::seconds(0), {});
    EXPECT_EQ(done->secrets, 1);
    EXPECT_EQ(done->unreadable.size(), 1U);
    EXPECT_EQ(count("tenant_data_source_config WHERE ciphertext = 'x'"), "1");
    tenants.erase(tenants.begin());
    co_await expect_all_readable(process);
  });
}

TEST_F(Rotations, ALostMasterKeyIsReplacedWhenTheOperatorSaysSo) {
  run(2, [&](Process& process) -> Task<> {
    const auto early = co_await replace_lost_master_keys(process.vault, k_actor);
    EXPECT_EQ(early.error().code, ErrorCode::conflict);
    std::filesystem::remove(key_file);
    const auto marked = co_await replace_lost_master_keys(process.vault, k_actor);
    EXPECT_EQ(*marked, 2);
    EXPECT_EQ(count("data_source WHERE needs_credentials LIKE '%is lost%'"), "2");
    co_await change_data_source(process.vault, k_actor, tenants[0], "one", testing::secret(to_string(tenants[0])),
                                declared());
    EXPECT_EQ(count("data_source WHERE needs_credentials IS NULL"), "1");
    tenants.pop_back();
    co_await expect_all_readable(process);
    const auto state = co_await process.vault.check();
    EXPECT_EQ(*state, KeyState::ready);
  });
}

TEST_F(Rotations, TheStatusShowsKeysAndAges) {
  run(2, [&](Process& process) -> Task<> {
    server.super("UPDATE weir.tenant_data_source_config SET updated_at = '2020-01-01' WHERE tenant_id = '" +
                 to_string(tenants[1]) + "'");
    const auto rotation = co_await rotate_master_key(process.vault, k_actor, {});
    const auto status = co_await read_secrets_status(process.vault, 1);
    EXPECT_EQ(status->master_keys.size(), 2U);
    EXPECT_EQ(status->master_keys.at(0).id, rotation->active);
    EXPECT_TRUE(status->master_keys.at(0).is_active);
    EXPECT_EQ(status->master_keys.at(0).data_keys, 2);
    EXPECT_TRUE(status->master_keys.at(1).retired_at);
    EXPECT_EQ(status->master_keys.at(1).data_keys, 0);
    EXPECT_EQ(status->secrets, 2);
    EXPECT_EQ(status->oldest.size(), 1U);
    EXPECT_EQ(status->oldest.at(0).tenant_key, "t1");
  });
}

}  // namespace
}  // namespace weir::tenancy
