#include "tests/support/fresh_database.hpp"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <stdexcept>

#include <fmt/format.h>

#include "pg/connection_info.hpp"
#include "pg/role_setup.hpp"

namespace weir::test {
namespace {

constexpr const char* k_superuser = "weir_super";

pg::BlockingSession open(const std::string& url) {
  auto session = pg::BlockingSession::open(url);
  if (!session) throw Failure(session.error());
  return std::move(*session);
}

}  // namespace

std::string cluster_url(const std::string& user, const std::string& database) {
  const char* url = std::getenv("WEIR_TEST_DATABASE_URL");
  if (url == nullptr) throw std::runtime_error("WEIR_TEST_DATABASE_URL is not set: use scripts/with-postgres.sh");
  return pg::ConnectionInfo::parse(url).value().set("user", user).set("dbname", database).url_without_password();
}

FreshDatabase::FreshDatabase() {
  static std::atomic<int> count = 0;
  name_ = fmt::format("weir_f{}_{}", ::getpid(), ++count);
  open(cluster_url(k_superuser, "postgres")).run_script({"test.create", fmt::format("CREATE DATABASE {}", name_)});
  superuser().run_script({"test.roles", pg::render_roles_sql(name_).value()});
}

FreshDatabase::~FreshDatabase() {
  try {
    auto session = open(cluster_url(k_superuser, "postgres"));
    session.run_script({"test.drop", fmt::format("DROP DATABASE {} WITH (FORCE)", name_)});
    session.run_script(
        {"test.drop", fmt::format("DROP ROLE {0}_owner, {0}_control, {0}_tenant, {0}_reader, {0}_login", name_)});
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
  }
}

std::string FreshDatabase::login_url() const { return cluster_url(roles().login(), name_); }
std::string FreshDatabase::superuser_url() const { return cluster_url(k_superuser, name_); }
pg::BlockingSession FreshDatabase::login() const { return open(login_url()); }
pg::BlockingSession FreshDatabase::superuser() const { return open(superuser_url()); }

}  // namespace weir::test
