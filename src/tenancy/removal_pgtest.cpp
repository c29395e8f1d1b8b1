#include "tenancy/removal.hpp"

#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "tests/support/tenancy.hpp"

namespace weir::tenancy {
namespace {

using testing::k_actor;
using testing::Process;

struct Crash : std::runtime_error {
  Crash() : std::runtime_error("crash") {}
};

// Fills every table with a column tenant_id, found in the catalogue, so that a table added later is in the test.
// Columns whose values are checked are named; a new one of them makes the insert fail, and this list grow.
constexpr auto k_fill = R"sql(
CREATE FUNCTION pg_temp.fill(p_tenant uuid, p_source text, p_rows int) RETURNS void LANGUAGE plpgsql AS $fill$
DECLARE
  target record;
  run uuid := weir.uuid_v7();
BEGIN
  FOR target IN
    SELECT c.oid::regclass AS name, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns,
           string_agg(CASE
             WHEN a.attname = 'tenant_id' THEN quote_literal(p_tenant) || '::uuid'
             WHEN a.attname = 'data_source' OR (c.relname = 'data_source' AND a.attname = 'name')
               THEN quote_literal(p_source)
             WHEN a.attname = 'run_id' OR (c.relname = 'run' AND a.attname = 'id') THEN
               CASE WHEN c.relname IN ('run', 'import_log') AND a.attname <> 'line'
                 THEN quote_literal(run) || '::uuid' ELSE 'weir.uuid_v7()' END
             WHEN a.attname = 'role_name' THEN quote_literal('r_' || p_source || left(p_tenant::text, 20)) || ' || n'
             WHEN a.attname = 'status' THEN quote_literal(CASE WHEN c.relname = 'subscription' THEN 'ACTIVE' ELSE 'COMPLETED' END)
             WHEN a.attname = 'plan' THEN quote_literal('standard')
             WHEN a.attname = 'state' THEN quote_literal('ready')
             WHEN a.attname = 'trigger' THEN quote_literal('manual')
             WHEN a.attname = 'scope' THEN quote_literal('tenant:read')
             WHEN a.attname = 'prefix' THEN 'left(md5(n || ' || quote_literal(p_source || p_tenant) || '), 12)'
             WHEN a.attname = 'secret_hash' THEN 'sha256(''x'')'
             WHEN a.attname = 'level' THEN quote_literal('info')
             WHEN a.attname = 'kind' THEN quote_literal('failed')
             WHEN a.attname = 'reason' THEN quote_literal('pass')
             WHEN a.attname = 'provider' THEN quote_literal('example')
             WHEN a.attname = 'is_secret' THEN 'false'
             WHEN a.attname = 'key' AND c.relname = 'tenant_data_source_config' THEN '''K'' || n'
             WHEN a.attname = 'value' THEN quote_literal('v')
             WHEN a.attname IN ('version', 'line', 'generation') THEN 'n'
             WHEN t.typname = 'text' OR t.typname = 'name' THEN '''x'' || n'
             WHEN t.typname = 'uuid' THEN 'weir.uuid_v7()'
             WHEN t.typname IN ('int4', 'int8') THEN 'n'
             WHEN t.typname = 'int2' THEN '1'
             WHEN t.typname = 'date' THEN 'current_date - n'
             WHEN t.typname = 'timestamptz' THEN 'now() + make_interval(secs => n)'
             WHEN t.typname = '_text' THEN 'ARRAY[''x'' || n]'
             WHEN t.typname = 'bytea' THEN '''x''::bytea'
             WHEN t.typname = 'bool' THEN 'true'
             WHEN t.typname = 'jsonb' THEN quote_literal('{}') || '::jsonb'
             ELSE 'NULL' END, ', ' ORDER BY a.attnum) AS expressions,
           bool_or(a.attname = 'data_source') AS has_source, c.relname AS short
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    WHERE c.relnamespace IN ('weir'::regnamespace, 'data'::regnamespace) AND c.relkind IN ('r', 'p')
      AND NOT c.relispartition
      AND EXISTS (SELECT FROM pg_attribute k WHERE k.attrelid = c.oid AND k.attname = 'tenant_id')
      AND ((a.attnotnull AND NOT a.atthasdef) OR a.attname IN ('value', 'tenant_id')) AND c.relname NOT IN ('audit_log')
    GROUP BY c.oid, c.relname
  LOOP
    EXECUTE format('INSERT INTO %s (%s) SELECT %s FROM generate_series(1, %s) AS n ON CONFLICT DO NOTHING', target.name,
                   target.columns, target.expressions,
                   CASE WHEN target.short IN ('run', 'data_source') THEN 1 ELSE p_rows END);
  END LOOP;
END $fill$;
)sql";

// Which tables still have rows of a tenant (or of one of its sources), with their number.
constexpr auto k_count = R"sql(
CREATE FUNCTION pg_temp.count_rows(p_tenant uuid, p_source text) RETURNS text LANGUAGE plpgsql AS $count$
DECLARE
  target record;
  n bigint;
  found text := '';
BEGIN
  FOR target IN
    SELECT c.oid::regclass AS name,
           (SELECT string_agg(a.attname, '') FROM pg_attribute a WHERE a.attrelid = c.oid AND
             (a.attname = 'data_source' OR (c.relname = 'data_source' AND a.attname = 'name'))) AS source_column
    FROM pg_class c
    WHERE c.relnamespace IN ('weir'::regnamespace, 'data'::regnamespace) AND c.relkind IN ('r', 'p')
      AND NOT c.relispartition AND c.relname <> 'audit_log'
      AND EXISTS (SELECT FROM pg_attribute k WHERE k.attrelid = c.oid AND k.attname = 'tenant_id')
    ORDER BY c.oid::regclass::text
  LOOP
    CONTINUE WHEN p_source IS NOT NULL AND target.source_column IS NULL;
    EXECUTE format('SELECT count(*) FROM %s WHERE tenant_id = $1 AND %s', target.name,
                   CASE WHEN p_source IS NULL THEN 'true' ELSE quote_ident(target.source_column) || ' = $2' END)
      INTO n USING p_tenant, p_source;
    IF n > 0 THEN found := found || format('%s=%s ', target.name, n); END IF;
  END LOOP;
  RETURN found;
END $count$;
)sql";

struct Removals : ::testing::Test {
  test::TestDatabase server;
  test::TemporaryDirectory directory;
  TenantId acme = server.add_tenant("acme");
  TenantId other = server.add_tenant("other");

  Removals() {
    server.super("SET ROLE " + server.roles().owner() +
                 "; CREATE TABLE data.thing (tenant_id uuid, data_source text, thing_key text, script text NOT NULL, "
                 "run_id uuid "
                 "NOT NULL, title text, PRIMARY KEY (tenant_id, data_source, thing_key)); "
                 "SELECT weir.protect_home_table('data.thing')");
    server.super("INSERT INTO weir.plan (name) VALUES ('standard')");
    fill(acme, "one");
    fill(acme, "two");
    fill(other, "one");
  }
  void fill(TenantId tenant, const std::string& source) {
    server.super(k_fill + std::string("SELECT pg_temp.fill('") + to_string(tenant) + "', '" + source + "', 7)");
  }
  std::string rows_of(TenantId tenant, const std::string& source = "") {
    return server.super(k_count + std::string("SELECT pg_temp.count_rows('") + to_string(tenant) + "', " +
                        (source.empty() ? "NULL" : "'" + source + "'") + ")");
  }
  template <class Function>
  void run(Function function) {
    test::run([&](test::Context context) -> Task<> {
      Process process(context, server, directory.path() / "master.key");
      co_await function(process);
    });
  }
  RemovalSettings settings(Process& process, int batch_rows = 3) {
    return {.blocking = process.context.blocking, .cache_root = directory.path() / "cache", .batch_rows = batch_rows};
  }
};

TEST_F(Removals, TheTestFillsEveryTableOfATenant) {
  const auto found = rows_of(acme);
  const auto tables = server.super(
      "SELECT count(*) FROM pg_class c WHERE relnamespace IN ('weir'::regnamespace, 'data'::regnamespace) AND relkind "
      "IN "
      "('r', 'p') AND NOT relispartition AND relname <> 'audit_log' AND EXISTS (SELECT FROM pg_attribute k WHERE "
      "k.attrelid = c.oid AND k.attname = 'tenant_id')");
  EXPECT_EQ(std::to_string(std::ranges::count(found, '=')), tables) << found;
}

TEST_F(Removals, ARemovedTenantLeavesOnlyTheAuditRecord) {
  const auto others = rows_of(other);
  const auto cache = cache_directory(directory.path() / "cache", acme, "one");
  const auto other_cache = cache_directory(directory.path() / "cache", other, "one");
  std::filesystem::create_directories(cache / "clone");
  std::filesystem::create_directories(other_cache);
  run([&](Process& process) -> Task<> {
    const auto removed = co_await remove_tenant(process.database, k_actor, acme, settings(process));
    EXPECT_FALSE(removed->was_resumed);
    EXPECT_GT(removed->rows, 50);
    const auto again = co_await remove_tenant(process.database, k_actor, acme, settings(process));
    EXPECT_EQ(again.error().code, ErrorCode::not_found);
  });
  EXPECT_EQ(rows_of(acme), "");
  EXPECT_EQ(server.super("SELECT count(*) FROM weir.tenant WHERE key = 'acme'"), "0");
  EXPECT_EQ(rows_of(other), others);
  EXPECT_FALSE(std::filesystem::exists(cache.parent_path()));
  EXPECT_TRUE(std::filesystem::exists(other_cache));
  EXPECT_EQ(server.super("SELECT string_agg(action || ' ' || tenant_key, ', ' ORDER BY id) FROM weir.audit_log"),
            "tenant.rm acme, tenant.removed acme");
}

TEST_F(Removals, ARemovedSourceLeavesItsSiblingsAlone) {
  const auto sibling = rows_of(acme, "two");
  const auto others = rows_of(other);
  run([&](Process& process) -> Task<> {
    const auto removed = co_await remove_data_source(process.database, k_actor, acme, "one", settings(process));
    EXPECT_GT(removed->rows, 20);
    const auto again = co_await remove_data_source(process.database, k_actor, acme, "one", settings(process));
    EXPECT_EQ(again.error().code, ErrorCode::not_found);
  });
  EXPECT_EQ(rows_of(acme, "one"), "");
  EXPECT_EQ(rows_of(acme, "two"), sibling);
  EXPECT_EQ(rows_of(other), others);
  // The import log knows only the run: of two runs with seven lines each, one is left.
  EXPECT_EQ(server.super("SELECT count(*) FROM weir.import_log WHERE tenant_id = '" + to_string(acme) + "'"), "7");
}

TEST_F(Removals, GoOnWhereTheyWereInterrupted) {
  run([&](Process& process) -> Task<> {
    int crashes = 0;
    for (bool is_done = false; !is_done;) {
      auto crashing = settings(process, 20);
      crashing.on_progress = [](std::int64_t) { throw Crash(); };
      try {
        const auto removed = co_await remove_tenant(process.database, k_actor, acme, crashing);
        EXPECT_EQ(removed->was_resumed, crashes > 0);
        is_done = true;
      } catch (const Crash&) {
        ++crashes;
        EXPECT_EQ(server.super("SELECT state FROM weir.tenant WHERE key = 'acme'"), "DELETING");
      }
    }
    EXPECT_GT(crashes, 3);
  });
  EXPECT_EQ(rows_of(acme), "");
  EXPECT_EQ(server.super("SELECT count(*) FROM weir.audit_log"), "2");
}

TEST_F(Removals, WhatIsBeingRemovedCanDoNothingElse) {
  const auto epoch = std::to_string(server.add_node().value());
  const auto claim = [&](const std::string& source) {
    return server.super("SELECT outcome FROM weir.claim_script('" + to_string(acme) + "', '" + source +
                        "', 'example/new', weir.uuid_v7(), " + epoch + ", null, 9, false)");
  };
  run([&](Process& process) -> Task<> {
    EXPECT_EQ(claim("one"), "claimed");
    auto crashing = settings(process);
    crashing.on_progress = [](std::int64_t) { throw Crash(); };
    bool is_crashed = false;
    try {
      co_await remove_data_source(process.database, k_actor, acme, "one", crashing);
    } catch (const Crash&) {
      is_crashed = true;
    }
    EXPECT_TRUE(is_crashed);
    EXPECT_EQ(claim("one"), "disabled");
    const auto enabled = co_await enable_data_source(process.database, k_actor, acme, "one");
    EXPECT_EQ(enabled.error().code, ErrorCode::conflict);
    EXPECT_EQ(claim("two"), "claimed");
    is_crashed = false;
    try {
      co_await remove_tenant(process.database, k_actor, acme, crashing);
    } catch (const Crash&) {
      is_crashed = true;
    }
    EXPECT_TRUE(is_crashed);
    EXPECT_EQ(server.super("SELECT count(*) FROM weir.data_source_run WHERE status = 'RUNNING' AND tenant_id = '" +
                           to_string(acme) + "'"),
              "0");
    const auto resumed = co_await resume_tenant(process.database, k_actor, acme);
    EXPECT_EQ(resumed.error().code, ErrorCode::conflict);
    const auto added =
        co_await add_data_source(process.vault, k_actor, acme, testing::new_source("three", "x"), testing::declared());
    EXPECT_EQ(added.error().code, ErrorCode::conflict);
    const auto finished = co_await remove_tenant(process.database, k_actor, acme, settings(process));
    EXPECT_TRUE(finished->was_resumed);
    EXPECT_EQ(claim("one"), "unknown_source");
  });
  EXPECT_EQ(rows_of(acme), "");
}

constexpr pg::Statement k_claim{
    "test.claim", "SELECT outcome FROM weir.claim_script($1, 'one', $2, weir.uuid_v7(), $3, null, 99, true)"};

// Also once more when it is gone.
Task<> claim_until_removed(pg::Database& database, TenantId tenant, int first, std::int64_t epoch,
                           const bool& is_removed) {
  for (bool is_last = false; !is_last; ++first) {
    is_last = is_removed;
    const auto rows = co_await database.query(pg::Scope::tenant(tenant), k_claim,
                                              pg::Params(tenant, "example/s" + std::to_string(first), epoch));
    if (is_last) EXPECT_EQ(rows.one().get<std::string>("outcome"), "unknown_source");
  }
}

TEST_F(Removals, ClaimsMeanwhileLeaveNothingBehind) {
  const auto epoch = server.add_node().value();
  run([&](Process& process) -> Task<> {
    TaskGroup group(co_await asio::this_coro::executor);
    bool is_removed = false;
    for (int i = 0; i < 4; ++i)
      group.spawn("claims", claim_until_removed(process.database, acme, i * 1'000'000, epoch, is_removed));
    const auto removed = co_await remove_tenant(process.database, k_actor, acme, settings(process, 50));
    EXPECT_TRUE(removed);
    is_removed = true;
    co_await group.wait();
  });
  EXPECT_EQ(rows_of(acme), "");
}

Task<> remove_into(pg::Database& database, TenantId tenant, RemovalSettings settings, Result<Removed>& outcome) {
  outcome = co_await remove_tenant(database, k_actor, tenant, settings);
}

TEST_F(Removals, TwoAtOnceRemoveItOnce) {
  run([&](Process& process) -> Task<> {
    Result<Removed> first;
    Result<Removed> second;
    TaskGroup group(co_await asio::this_coro::executor);
    group.spawn("first", remove_into(process.database, acme, settings(process), first));
    group.spawn("second", remove_into(process.database, acme, settings(process), second));
    co_await group.wait();
    EXPECT_NE(first.has_value(), second.has_value());
    EXPECT_EQ((first ? second : first).error().code, ErrorCode::not_found);
  });
  EXPECT_EQ(rows_of(acme), "");
  EXPECT_EQ(server.super("SELECT count(*) FROM weir.audit_log"), "2");
}

}  // namespace
}  // namespace weir::tenancy
