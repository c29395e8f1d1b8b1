#include "weir/session.hpp"

#include <pwd.h>
#include <unistd.h>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace weir::app {
namespace {

constexpr pg::Statement k_ensure_partitions{"session.ensure_partitions", "SELECT weir.ensure_partitions()"};

// Every change has a line in the audit log, whose weekly partitions somebody must have made.
Task<int> prepare_and_work(Session& session, const std::function<Task<int>(Session&)>& work) {
  co_await session.database.query(pg::Scope::owner(), k_ensure_partitions);
  co_return co_await work(session);
}

}  // namespace

int run_session(const Cli& cli, const std::function<Task<int>(Session&)>& work) {
  const auto opened = open_database(cli);
  if (!opened) return print_error(cli, opened.error());

  constexpr std::size_t k_blocking_threads = 4;
  asio::io_context io;
  BlockingPool blocking(k_blocking_threads);
  pg::PoolSettings settings;
  settings.connect.url = opened->url;
  pg::Pool pool(io.get_executor(), blocking, settings);
  pg::Database database(pool, opened->roles);
  Session session{cli, *opened, io.get_executor(), blocking, database};

  int code = 0;
  asio::co_spawn(io, prepare_and_work(session, work), [&](std::exception_ptr failure, int result) {
    code = result;
    if (!failure) return;
    try {
      std::rethrow_exception(failure);
    } catch (...) {
      code = print_error(cli, current_error());
    }
  });
  io.run();
  pool.clear();
  blocking.join();
  return code;
}

std::string command_line_actor() {
  const passwd* account = ::getpwuid(::getuid());
  return fmt::format("cli:{}", account != nullptr ? account->pw_name : std::to_string(::getuid()));
}

}  // namespace weir::app
