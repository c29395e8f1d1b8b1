#include "pg/embedded/cluster.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <thread>

#include <fmt/format.h>

#include "pg/embedded/embedded_address.hpp"
#include "pg/embedded/file_error.hpp"
#include "pg/embedded/postmaster.hpp"
#include "pg/embedded/program.hpp"
#include "pg/embedded/server_configuration.hpp"
#include "pg/embedded/socket_directory.hpp"
#include "pg/role_setup.hpp"
#include "pg/sql.hpp"

namespace weir::pg {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto k_poll_interval = 10ms;
constexpr auto k_orphans_timeout = 10s;
constexpr auto k_stop_timeout = 60s;
constexpr auto k_connect_timeout = 5s;
// Less than this and a server that fails to start fails for want of room.
constexpr std::uintmax_t k_room_bytes_min = 8U << 20U;
constexpr std::size_t k_log_tail_bytes = 2000;

void remove_tree(const fs::path& path) {
  std::error_code ignored;
  fs::remove_all(path, ignored);
}

// The whole file or, at any instant, the old one.
Result<> replace_file(const fs::path& path, const std::string& content) {
  auto draft = path;
  draft += ".new";
  {
    std::ofstream out(draft, std::ios::trunc | std::ios::binary);
    out << content;
    out.flush();
    if (!out) {
      const int error_number = errno;
      out.close();
      ::unlink(draft.c_str());
      return std::unexpected(file_error("write", draft, error_number));
    }
  }
  if (::rename(draft.c_str(), path.c_str()) != 0) return std::unexpected(file_error("write", path, errno));
  return {};
}

void kill_all(const std::vector<pid_t>& pids, int signal) {
  for (const auto pid : pids) ::kill(pid, signal);
}

// An initdb that outlived its command may still be writing here; without its backend and its directory it gives up.
void remove_draft(const fs::path& draft) {
  const auto deadline = Deadline::in(k_orphans_timeout);
  do {
    kill_all(find_server_processes(draft), SIGKILL);
    remove_tree(draft);
    if (!fs::exists(draft)) return;
    std::this_thread::sleep_for(k_poll_interval);
  } while (!deadline.is_over());
}

// What commands left that were killed while they made the database.
void remove_drafts(const Home& home, int major) {
  std::vector<fs::path> drafts;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(home.path, error))
    if (entry.path().filename().native().starts_with(home.draft_prefix(major))) drafts.push_back(entry.path());
  for (const auto& draft : drafts) remove_draft(draft);
}

void sync_directory(const fs::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd) ::fsync(fd.get());
}

std::string tail_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  const auto size = static_cast<std::size_t>(std::max<std::streamoff>(in.tellg(), 0));
  const auto length = std::min(size, k_log_tail_bytes);
  std::string text(length, '\0');
  in.seekg(static_cast<std::streamoff>(size - length));
  in.read(text.data(), static_cast<std::streamsize>(length));
  return text;
}

std::string newest_log_tail(const fs::path& logs) {
  fs::path newest;
  fs::file_time_type newest_time = fs::file_time_type::min();
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(logs, error))
    if (const auto time = entry.last_write_time(error); time > newest_time) {
      newest = entry.path();
      newest_time = time;
    }
  return newest.empty() ? "" : tail_of(newest);
}

std::string last_line_with(std::string_view word, const std::string& text) {
  const auto at = text.rfind(word);
  if (at == std::string::npos) return "";
  return text.substr(at, text.find('\n', at) - at);
}

std::string ctype() {
  const auto locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  if (locale == nullptr) return "C";
  ::freelocale(locale);
  return "C.UTF-8";
}

// True when no process of the server is left.
bool wait_until_gone(const fs::path& data, Deadline deadline) {
  while (!find_server_processes(data).empty()) {
    if (deadline.is_over()) return false;
    std::this_thread::sleep_for(k_poll_interval);
  }
  return true;
}

std::string upgrade_remedy(const Home& home, int from, const ServerPrograms& to) {
  return fmt::format(
      "install version {0} again (apt-get install postgresql-{0}), or, with both versions installed and no weir "
      "running, "
      "move the data over as the account {1}:\n"
      "  {2}/initdb -D {3}/pg{4} -U {5} -A trust -E UTF8 --locale=C --lc-ctype=C.UTF-8\n"
      "  cd /tmp && {2}/pg_upgrade -U {5} -b DIRECTORY_OF_THE_PROGRAMS_OF_{0} -B {2} -d {3}/pg{0} -D {3}/pg{4}",
      from, home.account.name, to.directory.native(), home.path.native(), to.major, k_embedded_superuser);
}

}  // namespace

Result<Cluster> Cluster::find(Home home, const std::vector<ServerPrograms>& programs, Durability durability) {
  const auto newest = home.newest_major();
  if (!newest) return Cluster(std::move(home), programs.front(), durability);
  const auto fitting = std::ranges::find(programs, *newest, &ServerPrograms::major);
  if (fitting != programs.end()) return Cluster(std::move(home), *fitting, durability);
  return fail(ErrorCode::configuration,
              fmt::format("the private database in {} is of PostgreSQL {}, and this machine has only version {}: {}",
                          home.data(*newest).native(), *newest, programs.front().major,
                          upgrade_remedy(home, *newest, programs.front())));
}

Result<> Cluster::ensure_initialised() {
  remove_drafts(home_, programs_.major);
  if (fs::exists(data_ / "PG_VERSION")) return {};
  auto draft = (home_.path / (home_.draft_prefix(programs_.major) + "XXXXXX")).native();
  if (::mkdtemp(draft.data()) == nullptr) return std::unexpected(file_error("create", draft, errno));
  std::vector<std::string> arguments{"-D", draft,  "-U",         k_embedded_superuser,    "--auth=peer",
                                     "-E", "UTF8", "--locale=C", "--lc-ctype=" + ctype(), "--no-instructions"};
  if (durability_ == Durability::none) arguments.emplace_back("--no-sync");
  const auto made = run_program(programs_.directory / "initdb", std::move(arguments));
  if (made.exit_code == 0 && ::rename(draft.c_str(), data_.c_str()) == 0) {
    sync_directory(home_.path);
    return {};
  }
  const int error_number = errno;
  remove_tree(draft);
  if (made.exit_code == 0) return std::unexpected(file_error("create", data_, error_number));
  if (says_disk_full(made.output)) return std::unexpected(disk_full_error(home_.path));
  return fail(ErrorCode::configuration,
              fmt::format("initdb could not make the private database in {}: {}", home_.path.native(),
                          last_line_with("initdb: error:", made.output)),
              made.output);
}

Result<> Cluster::write_configuration(const fs::path& socket_directory) {
  if (::mkdir(home_.server_logs().c_str(), 0700) != 0 && errno != EEXIST)
    return std::unexpected(file_error("create", home_.server_logs(), errno));
  if (auto done =
          replace_file(data_ / "postgresql.conf", postgresql_conf(socket_directory, home_.server_logs(), durability_));
      !done)
    return done;
  if (auto done = replace_file(data_ / "pg_hba.conf", pg_hba_conf()); !done) return done;
  return replace_file(data_ / "pg_ident.conf", pg_ident_conf(home_.account));
}

// After a kill of the server: its sessions may still run for a moment, and its pid file names a process that may be
// somebody else's by now, which PostgreSQL itself would take for a running server.
Result<> Cluster::clear_remains() {
  kill_all(find_server_processes(data_), SIGQUIT);
  if (!wait_until_gone(data_, Deadline::in(k_orphans_timeout)))
    return fail(ErrorCode::database_unreachable,
                fmt::format("processes of a server that crashed still work in {} and do not end", data_.native()));
  std::error_code ignored;
  fs::remove(data_ / "postmaster.pid", ignored);
  return {};
}

Result<> Cluster::ensure_started(Deadline deadline) {
  while (is_running()) {
    const auto file = read_postmaster_file(data_);
    if (file && file->is_ready) return {};
    if (deadline.is_over())
      return fail(ErrorCode::database_unreachable, fmt::format("the private database in {} is still starting: see {}",
                                                               data_.native(), home_.server_logs().native()));
    std::this_thread::sleep_for(k_poll_interval);
  }
  if (auto cleared = clear_remains(); !cleared) return cleared;
  const auto socket_directory = make_socket_directory(home_.path);
  if (!socket_directory) return std::unexpected(socket_directory.error());
  if (auto written = write_configuration(*socket_directory); !written) return written;
  return start_server(deadline);
}

Result<> Cluster::start_server(Deadline deadline) {
  const auto program = programs_.directory / "postgres";
  auto started = start_program(program, {program.native(), "-D", data_.native()}, Capture::output_and_error);
  if (!started) return std::unexpected(started.error());
  ::fcntl(started->output.get(), F_SETFL, O_NONBLOCK);
  std::string output;
  std::array<char, 4096> buffer;
  for (;;) {
    // Until the server's own log collector takes over.
    for (ssize_t count = 0; (count = ::read(started->output.get(), buffer.data(), buffer.size())) > 0;)
      output.append(buffer.data(), static_cast<std::size_t>(count));
    if (::waitpid(started->pid, nullptr, WNOHANG) == started->pid) return std::unexpected(explain_failed_start(output));
    const auto file = read_postmaster_file(data_);
    if (file && file->pid == started->pid && file->is_ready) return {};
    if (deadline.is_over())
      return fail(ErrorCode::database_unreachable, fmt::format("the private database in {} is still starting: see {}",
                                                               data_.native(), home_.server_logs().native()));
    std::this_thread::sleep_for(k_poll_interval);
  }
}

Error Cluster::explain_failed_start(const std::string& output) const {
  const auto log = output + newest_log_tail(home_.server_logs());
  struct statvfs room{};
  const bool is_full = ::statvfs(data_.c_str(), &room) == 0 && room.f_bavail * room.f_frsize < k_room_bytes_min;
  if (is_full || says_disk_full(log)) return disk_full_error(home_.path);
  const auto reason = last_line_with("FATAL:", log);
  return {ErrorCode::database_unreachable,
          fmt::format("the private database in {} does not start: {}; its log is in {}", data_.native(),
                      reason.empty() ? "it ended without a message" : reason, home_.server_logs().native()),
          log};
}

Result<BlockingSession> Cluster::open_superuser(const std::string& database) const {
  const auto file = read_postmaster_file(data_);
  if (!file || file->socket_directory.empty())
    return fail(ErrorCode::database_unreachable, fmt::format("no server runs in {}", data_.native()));
  return BlockingSession::open(embedded_url(file->socket_directory, k_embedded_superuser, database), k_connect_timeout);
}

Result<> Cluster::bootstrap() {
  try {
    auto maintenance = open_superuser("postgres");
    if (!maintenance) return std::unexpected(maintenance.error());
    if (!maintenance->query(sql::has_database, Params(k_embedded_database)).one().get<bool>("found"))
      maintenance->run_script(sql::create_embedded_database);
    maintenance->run_script(sql::close_other_databases);
    auto session = open_superuser(k_embedded_database);
    if (!session) return std::unexpected(session.error());
    const auto roles = render_roles_sql(k_embedded_database).value();
    session->run_script({"pg.roles", roles});
    return {};
  } catch (const Failure& failure) {
    return std::unexpected(failure.error());
  }
}

bool Cluster::is_running() const {
  const auto file = read_postmaster_file(data_);
  return file && is_server_process(file->pid, data_);
}

bool Cluster::has_clients() const {
  auto session = open_superuser("postgres");
  if (!session) return false;
  try {
    return session->query(sql::has_other_clients).one().get<bool>("found");
  } catch (const Failure&) {
    return false;
  }
}

void Cluster::stop() {
  const auto file = read_postmaster_file(data_);
  const auto socket_directory = file ? file->socket_directory : fs::path();
  // Without its pid file (somebody removed the home) the server is found by its processes.
  if (is_running()) {
    ::kill(file->pid, SIGINT);
  } else {
    kill_all(find_server_processes(data_), SIGQUIT);
  }
  if (!wait_until_gone(data_, Deadline::in(k_stop_timeout))) {
    kill_all(find_server_processes(data_), SIGQUIT);
    wait_until_gone(data_, Deadline::in(k_orphans_timeout));
  }
  if (socket_directory.native().starts_with("/tmp/weir-")) ::rmdir(socket_directory.c_str());
}

}  // namespace weir::pg
