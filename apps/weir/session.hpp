// One command's work on the database: the event loop, its pool of connections and the door, around one coroutine.
//
//   return run_session(cli, [options](Session& session) { return list_things(session, *options); });
#pragma once
#include <functional>
#include <string>

#include "base/asio.hpp"
#include "base/blocking.hpp"
#include "pg/database.hpp"
#include "weir/cli.hpp"
#include "weir/open_database.hpp"

namespace weir::app {

struct Session {
  const Cli& cli;
  const OpenedDatabase& opened;
  Executor executor;
  BlockingPool& blocking;
  pg::Database& database;
};

// Opens the database, runs `work` to its end and returns its exit code; a Failure that leaves it is printed.
int run_session(const Cli& cli, const std::function<Task<int>(Session&)>& work);

// Who asks for a change: cli:<account of the operating system>.
std::string command_line_actor();

}  // namespace weir::app
