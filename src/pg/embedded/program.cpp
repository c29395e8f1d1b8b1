#include "pg/embedded/program.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

namespace weir::pg {
namespace {

std::vector<std::string> minimal_environment() {
  const char* path = std::getenv("PATH");
  return {fmt::format("PATH={}", path != nullptr ? path : "/usr/sbin:/usr/bin:/sbin:/bin"), "LC_ALL=C", "TZ=UTC"};
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// The two structures of posix_spawn, with what every started program has in common.
class SpawnPlan {
 public:
  SpawnPlan() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addchdir_np(&actions_, "/");
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  void connect(int from, int to) { posix_spawn_file_actions_adddup2(&actions_, from, to); }
  void connect_null(int to) { posix_spawn_file_actions_addopen(&actions_, to, "/dev/null", O_WRONLY, 0); }
  void close_from(int first) { posix_spawn_file_actions_addclosefrom_np(&actions_, first); }
  int spawn(pid_t& pid, const std::filesystem::path& program, std::vector<std::string>& arguments) {
    auto environment = minimal_environment();
    return posix_spawn(&pid, program.c_str(), &actions_, &attributes_, pointers(arguments).data(),
                       pointers(environment).data());
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

}  // namespace

Result<StartedProgram> start_program(const std::filesystem::path& program, std::vector<std::string> command,
                                     Capture capture, int inherited) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return fail(ErrorCode::internal, fmt::format("no pipe for {}: {}", program.native(), std::strerror(errno)));
  UniqueFd reader(ends[0]);
  // Above the descriptors that the plan overwrites.
  const UniqueFd writer(::fcntl(ends[1], F_DUPFD_CLOEXEC, k_inherited_fd + 1));
  ::close(ends[1]);
  SpawnPlan plan;
  plan.connect(writer.get(), STDOUT_FILENO);
  if (capture == Capture::output_and_error) {
    plan.connect(writer.get(), STDERR_FILENO);
  } else {
    plan.connect_null(STDERR_FILENO);
  }
  if (inherited >= 0) plan.connect(inherited, k_inherited_fd);
  plan.close_from(inherited >= 0 ? k_inherited_fd + 1 : k_inherited_fd);
  pid_t pid = 0;
  if (const int error = plan.spawn(pid, program, command); error != 0)
    return fail(ErrorCode::configuration, fmt::format("cannot run {}: {}", program.native(), std::strerror(error)));
  return StartedProgram{pid, std::move(reader)};
}

ProgramResult run_program(const std::filesystem::path& program, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), program.native());
  auto started = start_program(program, std::move(arguments), Capture::output_and_error);
  if (!started) return {-1, started.error().message};
  ProgramResult result;
  std::array<char, 4096> buffer;
  for (;;) {
    const auto count = ::read(started->output.get(), buffer.data(), buffer.size());
    if (count > 0) result.output.append(buffer.data(), static_cast<std::size_t>(count));
    if (count == 0 || (count < 0 && errno != EINTR)) break;
  }
  int status = 0;
  while (::waitpid(started->pid, &status, 0) < 0 && errno == EINTR) continue;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace weir::pg
