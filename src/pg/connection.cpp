#include "pg/connection.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>

#include "pg/libpq_error.hpp"
#include "pg/libpq_params.hpp"

namespace weir::pg {
namespace {

using Socket = asio::posix::stream_descriptor;

// No JIT: statements that carry thousands of rows in arrays look expensive, and compiling them costs more than it
// saves.
std::string session_options(const ConnectSettings& settings) {
  return fmt::format(
      "-c search_path=pg_catalog -c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=iso_8601 -c bytea_output=hex "
      "-c statement_timeout={} -c lock_timeout={} -c idle_in_transaction_session_timeout={} "
      "-c client_connection_check_interval={} -c default_transaction_isolation=read\\ committed -c jit=off",
      settings.statement_timeout.count(), settings.lock_timeout.count(), settings.idle_in_transaction_timeout.count(),
      settings.client_check_interval.count());
}

// Keepalives notice a dead peer in 5 + 3 * 3 s, under the lease of 20 s.
PGconn* connect_blocking(const ConnectSettings& settings) {
  const auto options = session_options(settings);
  const auto timeout = std::to_string(std::max<std::int64_t>(2, settings.connect_timeout.count() / 1000));
  const char* keys[] = {
      "dbname",          "application_name",    "client_encoding",  "options",          "connect_timeout",
      "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout", nullptr};
  const char* values[] = {settings.url.c_str(),
                          settings.application_name.c_str(),
                          "UTF8",
                          options.c_str(),
                          timeout.c_str(),
                          "5",
                          "3",
                          "3",
                          "15000",
                          nullptr};
  return PQconnectdbParams(keys, values, 1);
}

// Waits for the socket or the deadline; false at the deadline.
Task<bool> wait_socket(Socket& socket, Socket::wait_type type, Deadline deadline) {
  using namespace asio::experimental::awaitable_operators;
  if (deadline.at() == Deadline::Clock::time_point::max()) {
    co_await socket.async_wait(type, asio::use_awaitable);
    co_return true;
  }
  asio::steady_timer timer(socket.get_executor(), deadline.at());
  const auto first = co_await (socket.async_wait(type, asio::use_awaitable) || timer.async_wait(asio::use_awaitable));
  co_return first.index() == 0;
}

struct Finish {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using OwnedResult = std::unique_ptr<PGresult, Clear>;

constexpr Statement k_rollback{"pg.rollback", "ROLLBACK"};

}  // namespace

Connection::Connection(Executor executor, pg_conn* connection)
    : connection_(connection), socket_(executor, PQsocket(connection)) {
  PQsetnonblocking(connection_, 1);
}

Connection::~Connection() {
  socket_.release();  // libpq closes it
  PQfinish(connection_);
}

Task<std::unique_ptr<Connection>> Connection::open(BlockingPool& pool, ConnectSettings settings) {
  const auto executor = co_await asio::this_coro::executor;
  auto connected =
      co_await run_blocking(pool, [settings] { return std::unique_ptr<PGconn, Finish>(connect_blocking(settings)); });
  if (connected == nullptr || PQstatus(connected.get()) != CONNECTION_OK) throw Failure(connect_error(connected.get()));
  co_return std::unique_ptr<Connection>(new Connection(executor, connected.release()));
}

Task<Rows> Connection::query(Statement statement, Params params, Deadline deadline) {
  std::vector<Command> commands;
  commands.push_back({statement, std::move(params)});
  auto answers = co_await pipeline(std::move(commands), deadline);
  co_return std::move(answers.front());
}

Task<std::vector<Rows>> Connection::pipeline(std::vector<Command> commands, Deadline deadline) {
  if (!is_usable() || PQenterPipelineMode(connection_) != 1) throw_lost("pipeline");
  is_broken_ = true;  // until the whole exchange is over: an exception in between leaves the session unusable
  for (const auto& command : commands) send(command);
  if (PQpipelineSync(connection_) != 1) throw_lost("sync");
  co_await flush(deadline);

  std::vector<Rows> answers;
  std::optional<Error> failure;
  for (const auto& command : commands) {
    OwnedResult result(co_await next_result(deadline));
    if (!result) throw_lost(command.statement.name);
    const auto status = PQresultStatus(result.get());
    if (status == PGRES_FATAL_ERROR && !failure) failure = error_of(result.get(), command.statement.name);
    if (!failure) answers.emplace_back(result.release());
    OwnedResult none(co_await next_result(deadline));  // the null that ends this command's results
  }
  OwnedResult sync(co_await next_result(deadline));
  if (PQresultStatus(sync.get()) != PGRES_PIPELINE_SYNC || PQexitPipelineMode(connection_) != 1) throw_lost("sync");
  is_broken_ = PQstatus(connection_) != CONNECTION_OK;
  if (failure) {
    co_await rollback_if_open(deadline);
    throw Failure(*failure);
  }
  co_return answers;
}

Task<> Connection::rollback_if_open(Deadline deadline) {
  if (!is_usable() || !is_in_transaction()) co_return;
  is_broken_ = true;
  if (PQsendQuery(connection_, std::string(k_rollback.sql).c_str()) != 1) throw_lost(k_rollback.name);
  co_await flush(deadline);
  co_await collect(k_rollback.name, deadline);
  is_broken_ = false;
}

Task<> Connection::copy_begin(Statement statement, Deadline deadline) {
  if (!is_usable()) throw_lost(statement.name);
  is_broken_ = true;  // until copy_end
  const std::string sql(statement.sql);
  if (PQsendQuery(connection_, sql.c_str()) != 1) throw_lost(statement.name);
  co_await flush(deadline);
  OwnedResult result(co_await next_result(deadline));
  if (PQresultStatus(result.get()) == PGRES_COPY_IN) co_return;
  const auto failure = error_of(result.get(), statement.name);
  OwnedResult none(co_await next_result(deadline));
  is_broken_ = false;
  co_await rollback_if_open(deadline);
  throw Failure(failure);
}

Task<> Connection::copy_chunk(std::string_view chunk, Deadline deadline) {
  if (PQputCopyData(connection_, chunk.data(), static_cast<int>(chunk.size())) != 1) throw_lost("copy");
  co_await flush(deadline);
}

Task<std::int64_t> Connection::copy_end(Deadline deadline) {
  if (PQputCopyEnd(connection_, nullptr) != 1) throw_lost("copy");
  co_await flush(deadline);
  std::optional<Error> failure;
  std::int64_t rows = 0;
  try {
    const auto answer = co_await collect("copy", deadline);
    rows = answer.affected();
  } catch (const Failure& error) {
    if (PQstatus(connection_) != CONNECTION_OK) throw;
    failure = error.error();
  }
  is_broken_ = false;
  if (failure) {
    co_await rollback_if_open(deadline);
    throw Failure(*failure);
  }
  co_return rows;
}

Task<std::optional<Notification>> Connection::next_notification(Deadline deadline) {
  for (;;) {
    if (PGnotify* found = PQnotifies(connection_); found != nullptr) {
      Notification notification{found->relname, found->extra, found->be_pid};
      PQfreemem(found);
      co_return notification;
    }
    const bool is_readable = co_await wait_socket(socket_, Socket::wait_read, deadline);
    if (!is_readable) co_return std::nullopt;
    if (PQconsumeInput(connection_) != 1) throw_lost("listen");
  }
}

bool Connection::is_usable() const { return !is_broken_ && PQstatus(connection_) == CONNECTION_OK; }

bool Connection::is_in_transaction() const { return PQtransactionStatus(connection_) != PQTRANS_IDLE; }

int Connection::backend_pid() const { return PQbackendPID(connection_); }

int Connection::server_version() const { return PQserverVersion(connection_); }

void Connection::send(const Command& command) {
  const LibpqParams params(command.params);
  const std::string sql(command.statement.sql);
  if (PQsendQueryParams(connection_, sql.c_str(), params.count(), params.types.data(), params.data.data(),
                        params.lengths.data(), params.formats.data(), 0) != 1)
    throw_lost(command.statement.name);
}

// Sends what is buffered, and reads meanwhile: a server that cannot write its answers would stop reading ours.
Task<> Connection::flush(Deadline deadline) {
  using namespace asio::experimental::awaitable_operators;
  for (;;) {
    const int left = PQflush(connection_);
    if (left < 0) throw_lost("send");
    if (left == 0) co_return;
    asio::steady_timer timer(socket_.get_executor(), deadline.at());
    const auto first =
        co_await (socket_.async_wait(Socket::wait_write, asio::use_awaitable) ||
                  socket_.async_wait(Socket::wait_read, asio::use_awaitable) || timer.async_wait(asio::use_awaitable));
    if (first.index() == 2) throw Failure({ErrorCode::timed_out, "the database did not take a statement in time"});
    if (first.index() == 1 && PQconsumeInput(connection_) != 1) throw_lost("send");
  }
}

Task<> Connection::wait_input(Deadline deadline) {
  const bool is_readable = co_await wait_socket(socket_, Socket::wait_read, deadline);
  if (!is_readable) throw Failure({ErrorCode::timed_out, "the database did not answer in time"});
  if (PQconsumeInput(connection_) != 1) throw_lost("receive");
}

Task<pg_result*> Connection::next_result(Deadline deadline) {
  while (PQisBusy(connection_) == 1) co_await wait_input(deadline);
  co_return PQgetResult(connection_);
}

// The result of a simple query: everything up to the null, the first error thrown.
Task<Rows> Connection::collect(std::string_view name, Deadline deadline) {
  Rows rows;
  std::optional<Error> failure;
  for (;;) {
    OwnedResult result(co_await next_result(deadline));
    if (!result) break;
    if (PQresultStatus(result.get()) == PGRES_FATAL_ERROR) {
      if (!failure) failure = error_of(result.get(), name);
      continue;
    }
    rows = Rows(result.release());
  }
  if (failure) throw Failure(*failure);
  co_return rows;
}

void Connection::throw_lost(std::string_view name) {
  is_broken_ = true;
  throw Failure(lost_error(connection_, name));
}

}  // namespace weir::pg
