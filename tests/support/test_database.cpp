#include "tests/support/test_database.hpp"

#include <unistd.h>

#include <atomic>
#include <memory>
#include <stdexcept>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "pg/migration.hpp"
#include "pg/role_setup.hpp"
#include "tests/support/fresh_database.hpp"

namespace weir::test {
namespace {

std::string execute(const std::string& url, const std::string& sql) {
  const std::unique_ptr<PGconn, void (*)(PGconn*)> connection(PQconnectdb(url.c_str()), PQfinish);
  const std::unique_ptr<PGresult, void (*)(PGresult*)> result(PQexec(connection.get(), sql.c_str()), PQclear);
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
    throw std::runtime_error(fmt::format("{}: {}", sql.substr(0, 100), PQerrorMessage(connection.get())));
  return status == PGRES_TUPLES_OK && PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

// The migrated template, made once per process; its name is also the prefix of the roles.
const std::string& template_database() {
  static const std::string name = [] {
    auto prefix = fmt::format("weir_t{}", ::getpid());
    execute(cluster_url("weir_super", "postgres"), fmt::format("CREATE DATABASE {}", prefix));
    execute(cluster_url("weir_super", prefix), pg::render_roles_sql(prefix).value());
    const pg::RoleNames roles{prefix};
    auto session = pg::BlockingSession::open(cluster_url(roles.login(), prefix));
    if (!session) throw Failure(session.error());
    const auto migrated = pg::migrate(*session, roles);
    if (!migrated) throw Failure(migrated.error());
    return prefix;
  }();
  return name;
}

}  // namespace

TestDatabase::TestDatabase() {
  static std::atomic<int> count = 0;
  const auto& prefix = template_database();
  name_ = fmt::format("{}_{}", prefix, ++count);
  execute(cluster_url("weir_super", "postgres"),
          fmt::format("CREATE DATABASE {} TEMPLATE {} OWNER {}_owner", name_, prefix, prefix));
  execute(cluster_url("weir_super", "postgres"),
          fmt::format("GRANT CONNECT ON DATABASE {0} TO {1}_login, {1}_reader; "
                      "GRANT TEMPORARY ON DATABASE {0} TO {1}_tenant, {1}_control",
                      name_, prefix));
}

TestDatabase::~TestDatabase() {
  try {
    execute(cluster_url("weir_super", "postgres"), fmt::format("DROP DATABASE {} WITH (FORCE)", name_));
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
  }
}

std::string TestDatabase::login_url() const { return cluster_url(template_database() + "_login", name_); }

std::string TestDatabase::superuser_url() const { return cluster_url("weir_super", name_); }

pg::RoleNames TestDatabase::roles() const { return {template_database()}; }

pg::PoolSettings TestDatabase::pool_settings(std::size_t connections_max) const {
  pg::PoolSettings settings;
  settings.connect.url = login_url();
  settings.connections_max = connections_max;
  return settings;
}

std::string TestDatabase::super(const std::string& sql) const { return execute(superuser_url(), sql); }

TenantId TestDatabase::add_tenant(const std::string& key) const {
  return TenantId(*Uuid::parse(super(fmt::format("INSERT INTO weir.tenant (key) VALUES ('{}') RETURNING id", key))));
}

Epoch TestDatabase::add_node() const {
  return Epoch(
      std::stoll(super("INSERT INTO weir.node (node_id, hostname, pid, version, lease_until, run_slots) VALUES "
                       "(weir.uuid_v7(), 'test', 1, 'test', now() + interval '1 hour', 100) RETURNING epoch")));
}

void TestDatabase::add_data_source(TenantId tenant, const std::string& name, const std::string& provider) const {
  super(fmt::format("INSERT INTO weir.data_source (tenant_id, name, provider) VALUES ('{}', '{}', '{}')",
                    to_string(tenant), name, provider));
}

}  // namespace weir::test
