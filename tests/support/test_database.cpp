#include "tests/support/test_database.hpp"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>
#include <libpq-fe.h>

namespace weir::test {
namespace {

std::string cluster_url() {
  const char* url = std::getenv("WEIR_TEST_DATABASE_URL");
  if (url == nullptr) throw std::runtime_error("WEIR_TEST_DATABASE_URL is not set: use scripts/with-postgres.sh");
  return url;
}

// postgresql://weir_super@/postgres?host=/tmp/x with another user and database.
std::string url_of(const std::string& user, const std::string& database) {
  const auto url = cluster_url();
  return fmt::format("postgresql://{}@/{}{}", user, database, url.substr(url.find('?')));
}

std::string execute(const std::string& url, const std::string& sql) {
  const std::unique_ptr<PGconn, void (*)(PGconn*)> connection(PQconnectdb(url.c_str()), PQfinish);
  const std::unique_ptr<PGresult, void (*)(PGresult*)> result(PQexec(connection.get(), sql.c_str()), PQclear);
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
    throw std::runtime_error(fmt::format("{}: {}", sql.substr(0, 100), PQerrorMessage(connection.get())));
  return status == PGRES_TUPLES_OK && PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

std::string replace_all(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

std::string migrations(const std::string& prefix) {
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(WEIR_SOURCE_DIR) + "/db/migrations"))
    if (entry.path().extension() == ".sql") files.insert(entry.path());
  std::string all = fmt::format(
      "SET ROLE {}_owner; CREATE SCHEMA weir; CREATE TABLE weir.schema_migration (version int PRIMARY KEY);", prefix);
  for (const auto& file : files) {
    std::ifstream in(file);
    std::stringstream text;
    text << in.rdbuf();
    all += text.str();
  }
  for (const char* role : {"owner", "control", "tenant", "reader"})
    all = replace_all(all, fmt::format("{{{{{}}}}}", role), fmt::format("{}_{}", prefix, role));
  return all;
}

// The migrated template, made once per process; its name is also the prefix of the roles.
const std::string& template_database() {
  static const std::string name = [] {
    auto prefix = fmt::format("weir_t{}", ::getpid());
    const auto super = cluster_url();
    for (const char* role : {"owner", "control", "tenant", "reader"})
      execute(super, fmt::format("CREATE ROLE {}_{} NOLOGIN", prefix, role));
    execute(super,
            fmt::format("CREATE ROLE {0}_login LOGIN NOINHERIT; GRANT {0}_owner, {0}_control, {0}_tenant TO {0}_login",
                        prefix));
    execute(super, fmt::format("CREATE DATABASE {0} OWNER {0}_owner", prefix));
    execute(
        url_of("weir_super", prefix),
        fmt::format("REVOKE ALL ON DATABASE {0} FROM PUBLIC; GRANT CONNECT ON DATABASE {0} TO {0}_login, {0}_reader; "
                    "GRANT TEMPORARY ON DATABASE {0} TO {0}_tenant, {0}_control",
                    prefix));
    execute(url_of("weir_super", prefix), migrations(prefix));
    return prefix;
  }();
  return name;
}

}  // namespace

TestDatabase::TestDatabase() {
  static std::atomic<int> count = 0;
  const auto& prefix = template_database();
  name_ = fmt::format("{}_{}", prefix, ++count);
  execute(cluster_url(), fmt::format("CREATE DATABASE {} TEMPLATE {} OWNER {}_owner", name_, prefix, prefix));
  execute(cluster_url(), fmt::format("GRANT CONNECT ON DATABASE {0} TO {1}_login, {1}_reader; "
                                     "GRANT TEMPORARY ON DATABASE {0} TO {1}_tenant, {1}_control",
                                     name_, prefix));
}

TestDatabase::~TestDatabase() {
  try {
    execute(cluster_url(), fmt::format("DROP DATABASE {} WITH (FORCE)", name_));
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
  }
}

std::string TestDatabase::login_url() const { return url_of(template_database() + "_login", name_); }

std::string TestDatabase::superuser_url() const { return url_of("weir_super", name_); }

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
      std::stoll(super("INSERT INTO weir.node (node_id, hostname, pid, version, lease_until) VALUES "
                       "(weir.uuid_v7(), 'test', 1, 'test', now() + interval '1 hour') RETURNING epoch")));
}

void TestDatabase::add_data_source(TenantId tenant, const std::string& name, const std::string& provider) const {
  super(fmt::format("INSERT INTO weir.data_source (tenant_id, name, provider) VALUES ('{}', '{}', '{}')",
                    to_string(tenant), name, provider));
}

}  // namespace weir::test
