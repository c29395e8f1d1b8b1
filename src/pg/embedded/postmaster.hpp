// The server process of a data directory, as seen from the server's account: its pid file and /proc.
#pragma once
#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <vector>

namespace weir::pg {

// What postmaster.pid says; the process may be long gone.
struct PostmasterFile {
  pid_t pid = 0;
  std::filesystem::path socket_directory;
  bool is_ready = false;  // it accepts connections
};
std::optional<PostmasterFile> read_postmaster_file(const std::filesystem::path& data);

// The processes of PostgreSQL that work in this directory; those of a dead server's sessions too. Not told by their
// number, which may belong to another process since a restart of the machine.
std::vector<pid_t> find_server_processes(const std::filesystem::path& data);
bool is_server_process(pid_t pid, const std::filesystem::path& data);
// Whether a process of PostgreSQL has this number; all that another account may know.
bool is_postgres(pid_t pid);

}  // namespace weir::pg
