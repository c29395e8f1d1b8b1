#include "pg/embedded/guard.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "pg/embedded/cluster.hpp"
#include "pg/embedded/file_error.hpp"
#include "pg/embedded/file_lock.hpp"
#include "pg/embedded/program.hpp"

namespace weir::pg {
namespace {

constexpr auto k_poll_interval = std::chrono::milliseconds(20);
constexpr off_t k_log_bytes_max = 1 << 20;

std::atomic<bool> g_is_terminated = false;

// Without SA_RESTART: the wait for the lock must end.
void catch_termination() {
  struct sigaction action{};
  action.sa_handler = [](int) { g_is_terminated = true; };
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
  ::signal(SIGHUP, SIG_IGN);
}

void redirect(int fd, const std::filesystem::path& path, int flags) {
  const UniqueFd target(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (target) ::dup2(target.get(), fd);
}

void open_log(const Home& home) {
  redirect(STDERR_FILENO, home.guard_log(), O_WRONLY | O_CREAT | O_APPEND);
  struct stat status{};
  if (::fstat(STDERR_FILENO, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > k_log_bytes_max &&
      ::ftruncate(STDERR_FILENO, 0) != 0)
    log_warning("the guard's log could not be shortened");
  configure_log(LogLevel::info, LogFormat::text);
}

void answer(const Result<>& result) {
  const nlohmann::json json = result ? nlohmann::json::object() : nlohmann::json(result.error());
  const auto line = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) log_warning("nobody waits for the guard's answer");
  redirect(STDOUT_FILENO, "/dev/null", O_WRONLY);
}

Result<Home> enter_home(const GuardRequest& request) {
  ::umask(077);
  const auto account = find_account(request.account);
  if (!account) return fail(ErrorCode::configuration, fmt::format("the account {} does not exist", request.account));
  if (auto done = become(*account); !done) return std::unexpected(done.error());
  if (::access(request.home.c_str(), R_OK | W_OK | X_OK) == 0) return Home{request.home, *account};
  auto error = file_error("work in", request.home, errno);
  if (error.code != ErrorCode::configuration) return std::unexpected(error);
  error.message = fmt::format("the account {}, which runs the private database, {}", account->name, error.message);
  return std::unexpected(error);
}

Result<Cluster> find_cluster(const Home& home, const GuardRequest& request) {
  const auto programs = find_server_programs(request.programs);
  if (!programs) return std::unexpected(programs.error());
  return Cluster::find(home, *programs, request.durability);
}

Result<> bring_up(Cluster& cluster, const GuardRequest& request) {
  const auto deadline = Deadline::in(request.start_timeout);
  if (auto done = cluster.ensure_initialised(); !done) return done;
  const bool was_running = cluster.is_running();
  if (auto done = cluster.ensure_started(deadline); !done) return done;
  auto ready = cluster.bootstrap();
  if (!ready && !was_running) cluster.stop();
  return ready;
}

void sleep_for(std::chrono::milliseconds duration) {
  const auto deadline = Deadline::in(duration);
  while (!deadline.is_over() && !g_is_terminated) std::this_thread::sleep_for(k_poll_interval);
}

// Returns with the presence lock held, when nobody has used the server for `linger` or when the guard shall end.
void wait_until_unused(FileLock& presence, const Cluster& cluster, std::chrono::milliseconds linger) {
  for (;;) {
    if (!presence.wait_exclusive() || g_is_terminated) return;
    const auto seen = presence.touched_at();
    presence.unlock();
    sleep_for(linger);
    if (g_is_terminated) return;
    // Whoever came and went meanwhile has touched the file.
    if (presence.try_lock(LockMode::exclusive) && presence.touched_at() == seen && !cluster.has_clients()) return;
    presence.unlock();
  }
}

void guard(FileLock& presence, FileLock& own, Cluster& cluster, const GuardRequest& request) {
  log_info("guarding {} as process {}", request.home.native(), ::getpid());
  wait_until_unused(presence, cluster, request.linger);
  log_info("stopping the server of {}: {}", request.home.native(),
           g_is_terminated ? "the guard was terminated" : "no Weir process uses it");
  cluster.stop();
  own.unlock();  // before the presence lock: who waits for that one must find no guard
  presence.unlock();
}

Result<> stop(const GuardRequest& request) {
  const auto home = enter_home(request);
  if (!home) return std::unexpected(home.error());
  auto cluster = find_cluster(*home, request);
  if (!cluster) return std::unexpected(cluster.error());
  cluster->stop();
  return {};
}

int start_and_guard(const GuardRequest& request) {
  const auto refuse = [](const Error& error) {
    answer(std::unexpected(error));
    return error.exit_code();
  };
  const auto home = enter_home(request);
  if (!home) return refuse(home.error());
  open_log(*home);
  auto cluster = find_cluster(*home, request);
  if (!cluster) return refuse(cluster.error());
  auto presence = FileLock::open(home->presence_lock(), home->account);
  auto own = FileLock::open(home->guard_lock(), home->account);
  if (!presence) return refuse(presence.error());
  if (!own) return refuse(own.error());
  if (auto up = bring_up(*cluster, request); !up) return refuse(up.error());
  const bool is_guard = own->try_lock(LockMode::exclusive);
  catch_termination();
  ::signal(SIGCHLD, SIG_IGN);  // the server is our child: no zombie of it may look alive
  answer({});
  ::close(k_inherited_fd);
  if (is_guard) guard(*presence, *own, *cluster, request);
  return 0;
}

}  // namespace

std::vector<std::string> guard_command(const GuardRequest& request) {
  std::vector<std::string> command{"weir",
                                   k_guard_verb,
                                   request.action == GuardRequest::Action::start ? "start" : "stop",
                                   "--home",
                                   request.home.native(),
                                   "--account",
                                   request.account,
                                   "--linger-ms",
                                   std::to_string(request.linger.count()),
                                   "--start-timeout-ms",
                                   std::to_string(request.start_timeout.count())};
  if (request.durability == Durability::none) command.emplace_back("--no-fsync");
  if (!request.programs.empty()) command.insert(command.end(), {"--programs", request.programs.native()});
  return command;
}

int run_guard(const GuardRequest& request) {
  ::signal(SIGPIPE, SIG_IGN);  // who asked may be gone when the answer is there
  if (const auto child = ::fork(); child != 0) return child > 0 ? 0 : traits(ErrorCode::internal).exit_code;
  if (request.action == GuardRequest::Action::start) return start_and_guard(request);
  const auto stopped = stop(request);
  answer(stopped);
  return stopped ? 0 : stopped.error().exit_code();
}

Result<> parse_guard_answer(const std::string& line) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object())
    return fail(ErrorCode::internal, "the guard of the private database ended without an answer; see guard.log", line);
  if (json.empty()) return {};
  const auto name = json.value("code", "");
  for (const auto& row : error_table())
    if (row.name == name) return fail(row.code, json.value("message", ""), json.value("detail", ""));
  return fail(ErrorCode::internal, json.value("message", ""), json.value("detail", ""));
}

}  // namespace weir::pg
