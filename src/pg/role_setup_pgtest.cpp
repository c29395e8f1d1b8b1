#include "pg/role_setup.hpp"

#include <gtest/gtest.h>

#include "pg/migration.hpp"
#include "tests/support/fresh_database.hpp"

namespace weir::pg {
namespace {

// What verify_roles says after a DBA ran `sql`; empty when it is content.
std::string complaint_after(const test::FreshDatabase& database, const std::string& sql) {
  database.superuser().run_script({"test.alter", sql});
  auto session = database.login();
  const auto verified = verify_roles(session, database.roles());
  if (verified) return "";
  EXPECT_EQ(verified.error().code, ErrorCode::configuration);
  return verified.error().message;
}

TEST(RoleSetup, TheScriptMakesRolesThatAreVerifiedAndMayRunAgain) {
  test::FreshDatabase database;
  EXPECT_EQ(complaint_after(database, "SELECT 1"), "");
  const auto script = render_roles_sql(database.roles().prefix).value();
  EXPECT_EQ(complaint_after(database, script), "");
}

TEST(RoleSetup, TheLoginRoleHasNoRightOfItsOwnAndEachRoleExactlyItsOwn) {
  test::FreshDatabase database;
  const auto rows = database.superuser().query({"test.rights", R"(SELECT r.name,
          has_database_privilege(r.name, current_database(), 'CONNECT') AS may_connect,
          has_database_privilege(r.name, current_database(), 'CREATE') AS may_create,
          has_database_privilege(r.name, current_database(), 'TEMPORARY') AS may_temp,
          has_schema_privilege(r.name, 'public', 'CREATE') AS may_public,
          (SELECT rolcanlogin FROM pg_roles WHERE rolname = r.name) AS may_login
        FROM unnest(ARRAY['owner', 'control', 'tenant', 'reader', 'login']) AS suffix,
             LATERAL (SELECT current_database() || '_' || suffix) AS r (name) ORDER BY 1)"});
  std::vector<std::string> found;
  for (const auto row : rows) {
    std::string rights = row.get<std::string>("name").substr(database.roles().prefix.size() + 1);
    for (const auto* right : {"may_connect", "may_create", "may_temp", "may_public", "may_login"})
      if (row.get<bool>(right)) rights += std::string(" ") + right;
    found.push_back(rights);
  }
  EXPECT_EQ(found, (std::vector<std::string>{"control may_temp", "login may_connect may_login", "owner may_create",
                                             "reader may_connect", "tenant may_temp"}));
}

TEST(RoleSetup, RefusesALoginRoleThatRowLevelSecurityDoesNotBind) {
  test::FreshDatabase database;
  const auto login = database.roles().login();
  EXPECT_TRUE(complaint_after(database, "ALTER ROLE " + login + " SUPERUSER").contains("has SUPERUSER"));
  EXPECT_TRUE(complaint_after(database, "ALTER ROLE " + login + " NOSUPERUSER BYPASSRLS").contains("has BYPASSRLS"));
  EXPECT_TRUE(complaint_after(database, "ALTER ROLE " + login + " NOBYPASSRLS INHERIT").contains("inherits"));
  EXPECT_EQ(complaint_after(database, "ALTER ROLE " + login + " NOINHERIT"), "");
}

TEST(RoleSetup, RefusesAWorkingRoleThatRowLevelSecurityDoesNotBind) {
  test::FreshDatabase database;
  const auto tenant = database.roles().tenant();
  EXPECT_TRUE(complaint_after(database, "ALTER ROLE " + tenant + " BYPASSRLS").contains("has BYPASSRLS"));
  const auto script = render_roles_sql(database.roles().prefix).value();
  EXPECT_THROW(database.superuser().run_script({"test.roles", script}), Failure);
}

TEST(RoleSetup, RefusesALoginRoleThatMayNotTakeTheOthersAndNamesTheRemedy) {
  test::FreshDatabase database;
  const auto roles = database.roles();
  const auto said = complaint_after(database, "REVOKE " + roles.control() + " FROM " + roles.login());
  EXPECT_TRUE(said.contains("may not take the role " + roles.control())) << said;
  EXPECT_TRUE(said.contains("weir db roles --print --database " + roles.prefix)) << said;
  auto superuser = database.superuser();
  EXPECT_TRUE(verify_roles(superuser, roles).error().message.contains("weir_super has SUPERUSER"));
}

TEST(RoleSetup, FindsTheRolesByTheDatabaseThenByTheSchemasOwner) {
  test::FreshDatabase database;
  auto session = database.login();
  EXPECT_EQ(find_roles(session).value().prefix, database.roles().prefix);
  test::FreshDatabase other;
  database.superuser().run_script({"test.schema", "CREATE SCHEMA weir AUTHORIZATION " + other.roles().owner()});
  EXPECT_EQ(find_roles(session).value().prefix, other.roles().prefix);
  database.superuser().run_script({"test.schema", "DROP SCHEMA weir; CREATE SCHEMA weir"});
  EXPECT_EQ(find_roles(session).error().code, ErrorCode::configuration);
}

TEST(RoleSetup, NamesThatCannotBeRolesAreWrongUsage) {
  for (const auto& name : std::vector<std::string>{"", "we'ir", "a b", "ü", std::string(56, 'x')})
    EXPECT_EQ(render_roles_sql(name).error().code, ErrorCode::usage) << name;
  EXPECT_TRUE(render_roles_sql("weir-prod.eu").value().contains("CREATE ROLE \"weir-prod.eu_login\" LOGIN NOINHERIT"));
}

}  // namespace
}  // namespace weir::pg
