#include "load/resource_tables.hpp"

#include <unistd.h>

#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "pg/blocking_session.hpp"
#include "tests/support/run.hpp"
#include "tests/support/test_database.hpp"

namespace weir::load {
namespace {

namespace fs = std::filesystem;

class ResourceTables : public testing::Test {
 protected:
  ResourceTables() : directory_(fs::temp_directory_path() / fmt::format("weir-tables-{}", ::getpid())) {
    fs::create_directories(directory_);
    declare("release",
            "name: release\ndescription: It's a version\nkey: [repo_key, release_key]\n"
            "columns: {repo_key: text, release_key: text, tag: {type: text, description: The tag's name}}\n");
  }
  ~ResourceTables() override { fs::remove_all(directory_); }

  void declare(const std::string& name, std::string_view text) const {
    std::ofstream(directory_ / (name + ".yaml")) << text;
  }
  ResourceCatalog catalog() const { return ResourceCatalog::read({directory_}).value(); }
  Result<> ensure() {
    Result<> result;
    test::run([&](test::Context context) -> Task<> {
      pg::Pool pool(context.executor(), context.blocking, database.pool_settings(2));
      pg::Database door(pool, database.roles());
      const auto declared = catalog();
      result = co_await ensure_resource_tables(door, declared);
    });
    return result;
  }
  std::string columns() const {
    return database.super(
        "SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN '!' ELSE '' "
        "END, ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'data.release'::regclass AND attnum > 0");
  }

  test::TestDatabase database;

 private:
  fs::path directory_;
};

TEST_F(ResourceTables, AreCreatedWithKeyCommentsGrantsAndPolicies) {
  ASSERT_TRUE(ensure());
  EXPECT_EQ(
      columns(),
      "tenant_id uuid!, data_source text!, repo_key text!, release_key text!, script text!, imported_at timestamp "
      "with time zone!, run_id uuid!, deleted_at timestamp with time zone, tag text");
  EXPECT_EQ(database.super("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = "
                           "'data.release'::regclass"),
            "PRIMARY KEY (tenant_id, data_source, repo_key, release_key)");
  EXPECT_EQ(database.super("SELECT obj_description('data.release'::regclass)"), "home: It's a version");
  EXPECT_EQ(database.super("SELECT col_description('data.release'::regclass, 9)"), "The tag's name");
  EXPECT_EQ(database.super("SELECT count(*) FROM pg_policy WHERE polrelid = 'data.release'::regclass"), "3");
  EXPECT_EQ(database.super(fmt::format("SELECT has_table_privilege('{0}', 'data.release', 'SELECT') AND NOT "
                                       "has_table_privilege('{0}', 'data.release', 'INSERT')",
                                       database.roles().reader())),
            "t");
}

TEST_F(ResourceTables, ASecondCallFindsNothingToDoAndTakesNoLock) {
  ASSERT_TRUE(ensure());
  auto session = pg::BlockingSession::open(database.superuser_url()).value();
  session.run_script({"test.lock",
                      "BEGIN; LOCK TABLE data.release; SELECT pg_advisory_xact_lock(hashtextextended("
                      "'weir.ensure_resource_table', 0))"});
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(ensure());
  EXPECT_LT(std::chrono::steady_clock::now() - began, 1s);
}

TEST_F(ResourceTables, MissingColumnsAreAddedNullableAndNothingIsNarrowed) {
  ASSERT_TRUE(ensure());
  declare("release",
          "name: release\nkey: [repo_key, release_key]\n"
          "columns: {repo_key: text, release_key: text, risk: {type: numeric, description: How risky}}\n");
  ASSERT_TRUE(ensure());
  EXPECT_TRUE(columns().ends_with("tag text, risk numeric")) << columns();
  EXPECT_EQ(database.super("SELECT col_description('data.release'::regclass, 10)"), "How risky");
}

TEST_F(ResourceTables, AContradictionIsAnErrorThatNamesTheRemedy) {
  ASSERT_TRUE(ensure());
  declare("release",
          "name: release\nkey: [repo_key, release_key]\n"
          "columns: {repo_key: text, release_key: text, tag: bigint}\n");
  const auto type = ensure();
  ASSERT_FALSE(type);
  EXPECT_EQ(type.error().code, ErrorCode::configuration);
  EXPECT_TRUE(type.error().message.contains("data.release.tag is not bigint")) << type.error().message;
  declare("release", "name: release\nkey: [release_key]\ncolumns: {release_key: text}\n");
  const auto key = ensure();
  ASSERT_FALSE(key);
  EXPECT_TRUE(key.error().message.contains("(tenant_id, data_source, repo_key, release_key)")) << key.error().message;
  database.super("CREATE TABLE data.deploy (id text)");
  declare("deploy", "name: deploy\nkey: [id]\ncolumns: {id: text}\n");
  declare("release", "name: release\nkey: [repo_key, release_key]\ncolumns: {repo_key: text, release_key: text}\n");
  const auto foreign = ensure();
  ASSERT_FALSE(foreign);
  EXPECT_TRUE(foreign.error().message.contains("data.deploy has no forced row-level security"));
}

TEST_F(ResourceTables, ConcurrentCallsCreateEachTableOnce) {
  const auto declared = catalog();
  test::run([&](test::Context context) -> Task<> {
    pg::Pool pool(context.executor(), context.blocking, database.pool_settings(8));
    pg::Database door(pool, database.roles());
    int succeeded = 0;
    const auto one = [](pg::Database& there, const ResourceCatalog& what, int& count) -> Task<> {
      const auto result = co_await ensure_resource_tables(there, what);
      if (result) ++count;
    };
    TaskGroup group(context.executor());
    for (int i = 0; i < 8; ++i) group.spawn("ensure", one(door, declared, succeeded));
    co_await group.wait();
    EXPECT_EQ(succeeded, 8);
  });
  EXPECT_FALSE(columns().empty());
}

TEST_F(ResourceTables, AColumnWaitsForATransactionThatHoldsTheTable) {
  ASSERT_TRUE(ensure());
  declare("release",
          "name: release\nkey: [repo_key, release_key]\n"
          "columns: {repo_key: text, release_key: text, risk: numeric}\n");
  auto holder = pg::BlockingSession::open(database.superuser_url()).value();
  holder.run_script({"test.hold", "BEGIN; SELECT * FROM data.release"});
  const auto declared = catalog();
  test::run([&](test::Context context) -> Task<> {
    pg::Pool pool(context.executor(), context.blocking, database.pool_settings(2));
    pg::Database door(pool, database.roles());
    Result<> result;
    const auto ensure_it = [](pg::Database& there, const ResourceCatalog& what, Result<>& out) -> Task<> {
      out = co_await ensure_resource_tables(there, what);
    };
    TaskGroup group(context.executor());
    group.spawn("ensure", ensure_it(door, declared, result));
    co_await sleep_for(1200ms);  // the first attempt has met its lock time-out
    holder.run_script({"test.release", "COMMIT"});
    co_await group.wait();
    EXPECT_TRUE(result);
  });
  EXPECT_TRUE(columns().ends_with("risk numeric")) << columns();
}

}  // namespace
}  // namespace weir::load
