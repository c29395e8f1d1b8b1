#include "tenancy/reader.hpp"

#include <unistd.h>

#include <gtest/gtest.h>
#include <libpq-fe.h>

#include "tests/support/tenancy.hpp"

namespace weir::tenancy {
namespace {

using testing::k_actor;
using testing::Process;

struct Readers : ::testing::Test {
  test::TestDatabase server;
  test::TemporaryDirectory directory;
  TenantId acme = server.add_tenant("acme");
  TenantId other = server.add_tenant("other");
  std::string role = "analyst_" + std::to_string(::getpid());

  Readers() {
    server.add_data_source(acme, "one", "example");
    server.add_data_source(other, "one", "example");
    for (const auto& tenant : {acme, other})
      server.super("INSERT INTO weir.data_source_run (tenant_id, data_source, script) VALUES ('" + to_string(tenant) +
                   "', 'one', 'example/thing')");
  }
  ~Readers() override { server.super("DROP OWNED BY " + role + "; DROP ROLE " + role); }

  template <class Function>
  void run(Function function) {
    test::run([&](test::Context context) -> Task<> {
      Process process(context, server, directory.path() / "master.key");
      co_await function(process.database);
    });
  }
  // As the analyst, in one session; the first field of the last answer, or the error.
  std::string ask(const std::string& sql) {
    auto url = server.login_url();
    url.replace(url.find("//") + 2, url.find('@') - url.find("//") - 2, role);
    const std::unique_ptr<PGconn, void (*)(PGconn*)> connection(PQconnectdb(url.c_str()), PQfinish);
    const std::unique_ptr<PGresult, void (*)(PGresult*)> result(PQexec(connection.get(), sql.c_str()), PQclear);
    return PQresultStatus(result.get()) == PGRES_TUPLES_OK ? PQgetvalue(result.get(), 0, 0)
                                                           : PQerrorMessage(connection.get());
  }
};

TEST_F(Readers, SeeTheirTenantWhateverTheySet) {
  server.super(reader_role_sql(server.roles(), role));
  server.super(reader_role_sql(server.roles(), role));  // again changes nothing
  const std::string count = "SELECT count(*) FROM weir.data_source_run";
  EXPECT_EQ(ask(count), "0");
  run([&](pg::Database& database) -> Task<> {
    const auto added = co_await add_reader(database, k_actor, acme, role);
    EXPECT_TRUE(added) << added.error().message;
    const auto again = co_await add_reader(database, k_actor, acme, role);
    EXPECT_EQ(*again, Outcome::unchanged);
    const auto stolen = co_await add_reader(database, k_actor, other, role);
    EXPECT_EQ(stolen.error().code, ErrorCode::conflict);
    const auto readers = co_await list_readers(database, acme);
    EXPECT_EQ(readers.size(), 1U);
  });
  EXPECT_EQ(ask(count), "1");
  EXPECT_EQ(ask("SET weir.tenant_id = '" + to_string(other) + "'; " + count + " WHERE tenant_id = '" +
                to_string(other) + "'"),
            "0");
  EXPECT_TRUE(ask("SELECT * FROM weir.tenant_data_source_config").contains("permission denied"));
  EXPECT_TRUE(ask("SELECT * FROM weir.tenant_data_key").contains("permission denied"));
  EXPECT_TRUE(ask("SET transaction_read_only = off; DELETE FROM weir.data_source_run").contains("denied"));
  EXPECT_EQ(ask("SHOW statement_timeout"), "1min");
  run([&](pg::Database& database) -> Task<> {
    const auto wrong = co_await remove_reader(database, k_actor, other, role);
    EXPECT_EQ(wrong.error().code, ErrorCode::not_found);
    const auto removed = co_await remove_reader(database, k_actor, acme, role);
    EXPECT_TRUE(removed);
  });
  EXPECT_EQ(ask(count), "0");
}

TEST_F(Readers, NeedARoleOfTheirOwnAndSayHowToMakeIt) {
  run([&](pg::Database& database) -> Task<> {
    const auto missing = co_await add_reader(database, k_actor, acme, role);
    EXPECT_EQ(missing.error().code, ErrorCode::configuration);
    EXPECT_TRUE(missing.error().message.contains("CREATE ROLE")) << missing.error().message;
    server.super("CREATE ROLE " + role + " LOGIN");
    const auto bare = co_await add_reader(database, k_actor, acme, role);
    EXPECT_TRUE(bare.error().message.contains("is no member of")) << bare.error().message;
    server.super(reader_role_sql(server.roles(), role));
    server.super("ALTER ROLE " + role + " RESET statement_timeout");
    const auto unbounded = co_await add_reader(database, k_actor, acme, role);
    EXPECT_TRUE(unbounded.error().message.contains("no statement_timeout")) << unbounded.error().message;
    server.super(reader_role_sql(server.roles(), role));
    server.super("GRANT " + server.roles().control() + " TO " + role);
    const auto mighty = co_await add_reader(database, k_actor, acme, role);
    EXPECT_EQ(mighty.error().code, ErrorCode::configuration);
    for (const auto& name : {server.roles().control(), server.roles().login(), std::string("weir\"x"), std::string()}) {
      const auto refused = co_await add_reader(database, k_actor, acme, name);
      EXPECT_EQ(refused.error().code, ErrorCode::invalid_input) << name;
    }
  });
  EXPECT_EQ(server.super("SELECT count(*) FROM weir.reader"), "0");
}

}  // namespace
}  // namespace weir::tenancy
