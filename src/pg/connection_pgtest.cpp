#include "pg/connection.hpp"

#include <cstdlib>

#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "pg/pool.hpp"
#include "tests/support/run.hpp"

namespace weir::pg {
namespace {

ConnectSettings test_settings() {
  ConnectSettings settings;
  const char* url = std::getenv("WEIR_TEST_DATABASE_URL");
  settings.url = url != nullptr ? url : "";
  return settings;
}

Deadline soon() { return Deadline::in(10s); }

// The error of a call that must fail.
Task<Error> error_of(Task<Rows> call) {
  try {
    co_await std::move(call);
  } catch (const Failure& failure) {
    co_return failure.error();
  }
  co_return Error{ErrorCode::internal, "it did not fail"};
}

TEST(Connection, CarriesEveryTypeBothWays) {
  test::run([](test::Context context) -> Task<> {
    const auto connection = co_await Connection::open(context.blocking, test_settings());
    const auto instant = *parse_rfc3339("2026-11-21T22:49:23.123456Z");
    const auto id = *Uuid::parse("01939d2e-0000-7000-8000-0123456789ab");
    const std::vector<std::string> texts{"a", "b \"c\", d", "", "{\\}"};
    Params params("te'xt", std::int64_t{-5}, true, 1.5, instant, id, std::optional<int>{}, nlohmann::json{{"k", 1}});
    params.add_array(texts).add_bytes(std::string("\0\xff", 2));
    const auto rows = co_await connection->query({"test.types",
                                                  "SELECT $1::text AS t, $2::bigint AS i, $3::bool AS b, $4::float8 AS "
                                                  "d, $5::timestamptz AS at, $6::uuid AS id, "
                                                  "$7::int AS n, $8::jsonb AS j, $9::text[] AS a, $10::bytea AS x"},
                                                 std::move(params), soon());
    const auto row = rows.one();
    EXPECT_EQ(row.get<std::string>("t"), "te'xt");
    EXPECT_EQ(row.get<std::int64_t>("i"), -5);
    EXPECT_TRUE(row.get<bool>("b"));
    EXPECT_EQ(row.get<double>("d"), 1.5);
    EXPECT_EQ(row.get<Instant>("at"), instant);
    EXPECT_EQ(row.get<Uuid>("id"), id);
    EXPECT_FALSE(row.get<std::optional<int>>("n").has_value());
    EXPECT_EQ(row.get<nlohmann::json>("j").at("k"), 1);
    EXPECT_EQ(row.get<std::vector<std::string>>("a"), texts);
    EXPECT_EQ(row.get<Bytes>("x").value, std::string("\0\xff", 2));
  });
}

TEST(Connection, APipelineThatFailsInATransactionRollsBackAndStaysUsable) {
  test::run([](test::Context context) -> Task<> {
    const auto connection = co_await Connection::open(context.blocking, test_settings());
    std::vector<Command> commands{{{"a", "BEGIN"}, {}}, {{"b", "SELECT 1/$1::int"}, Params(0)}, {{"c", "COMMIT"}, {}}};
    std::optional<Error> failure;
    try {
      co_await connection->pipeline(commands, soon());
    } catch (const Failure& error) {
      failure = error.error();
    }
    EXPECT_TRUE(failure && failure->code == ErrorCode::invalid_data) << (failure ? failure->detail : "no error");
    EXPECT_TRUE(connection->is_usable());
    EXPECT_FALSE(connection->is_in_transaction());
    const auto rows = co_await connection->query({"d", "SELECT 7 AS seven"}, {}, soon());
    EXPECT_EQ(rows.one().get<int>("seven"), 7);
  });
}

TEST(Connection, AFlushLargerThanAllSocketBuffersDoesNotDeadlock) {
  test::run([](test::Context context) -> Task<> {
    const auto connection = co_await Connection::open(context.blocking, test_settings());
    const std::string large(4'000'000, 'x');
    std::vector<Command> commands;
    for (int i = 0; i < 8; ++i) commands.push_back({{"echo", "SELECT $1::text AS t"}, Params(large)});
    const auto answers = co_await connection->pipeline(std::move(commands), Deadline::in(60s));
    EXPECT_EQ(answers.size(), 8U);
    EXPECT_EQ(answers.back().one().get<std::string>("t").size(), large.size());
  });
}

TEST(Connection, ADeadlineEndsAWaitAndTheConnectionIsDropped) {
  test::run([](test::Context context) -> Task<> {
    const auto connection = co_await Connection::open(context.blocking, test_settings());
    const auto error = co_await error_of(connection->query({"slow", "SELECT pg_sleep(30)"}, {}, Deadline::in(50ms)));
    EXPECT_EQ(error.code, ErrorCode::timed_out);
    EXPECT_FALSE(connection->is_usable());
  });
}

TEST(Connection, CopiesInAndReportsABadRow) {
  test::run([](test::Context context) -> Task<> {
    const auto connection = co_await Connection::open(context.blocking, test_settings());
    co_await connection->query({"t", "CREATE TEMP TABLE copied (n int, t text)"}, {}, soon());
    co_await connection->copy_begin({"copy", "COPY pg_temp.copied FROM STDIN"}, soon());
    for (int i = 0; i < 1000; ++i) co_await connection->copy_chunk("1\tone\n2\ttwo\n", soon());
    const auto rows = co_await connection->copy_end(soon());
    EXPECT_EQ(rows, 2000);
    co_await connection->copy_begin({"copy", "COPY pg_temp.copied FROM STDIN"}, soon());
    co_await connection->copy_chunk("x\tone\n", soon());
    std::optional<Error> failure;
    try {
      co_await connection->copy_end(soon());
    } catch (const Failure& error) {
      failure = error.error();
    }
    EXPECT_TRUE(failure && failure->code == ErrorCode::invalid_data);
    EXPECT_TRUE(connection->is_usable());
  });
}

TEST(Connection, ListensAndKeepsTheSessionWhenNothingComes) {
  test::run([](test::Context context) -> Task<> {
    const auto connection = co_await Connection::open(context.blocking, test_settings());
    co_await connection->query({"listen", "LISTEN weir_test"}, {}, soon());
    const auto none = co_await connection->next_notification(Deadline::in(10ms));
    EXPECT_FALSE(none.has_value());
    co_await connection->query({"notify", "SELECT pg_notify('weir_test', 'hello')"}, {}, soon());
    const auto some = co_await connection->next_notification(soon());
    EXPECT_TRUE(some && some->payload == "hello");
  });
}

TEST(Connection, AnUnreachableServerSaysSo) {
  test::run([](test::Context context) -> Task<> {
    auto settings = test_settings();
    settings.url = "postgresql://nobody@/none?host=/nowhere";
    std::optional<Error> failure;
    try {
      co_await Connection::open(context.blocking, settings);
    } catch (const Failure& error) {
      failure = error.error();
    }
    EXPECT_TRUE(failure && failure->code == ErrorCode::database_unreachable);
  });
}

Task<> hold_for(Pool& pool, std::chrono::milliseconds time, int& done) {
  const auto lease = co_await pool.acquire();
  co_await sleep_for(time);
  ++done;
}

TEST(Pool, ServesMoreThanItsBoundOneAfterTheOther) {
  test::run([](test::Context context) -> Task<> {
    Pool pool(context.executor(), context.blocking, {.connect = test_settings(), .connections_max = 2});
    TaskGroup group(context.executor());
    int done = 0;
    for (int i = 0; i < 6; ++i) group.spawn("hold", hold_for(pool, 2ms, done));
    co_await group.wait();
    EXPECT_EQ(done, 6);
    EXPECT_LE(pool.open_count(), 2U);
  });
}

TEST(Pool, AWaitThatTakesTooLongSaysSo) {
  test::run([](test::Context context) -> Task<> {
    Pool pool(context.executor(), context.blocking,
              {.connect = test_settings(), .connections_max = 1, .acquire_timeout = 20ms});
    const auto lease = co_await pool.acquire();
    std::optional<Error> failure;
    try {
      co_await pool.acquire();
    } catch (const Failure& error) {
      failure = error.error();
    }
    EXPECT_TRUE(failure && failure->code == ErrorCode::timed_out);
  });
}

TEST(Pool, DropsABrokenConnection) {
  test::run([](test::Context context) -> Task<> {
    Pool pool(context.executor(), context.blocking, {.connect = test_settings(), .connections_max = 1});
    {
      const auto lease = co_await pool.acquire();
      const auto error =
          co_await error_of(lease->query({"suicide", "SELECT pg_terminate_backend(pg_backend_pid())"}, {}, soon()));
      EXPECT_EQ(error.code, ErrorCode::database_unreachable);
    }
    EXPECT_EQ(pool.open_count(), 0U);
    const auto lease = co_await pool.acquire();
    EXPECT_TRUE(lease->is_usable());
  });
}

Task<std::string> name_of(Pool& pool) {
  const auto lease = co_await pool.acquire();
  const auto rows = co_await lease->query({"name", "SELECT current_setting('application_name') AS name"}, {}, soon());
  co_return rows.one().get<std::string>("name");
}

TEST(Pool, ANewNameHoldsForEveryConnectionBorrowedFromNowOn) {
  test::run([](test::Context context) -> Task<> {
    Pool pool(context.executor(), context.blocking, {.connect = test_settings(), .connections_max = 2});
    {
      const auto borrowed = co_await pool.acquire();
      const auto before = co_await name_of(pool);
      EXPECT_EQ(before, "weir");
      pool.rename("weir epoch 7");
      EXPECT_TRUE(borrowed->is_usable());
    }
    EXPECT_EQ(pool.open_count(), 0U);
    const auto after = co_await name_of(pool);
    EXPECT_EQ(after, "weir epoch 7");
  });
}

}  // namespace
}  // namespace weir::pg
