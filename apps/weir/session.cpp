#include "weir/session.hpp"

#include <pwd.h>
#include <unistd.h>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace weir::app {

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
  asio::co_spawn(io, work(session), [&](std::exception_ptr failure, int result) {
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
