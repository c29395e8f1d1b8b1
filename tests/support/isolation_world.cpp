#include "tests/support/isolation_world.hpp"

#include <sstream>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "load/resource_tables.hpp"
#include "pg/connection_info.hpp"
#include "tests/support/claimed_run.hpp"
#include "tests/support/run.hpp"

namespace weir::test {
namespace {

// What a CHECK demands; everything else is filled by its type.
const std::map<std::string, std::string> k_values{
    {"weir.run.status", "'RUNNING'"},
    {"weir.import_log.level", "'info'"},
    {"weir.cursor_history.reason", "'pass'"},
    {"weir.gap.kind", "'failed'"},
    {"weir.tenant_data_source_config.key", "'X'"},
    {"weir.tenant_data_source_config.value", "'x'"},
    {"weir.tenant_data_source_config.is_secret", "false"},
};

std::string value_of_type(const std::string& type) {
  if (type == "uuid") return "weir.uuid_v7()";
  if (type == "boolean") return "false";
  if (type == "bigint" || type == "integer" || type == "numeric") return "1";
  if (type == "timestamp with time zone") return "now()";
  if (type == "bytea") return "'\\x00'";
  if (type == "jsonb") return "'{}'";
  if (type == "text[]") return "'{x}'";
  return "'x'";
}

pg::BlockingSession open(const std::string& url) {
  auto session = pg::BlockingSession::open(url);
  if (!session) throw Failure(session.error());
  return std::move(*session);
}

std::string as_user(const std::string& url, const std::string& user) {
  return pg::ConnectionInfo::parse(url).value().set("user", user).url_without_password();
}

std::string sqlstate(const Error& error) { return error.detail.substr(error.detail.size() - 5); }

void make_tables(TestDatabase& database) {
  run([&](Context context) -> Task<> {
    pg::Pool pool(context.executor(), context.blocking, database.pool_settings(1));
    pg::Database door(pool, database.roles());
    const auto made = co_await load::ensure_resource_tables(door, shipped_resources());
    if (!made) throw Failure(made.error());
  });
}

}  // namespace

ProbeSession::ProbeSession(const std::string& url, const std::string& prepare) : session_(open(url)) {
  session_.run_script({"test.prepare", prepare});
}

std::string ProbeSession::value(const std::string& sql) {
  return session_.run_script({"test.value", sql}).one().get<std::string>(std::size_t{0});
}

std::string ProbeSession::refusal(const std::string& sql) {
  std::string refused;
  const auto attempt = "BEGIN; " + sql;
  try {
    session_.run_script({"test.attempt", attempt});
  } catch (const Failure& failure) {
    refused = sqlstate(failure.error());
  }
  session_.run_script({"test.rollback", "ROLLBACK"});
  return refused;
}

std::int64_t ProbeSession::touched(const std::string& sql) {
  session_.run_script({"test.begin", "BEGIN"});
  const auto rows = session_.run_script({"test.touch", sql}).affected();
  session_.run_script({"test.rollback", "ROLLBACK"});
  return rows;
}

IsolationWorld::IsolationWorld() : mine_(database_.add_tenant("mine")), theirs_(database_.add_tenant("theirs")) {
  make_tables(database_);
  home_tables_ = lines(
      "SELECT c.oid::regclass FROM pg_class c WHERE relnamespace IN ('weir'::regnamespace, 'data'::regnamespace) AND "
      "relkind IN ('r', 'p') AND NOT relispartition AND obj_description(c.oid, 'pg_class') ~ '^home:'");
  for (const auto& table : home_tables_)
    for (const auto tenant : {mine_, theirs_}) insert_row(table, tenant);
  for (const auto* role : {"analyst", "stranger"})
    super(fmt::format("CREATE ROLE {0}_{1} LOGIN IN ROLE {0}_reader", roles().prefix, role));
  super(fmt::format("INSERT INTO weir.reader VALUES ('{}_analyst', '{}')", roles().prefix, to_string(mine_)));
}

IsolationWorld::~IsolationWorld() {
  try {
    super(fmt::format("DROP ROLE {0}_analyst, {0}_stranger", roles().prefix));
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
  }
}

std::vector<std::string> IsolationWorld::lines(const std::string& sql) const {
  std::istringstream text(super(fmt::format("SELECT string_agg(x::text, E'\\n') FROM ({}) q(x)", sql)));
  std::vector<std::string> out;
  for (std::string line; std::getline(text, line);) out.push_back(line);
  return out;
}

void IsolationWorld::insert_row(const std::string& table, TenantId tenant) const {
  std::vector<std::string> columns;
  std::vector<std::string> values;
  for (const auto& line : lines(fmt::format(
           "SELECT attname || ' ' || (attnotnull AND NOT atthasdef) || ' ' || format_type(atttypid, NULL) FROM "
           "pg_attribute WHERE attrelid = '{}'::regclass AND attnum > 0 AND NOT attisdropped",
           table))) {
    const auto name = line.substr(0, line.find(' '));
    const auto rest = line.substr(name.size() + 1);
    const auto given = k_values.find(table + "." + name);
    if (given == k_values.end() && !rest.starts_with("true")) continue;
    columns.push_back(pg::quote_identifier(name));
    if (name == "tenant_id")
      values.push_back(fmt::format("'{}'", to_string(tenant)));
    else
      values.push_back(given != k_values.end() ? given->second : value_of_type(rest.substr(rest.find(' ') + 1)));
  }
  try {
    super(fmt::format("INSERT INTO {} ({}) VALUES ({})", table, fmt::join(columns, ", "), fmt::join(values, ", ")));
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("no row for {}: {}; say in {} what it needs", table, error.what(), __FILE__));
  }
}

bool IsolationWorld::is_readable(const std::string& table) const {
  return super(fmt::format("SELECT has_table_privilege('{}', '{}', 'SELECT')", roles().reader(), table)) == "t";
}

std::string IsolationWorld::row_of(const std::string& table, TenantId tenant) const {
  return super(fmt::format("SELECT t::text FROM {} t WHERE tenant_id = '{}'", table, to_string(tenant)));
}

std::string IsolationWorld::insert_copy(const std::string& table, const std::string& row) {
  return fmt::format("INSERT INTO {0} SELECT (x.r).* FROM (SELECT $row${1}$row$::{0} AS r) x", table, row);
}

ProbeSession IsolationWorld::tenant_session(const std::string& setting) const {
  return ProbeSession(database_.login_url(), fmt::format("SET ROLE {}; {}", roles().tenant(), setting));
}

ProbeSession IsolationWorld::reader_session(const std::string& setting) const {
  return ProbeSession(as_user(database_.superuser_url(), roles().prefix + "_analyst"), setting);
}

ProbeSession IsolationWorld::stranger_session() const {
  return ProbeSession(as_user(database_.superuser_url(), roles().prefix + "_stranger"));
}

ProbeSession IsolationWorld::login_session() const { return ProbeSession(database_.login_url()); }

}  // namespace weir::test
