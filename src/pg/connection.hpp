// One session of PostgreSQL, asynchronous on Asio. Every call throws Failure: database_unreachable when the session is
// lost, the statement's meaning otherwise. After a lost session, a passed deadline or a cancellation in the middle of
// a statement the connection is unusable and must be dropped (the server ends the statement, since it checks its
// client).
//
// Everything on the executor given to open(); one call at a time.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "base/asio.hpp"
#include "base/blocking.hpp"
#include "base/deadline.hpp"
#include "base/error.hpp"
#include "pg/params.hpp"
#include "pg/rows.hpp"
#include "pg/statement.hpp"

extern "C" struct pg_conn;

namespace weir::pg {

struct ConnectSettings {
  std::string url;
  std::string application_name = "weir";
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(10);
  std::chrono::milliseconds statement_timeout = std::chrono::seconds(120);
  std::chrono::milliseconds lock_timeout = std::chrono::seconds(10);
  // Under the lease (20 s): a client that froze inside a transaction must not hold its locks longer than its lease.
  std::chrono::milliseconds idle_in_transaction_timeout = std::chrono::seconds(15);
  std::chrono::milliseconds client_check_interval = std::chrono::seconds(1);
};

struct Command {
  Statement statement;
  Params params;
};

struct Notification {
  std::string channel;
  std::string payload;
  int sender_pid = 0;
};

class Connection {
 public:
  // Resolves, connects and authenticates on `pool`; the session speaks UTF-8 and UTC and searches pg_catalog only.
  static Task<std::unique_ptr<Connection>> open(BlockingPool& pool, ConnectSettings settings);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Task<Rows> query(Statement statement, Params params, Deadline deadline);

  // All commands in one flush and one round trip. The first that fails ends the rest; its error is thrown after the
  // session is idle again (an open transaction is rolled back).
  Task<std::vector<Rows>> pipeline(std::vector<Command> commands, Deadline deadline);

  // COPY … FROM STDIN: begin, any number of chunks (each waits until the socket took it), end. The count of rows.
  Task<> copy_begin(Statement statement, Deadline deadline);
  Task<> copy_chunk(std::string_view chunk, Deadline deadline);  // `chunk` lives until the call returns
  Task<std::int64_t> copy_end(Deadline deadline);

  // The next NOTIFY of a channel this session LISTENs to; nullopt at the deadline (the session stays usable).
  Task<std::optional<Notification>> next_notification(Deadline deadline);

  bool is_usable() const;  // connected, and between statements
  bool is_in_transaction() const;
  int backend_pid() const;
  int server_version() const;  // 150004 for 15.4

 private:
  Connection(Executor executor, pg_conn* connection);

  Task<> flush(Deadline deadline);
  Task<> wait_input(Deadline deadline);
  Task<pg_result*> next_result(Deadline deadline);
  Task<Rows> collect(std::string_view name, Deadline deadline);
  Task<> rollback_if_open(Deadline deadline);
  void send(const Command& command);
  [[noreturn]] void throw_lost(std::string_view name);

  pg_conn* connection_;
  asio::posix::stream_descriptor socket_;
  bool is_broken_ = false;
};

}  // namespace weir::pg
