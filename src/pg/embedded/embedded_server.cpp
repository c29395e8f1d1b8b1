#include "pg/embedded/embedded_server.hpp"

#include <poll.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "pg/blocking_session.hpp"
#include "pg/connection_info.hpp"
#include "pg/embedded/embedded_address.hpp"
#include "pg/embedded/guard.hpp"
#include "pg/embedded/postmaster.hpp"
#include "pg/embedded/program.hpp"
#include "pg/embedded/server_programs.hpp"
#include "pg/roles.hpp"

namespace weir::pg {
namespace {

using namespace std::chrono_literals;

// Held exclusively only while the server is being stopped.
constexpr auto k_presence_timeout = 90s;
constexpr auto k_connect_timeout = 5s;

RoleNames roles() { return {k_embedded_database}; }

// The first line; empty when the process ends, or the time is over, before it.
std::string read_line(int fd, Deadline deadline) {
  std::string line;
  std::array<char, 4096> buffer;
  while (!line.contains('\n') && !deadline.is_over()) {
    struct pollfd wait{fd, POLLIN, 0};
    if (::poll(&wait, 1, 1000) <= 0) continue;
    const auto count = ::read(fd, buffer.data(), buffer.size());
    if (count == 0 || (count < 0 && errno != EINTR)) break;
    if (count > 0) line.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return line;
}

GuardRequest request_of(GuardRequest::Action action, const EmbeddedSettings& settings, const Home& home) {
  return {action,
          home.path,
          home.account.name,
          settings.programs,
          settings.linger,
          settings.start_timeout,
          settings.durability};
}

// Runs the guard until it has answered; it inherits the start lock, which so outlives us if we are killed.
Result<> ask_guard(const EmbeddedSettings& settings, const GuardRequest& request, const FileLock& start) {
  auto guard = start_program(settings.executable, guard_command(request), Capture::output, start.fd());
  if (!guard) return std::unexpected(guard.error());
  while (::waitpid(guard->pid, nullptr, 0) < 0 && errno == EINTR) continue;
  return parse_guard_answer(read_line(guard->output.get(), Deadline::in(settings.start_timeout + 10s)));
}

Result<FileLock> take_start_lock(const EmbeddedSettings& settings, const Home& home) {
  auto start = FileLock::open(home.start_lock(), home.account);
  if (!start || start->lock_by(LockMode::exclusive, Deadline::in(settings.start_timeout))) return start;
  return fail(ErrorCode::database_unreachable,
              fmt::format("another weir has been starting the private database in {} for too long: see {}",
                          home.path.native(), home.server_logs().native()));
}

std::optional<PostmasterFile> find_server(const Home& home) {
  const auto major = home.newest_major();
  return major ? read_postmaster_file(home.data(*major)) : std::nullopt;
}

}  // namespace

std::string EmbeddedServer::login_url() const { return embedded_url(socket_directory_, roles().login()); }

std::string EmbeddedServer::operator_url() const {
  return ConnectionInfo::parse(login_url()).value().set_role(roles().control()).url_without_password();
}

std::string EmbeddedServer::superuser_url() const { return embedded_url(socket_directory_, k_embedded_superuser); }

bool EmbeddedServer::join() {
  const auto guard = FileLock::open(home_.guard_lock(), home_.account);
  if (!guard || !guard->is_held_elsewhere()) return false;
  const auto file = find_server(home_);
  if (!file || !file->is_ready) return false;
  socket_directory_ = file->socket_directory;
  return BlockingSession::open(login_url(), k_connect_timeout).has_value();
}

Result<> EmbeddedServer::ensure_running() {
  if (join()) return {};
  const auto start = take_start_lock(settings_, home_);
  if (!start) return std::unexpected(start.error());
  if (join()) return {};
  const auto started = ask_guard(settings_, request_of(GuardRequest::Action::start, settings_, home_), *start);
  if (!started) return started;
  if (join()) return {};
  return fail(ErrorCode::database_unreachable,
              fmt::format("the private database in {} was started and is gone again: see {}", home_.path.native(),
                          home_.server_logs().native()));
}

Result<std::unique_ptr<EmbeddedServer>> start_or_join_embedded(const EmbeddedSettings& settings) {
  // Before anything is created.
  if (const auto found = find_home(settings); !found || !found->newest_major())
    if (auto programs = find_server_programs(settings.programs); !programs) return std::unexpected(programs.error());
  auto home = prepare_home(settings);
  if (!home) return std::unexpected(home.error());
  home->path = std::filesystem::canonical(home->path);
  auto presence = FileLock::open(home->presence_lock(), home->account);
  if (!presence) return std::unexpected(presence.error());
  if (!presence->lock_by(LockMode::shared, Deadline::in(k_presence_timeout)))
    return fail(ErrorCode::database_unreachable,
                fmt::format("the private database in {} has been stopping for too long: see {}", home->path.native(),
                            home->guard_log().native()));
  presence->touch();
  std::unique_ptr<EmbeddedServer> server(new EmbeddedServer(settings, std::move(*home), std::move(*presence)));
  if (auto up = server->ensure_running(); !up) return std::unexpected(up.error());
  return server;
}

Result<bool> stop_embedded(const EmbeddedSettings& settings, StopMode mode) {
  if (!inspect_embedded(settings).server_pid) return false;
  auto home = prepare_home(settings);
  if (!home) return std::unexpected(home.error());
  home->path = std::filesystem::canonical(home->path);
  auto presence = FileLock::open(home->presence_lock(), home->account);
  if (!presence) return std::unexpected(presence.error());
  if (!presence->try_lock(LockMode::exclusive) && mode == StopMode::when_unused)
    return fail(
        ErrorCode::conflict,
        fmt::format("other weir processes use the private database in {}: end them first, or stop it under them "
                    "with --force",
                    home->path.native()));
  const auto start = take_start_lock(settings, *home);
  if (!start) return std::unexpected(start.error());
  if (auto done = ask_guard(settings, request_of(GuardRequest::Action::stop, settings, *home), *start); !done)
    return std::unexpected(done.error());
  return true;
}

EmbeddedState inspect_embedded(const EmbeddedSettings& settings) {
  EmbeddedState state{settings.home, std::nullopt, std::nullopt};
  const auto home = find_home(settings);
  const auto major = home ? home->newest_major() : std::nullopt;
  if (!major) return state;
  state.data = home->data(*major);
  const auto file = read_postmaster_file(*state.data);
  if (file && is_postgres(file->pid)) state.server_pid = file->pid;
  return state;
}

}  // namespace weir::pg
