#include "pg/embedded/postmaster.hpp"

#include <charconv>
#include <fstream>
#include <string>

#include <fmt/format.h>

namespace weir::pg {
namespace {

namespace fs = std::filesystem;

std::optional<pid_t> parse_pid(const std::string& text) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (error != std::errc() || end != text.data() + text.size() || pid <= 0) return std::nullopt;
  return pid;
}

}  // namespace

// Lines (PostgreSQL's src/include/utils/pidfile.h): pid, data, start time, port, socket directory, address, memory key,
// status.
std::optional<PostmasterFile> read_postmaster_file(const fs::path& data) {
  std::ifstream in(data / "postmaster.pid");
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  const auto pid = lines.empty() ? std::nullopt : parse_pid(lines[0]);
  if (!pid) return std::nullopt;
  PostmasterFile file{*pid, {}, false};
  if (lines.size() > 4) file.socket_directory = lines[4];
  file.is_ready = lines.size() > 7 && lines[7].starts_with("ready");
  return file;
}

bool is_postgres(pid_t pid) {
  std::string name;
  std::ifstream in(fmt::format("/proc/{}/comm", pid));
  return std::getline(in, name) && name == "postgres";
}

bool is_server_process(pid_t pid, const fs::path& data) {
  std::error_code error;
  const auto directory = fs::read_symlink(fmt::format("/proc/{}/cwd", pid), error).native();
  return !error && (directory == data.native() || directory == data.native() + " (deleted)") && is_postgres(pid);
}

std::vector<pid_t> find_server_processes(const fs::path& data) {
  std::vector<pid_t> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error))
    if (const auto pid = parse_pid(entry.path().filename().native()); pid && is_server_process(*pid, data))
      found.push_back(*pid);
  return found;
}

}  // namespace weir::pg
