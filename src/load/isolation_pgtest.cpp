// Every table, whoever adds it: what the catalogue must say, and that no foreign row can be read or written under the
// tenant role and an analyst's role, whatever settings the session sets. Generated from the catalogue, so a new table
// is tested the day it is made.
#include <memory>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/isolation_world.hpp"

namespace weir::load {
namespace {

using test::IsolationWorld;

class Isolation : public testing::Test {
 protected:
  static void SetUpTestSuite() { made = std::make_unique<IsolationWorld>(); }
  static void TearDownTestSuite() { made.reset(); }
  static IsolationWorld& world() { return *made; }

  // The values of one column, joined by ", ".
  static std::string list(const std::string& sql) {
    return world().super(fmt::format("SELECT string_agg(x::text, ', ') FROM ({}) q(x)", sql));
  }
  static std::string mine() { return to_string(world().mine()); }
  static std::string theirs() { return to_string(world().theirs()); }

 private:
  static inline std::unique_ptr<IsolationWorld> made;
};

// The catalogue ------------------------------------------------------------------------------------------------------

TEST_F(Isolation, EveryTableSaysWhichGroupItBelongsTo) {
  EXPECT_EQ(list("SELECT c.oid::regclass FROM pg_class c WHERE relnamespace IN ('weir'::regnamespace, "
                 "'data'::regnamespace) AND relkind IN ('r', 'p', 'f', 'm') AND NOT relispartition AND "
                 "coalesce(obj_description(c.oid, 'pg_class'), '') !~ '^(home|control): .'"),
            "");
  EXPECT_EQ(
      list("SELECT c.oid::regclass FROM pg_class c WHERE relnamespace = 'data'::regnamespace AND relkind IN ('r', "
           "'p') AND obj_description(c.oid, 'pg_class') !~ '^home: '"),
      "");
}

TEST_F(Isolation, EveryHomeTableForcesRowLevelSecurityWithExactlyThePolicies) {
  ASSERT_GT(world().home_tables().size(), 20U);
  const auto roles = world().roles();
  const auto expected = fmt::format(
      "control_rows ALL {{{0}}} true true; reader_rows SELECT {{{1}}} (tenant_id = ( SELECT weir.reader_tenant() AS "
      "reader_tenant)) -; tenant_rows ALL {{{2}}} (tenant_id = ( SELECT "
      "(NULLIF(current_setting('weir.tenant_id'::text, "
      "true), ''::text))::uuid AS \"nullif\")) (tenant_id = ( SELECT (NULLIF(current_setting('weir.tenant_id'::text, "
      "true), ''::text))::uuid AS \"nullif\"))",
      roles.control(), roles.reader(), roles.tenant());
  for (const auto& table : world().home_tables()) {
    EXPECT_EQ(world().super(fmt::format("SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = "
                                        "'{}'::regclass",
                                        table)),
              "t")
        << table;
    EXPECT_EQ(
        world().super(fmt::format(
            "SELECT string_agg(concat_ws(' ', policyname, cmd, roles, qual, coalesce(with_check, '-')), '; ' ORDER "
            "BY policyname) FROM pg_policies WHERE (quote_ident(schemaname) || '.' || quote_ident(tablename))"
            "::regclass = '{}'::regclass AND permissive = 'PERMISSIVE'",
            table)),
        expected)
        << table;
    EXPECT_EQ(
        world().super(fmt::format("SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid "
                                  "AND a.attnum = i.indkey[0] WHERE i.indisprimary AND i.indrelid = '{}'::regclass",
                                  table)),
        "tenant_id")
        << table;
  }
}

TEST_F(Isolation, NoPolicyAndNoRightIsForEverybody) {
  EXPECT_EQ(list("SELECT policyname || ' on ' || tablename FROM pg_policies WHERE 'public' = ANY (roles)"), "");
  EXPECT_EQ(list("SELECT c.oid::regclass FROM pg_class c, aclexplode(relacl) a WHERE relnamespace IN "
                 "('weir'::regnamespace, 'data'::regnamespace) AND a.grantee = 0"),
            "");
  EXPECT_EQ(list("SELECT p.oid::regprocedure FROM pg_proc p WHERE pronamespace = 'weir'::regnamespace AND "
                 "has_function_privilege('public', p.oid, 'EXECUTE')"),
            "");
  EXPECT_EQ(list("SELECT p.oid::regprocedure FROM pg_proc p WHERE pronamespace IN ('weir'::regnamespace, "
                 "'data'::regnamespace) AND prosecdef AND NOT coalesce(proconfig::text ~ 'search_path=pg_catalog, "
                 "pg_temp', false)"),
            "")
      << "SECURITY DEFINER without a pinned search_path";
}

TEST_F(Isolation, PartitionsAreReachedThroughTheirParentAlone) {
  const auto roles = world().roles();
  ASSERT_NE(world().super("SELECT count(*) FROM pg_class WHERE relispartition AND relkind = 'r'"), "0");
  EXPECT_EQ(
      list(fmt::format("SELECT c.oid::regclass FROM pg_class c, unnest(ARRAY['{}', '{}', '{}']) r WHERE relispartition "
                       "AND relkind = 'r' AND has_any_column_privilege(r, c.oid, 'SELECT, INSERT, UPDATE')",
                       roles.tenant(), roles.reader(), roles.login())),
      "");
  EXPECT_EQ(
      list("SELECT c.oid::regclass FROM pg_class c WHERE relispartition AND relkind = 'r' AND NOT (relrowsecurity "
           "AND relforcerowsecurity)"),
      "");
}

TEST_F(Isolation, ViewsRunWithTheRightsOfWhoeverAsks) {
  const std::string unsafe =
      "SELECT c.oid::regclass FROM pg_class c WHERE relnamespace IN ('weir'::regnamespace, 'data'::regnamespace) AND "
      "(relkind = 'm' OR (relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY (reloptions), false)))";
  EXPECT_EQ(list(unsafe), "");
  world().super("CREATE VIEW data.careless AS SELECT * FROM data.commit");
  EXPECT_EQ(list(unsafe), "data.careless") << "the check itself";
  world().super("DROP VIEW data.careless");
}

TEST_F(Isolation, TheTenantRoleReachesOfTheControlGroupOnlyTheNodesAndTheSchemaVersion) {
  EXPECT_EQ(
      list(fmt::format("SELECT c.oid::regclass FROM pg_class c WHERE relnamespace = 'weir'::regnamespace AND relkind "
                       "IN ('r', 'p') AND obj_description(c.oid, 'pg_class') ~ '^control: ' AND "
                       "has_any_column_privilege('{}', c.oid, 'SELECT, INSERT, UPDATE') ORDER BY c.oid::regclass::text",
                       world().roles().tenant())),
      "weir.node, weir.schema_migration");
  EXPECT_EQ(
      list(fmt::format("SELECT c.oid::regclass FROM pg_class c WHERE relnamespace = 'weir'::regnamespace AND relkind "
                       "IN ('r', 'p') AND has_table_privilege('{}', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')",
                       world().roles().reader())),
      "");
}

// Sessions -----------------------------------------------------------------------------------------------------------

TEST_F(Isolation, UnderTheTenantRoleAForeignRowCannotBeReadOrWritten) {
  for (const auto& table : world().home_tables()) {
    SCOPED_TRACE(table);
    const auto foreign = world().row_of(table, world().theirs());
    ASSERT_FALSE(foreign.empty());
    for (const auto& setting : {fmt::format("SET weir.tenant_id = '{}'", mine()),
                                std::string("SET weir.tenant_id = ''"), std::string("RESET weir.tenant_id")}) {
      SCOPED_TRACE(setting);
      auto session = world().tenant_session(setting);
      EXPECT_EQ(session.value(fmt::format("SELECT count(*) FROM {} WHERE tenant_id = '{}'", table, theirs())), "0");
      EXPECT_EQ(session.refusal(world().insert_copy(table, foreign)), "42501");
      EXPECT_EQ(
          session.touched(fmt::format("UPDATE {} SET tenant_id = tenant_id WHERE tenant_id = '{}'", table, theirs())),
          0);
      EXPECT_EQ(session.touched(fmt::format("DELETE FROM {} WHERE tenant_id = '{}'", table, theirs())), 0);
    }
    auto session = world().tenant_session(fmt::format("SET weir.tenant_id = '{}'", mine()));
    EXPECT_EQ(session.value(fmt::format("SELECT count(*) > 0 FROM {}", table)), "t") << "its own rows are there";
    EXPECT_EQ(session.refusal(fmt::format("UPDATE {} SET tenant_id = '{}'", table, theirs())), "42501")
        << "a row given away";
    EXPECT_EQ(session.refusal(fmt::format("SET row_security = off; SELECT * FROM {}", table)), "42501");
    EXPECT_EQ(world().row_of(table, world().theirs()), foreign) << "the foreign row is untouched";
  }
}

TEST_F(Isolation, ATenantSettingThatIsNoIdGivesNothing) {
  for (const auto& table : world().home_tables()) {
    auto session = world().tenant_session("SET weir.tenant_id = 'x'' OR true --'");
    EXPECT_EQ(session.refusal(fmt::format("SELECT * FROM {}", table)), "22P02") << table;
  }
}

TEST_F(Isolation, AnAnalystReadsOneTenantWhateverTheSessionSets) {
  const auto settings = {
      std::string("SELECT 1"),
      fmt::format("SET weir.tenant_id = '{}'", theirs()),
      fmt::format("SET ROLE {}", world().roles().reader()),
      std::string("SET search_path = pg_temp, data, weir"),
  };
  for (const auto& table : world().home_tables()) {
    SCOPED_TRACE(table);
    const auto foreign = world().row_of(table, world().theirs());
    for (const auto& setting : settings) {
      SCOPED_TRACE(setting);
      auto session = world().reader_session(setting);
      const auto read =
          fmt::format("SELECT count(*) FILTER (WHERE tenant_id <> '{}') || ' foreign, own: ' || (count(*) > 0) FROM {}",
                      mine(), table);
      if (world().is_readable(table))
        EXPECT_EQ(session.value(read), "0 foreign, own: true");
      else
        EXPECT_EQ(session.refusal(read), "42501");
      EXPECT_EQ(session.refusal(world().insert_copy(table, foreign)), "42501");
      EXPECT_EQ(session.refusal(fmt::format("UPDATE {} SET tenant_id = tenant_id", table)), "42501");
      EXPECT_EQ(session.refusal(fmt::format("DELETE FROM {}", table)), "42501");
      EXPECT_EQ(session.refusal(fmt::format("TRUNCATE {}", table)), "42501");
    }
    auto session = world().reader_session("SET row_security = off");
    EXPECT_EQ(session.refusal(fmt::format("SELECT * FROM {}", table)), "42501");
    EXPECT_EQ(world().row_of(table, world().theirs()), foreign);
  }
}

TEST_F(Isolation, AnAnalystCannotTakeAnotherRoleOrTurnItsPlaceIntoAnother) {
  auto session = world().reader_session("SELECT 1");
  for (const auto& role :
       {world().roles().tenant(), world().roles().control(), world().roles().owner(), world().roles().login()})
    EXPECT_EQ(session.refusal(fmt::format("SET ROLE {}", role)), "42501") << role;
  EXPECT_EQ(session.refusal(fmt::format("SET SESSION AUTHORIZATION {}", world().roles().owner())), "42501");
  EXPECT_EQ(session.refusal("SELECT * FROM weir.reader"), "42501");
  EXPECT_EQ(session.refusal(fmt::format("UPDATE weir.reader SET tenant_id = '{}'", theirs())), "42501");
  EXPECT_EQ(session.refusal("CREATE TABLE data.mine (x int)"), "42501");
  EXPECT_EQ(session.refusal("CREATE FUNCTION weir.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'"), "42501");
}

TEST_F(Isolation, AnAnalystWithoutATenantAndTheLoginRoleReadNothing) {
  auto nobody = world().stranger_session();
  auto login = world().login_session();
  for (const auto& table : world().home_tables()) {
    if (world().is_readable(table))
      EXPECT_EQ(nobody.value(fmt::format("SELECT count(*) FROM {}", table)), "0") << table;
    EXPECT_EQ(login.refusal(fmt::format("SELECT * FROM {}", table)), "42501") << table;
  }
}

TEST_F(Isolation, AViewShowsNoForeignRowEither) {
  world().super(
      fmt::format("CREATE VIEW data.latest WITH (security_invoker = true) AS SELECT * FROM data.commit; GRANT SELECT "
                  "ON data.latest TO {}, {}",
                  world().roles().reader(), world().roles().tenant()));
  const auto count =
      fmt::format("SELECT count(*) FILTER (WHERE tenant_id <> '{}') || '/' || count(*) FROM data.latest", mine());
  auto reader = world().reader_session(fmt::format("SET weir.tenant_id = '{}'", theirs()));
  EXPECT_EQ(reader.value(count), "0/1");
  auto tenant = world().tenant_session(fmt::format("SET weir.tenant_id = '{}'", mine()));
  EXPECT_EQ(tenant.value(count), "0/1");
  world().super("DROP VIEW data.latest");
}

}  // namespace
}  // namespace weir::load
