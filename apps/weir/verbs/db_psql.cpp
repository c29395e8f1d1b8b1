#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "pg/connection_info.hpp"
#include "pg/embedded/server_programs.hpp"
#include "weir/open_database.hpp"
#include "weir/verbs/db.hpp"

namespace weir::app {
namespace {

// The one of the server's version where it is known, else that of PATH.
std::string find_psql(const Cli& cli) {
  const auto settings = embedded_settings(cli);
  const auto programs = settings ? pg::find_server_programs(settings->programs)
                                 : Result<std::vector<pg::ServerPrograms>>(std::vector<pg::ServerPrograms>{});
  if (programs)
    for (const auto& found : *programs)
      if (const auto psql = found.directory / "psql"; ::access(psql.c_str(), X_OK) == 0) return psql.native();
  return "psql";
}

Result<int> run_and_wait(std::vector<std::string> command) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (auto& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  // Ctrl-C belongs to psql, which cancels its query with it.
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGQUIT, SIG_IGN);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGINT);
  sigaddset(&defaults, SIGQUIT);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, command.front().c_str(), nullptr, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  if (error != 0)
    return fail(
        ErrorCode::configuration,
        fmt::format("cannot run psql: {}; install it (apt-get install postgresql-client)", std::strerror(error)));
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

int run_psql(const Cli& cli, std::vector<std::string> arguments) {
  const auto opened = open_database(cli);
  if (!opened) return print_error(cli, opened.error());
  auto info = pg::ConnectionInfo::parse(opened->url).value();
  // A command line is everybody's to read.
  if (info.has_password()) ::setenv("PGPASSWORD", info.get("password").c_str(), 1);
  const auto url = info.set_role(opened->roles.control()).url_without_password();
  arguments.insert(arguments.begin(), {find_psql(cli), "--dbname=" + url});
  const auto exit_code = run_and_wait(std::move(arguments));
  return exit_code ? *exit_code : print_error(cli, exit_code.error());
}

}  // namespace weir::app
