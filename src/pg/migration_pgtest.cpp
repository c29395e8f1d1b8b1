#include "pg/migration.hpp"

#include <future>

#include <gtest/gtest.h>

#include "pg/role_setup.hpp"
#include "tests/support/fresh_database.hpp"

namespace weir::pg {
namespace {

constexpr Migration k_first{1, "first",
                            "CREATE TABLE weir.one (n int); GRANT INSERT, SELECT ON weir.one TO {{control}};"};
constexpr Migration k_data{2, "data", "-- as: control\nINSERT INTO weir.one VALUES (1);"};
constexpr Migration k_third{3, "third", "CREATE TABLE weir.three (who text DEFAULT current_user);"};
constexpr Migration k_broken{3, "third", "CREATE TABLE weir.three (n int); SELECT 1/0;"};
const std::vector<Migration> k_two{k_first, k_data};
const std::vector<Migration> k_three{k_first, k_data, k_third};
const std::vector<Migration> k_with_broken{k_first, k_data, k_broken};

std::vector<int> numbers(const Result<std::vector<AppliedMigration>>& applied) {
  std::vector<int> out;
  for (const auto& migration : applied.value()) out.push_back(migration.number);
  return out;
}

int count(const test::FreshDatabase& database, const std::string& sql) {
  return database.superuser().query({"test.count", sql}).one().get<int>(std::size_t{0});
}

TEST(Migration, AppliesWhatIsMissingInOrderAndOnce) {
  test::FreshDatabase database;
  auto session = database.login();
  EXPECT_EQ(numbers(migrate(session, database.roles(), k_two)), (std::vector{1, 2}));
  EXPECT_EQ(numbers(migrate(session, database.roles(), k_three)), (std::vector{3}));
  EXPECT_EQ(numbers(migrate(session, database.roles(), k_three)), std::vector<int>{});
  EXPECT_EQ(count(database, "SELECT count(*)::int FROM weir.one"), 1);
  EXPECT_EQ(count(database,
                  "SELECT count(*)::int FROM pg_tables WHERE schemaname = 'weir' AND tableowner = "
                  "current_database() || '_owner'"),
            3);
}

TEST(Migration, AFailedOneIsRolledBackWhollyAndThoseBeforeItStay) {
  test::FreshDatabase database;
  auto session = database.login();
  const auto failed = migrate(session, database.roles(), k_with_broken);
  ASSERT_FALSE(failed.has_value());
  EXPECT_TRUE(failed.error().message.contains("migration 0003_third failed and was rolled back: division by zero"))
      << failed.error().message;
  EXPECT_EQ(count(database, "SELECT count(*)::int FROM pg_tables WHERE schemaname = 'weir'"), 2);
  EXPECT_EQ(numbers(migrate(session, database.roles(), k_three)), (std::vector{3}));
}

TEST(Migration, AChangedFileIsRefusedAndNothingIsApplied) {
  test::FreshDatabase database;
  auto session = database.login();
  ASSERT_TRUE(migrate(session, database.roles(), k_two).has_value());
  std::vector<Migration> changed = k_three;
  changed[0].sql = "CREATE TABLE weir.one (n bigint);";
  const auto refused = migrate(session, database.roles(), changed);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::configuration);
  EXPECT_TRUE(refused.error().message.contains("0001_first"));
  EXPECT_EQ(count(database, "SELECT max(number) FROM weir.schema_migration"), 2);
}

TEST(Migration, ManyAtOnceApplyEachExactlyOnce) {
  test::FreshDatabase database;
  std::vector<std::future<std::size_t>> runs;
  for (int i = 0; i < 6; ++i)
    runs.push_back(std::async(std::launch::async, [&database] {
      auto session = database.login();
      return migrate(session, database.roles(), k_three).value().size();
    }));
  std::size_t applied = 0;
  for (auto& run : runs) applied += run.get();
  EXPECT_EQ(applied, 3U);
  EXPECT_EQ(count(database, "SELECT count(*)::int FROM weir.one"), 1);
}

TEST(Migration, RunsOnItsReleaseAndTheNextButNotBeyond) {
  test::FreshDatabase database;
  auto session = database.login();
  ASSERT_TRUE(migrate(session, database.roles()).has_value());
  const auto version = [&] { return read_schema_version(session, database.roles()); };
  EXPECT_TRUE(check_schema_version(version()).has_value());
  const auto add = [&](int number, int release) {
    database.superuser().query({"test.add", "INSERT INTO weir.schema_migration VALUES ($1, 'later', 'x', $2)"},
                               Params(number, release));
  };
  add(9000, k_schema_release + 1);
  EXPECT_TRUE(check_schema_version(version()).has_value());
  EXPECT_EQ(numbers(migrate(session, database.roles())), std::vector<int>{});
  add(9001, k_schema_release + 2);
  EXPECT_EQ(check_schema_version(version()).error().code, ErrorCode::schema_too_new);
  EXPECT_EQ(migrate(session, database.roles()).error().code, ErrorCode::schema_too_new);
}

TEST(Migration, AnOlderDatabaseIsRefusedWithTheCommandThatHelps) {
  test::FreshDatabase database;
  auto session = database.login();
  const auto version = read_schema_version(session, database.roles());
  EXPECT_EQ(version.applied, 0);
  const auto refused = check_schema_version(version);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::schema_too_old);
  EXPECT_TRUE(refused.error().message.contains("weir db migrate"));
}

}  // namespace
}  // namespace weir::pg
