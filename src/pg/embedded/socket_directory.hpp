// The directory of the server's unix socket: 0700, ours, and short (a socket's path has at most 107 bytes).
#pragma once
#include <filesystem>

#include "base/error.hpp"

namespace weir::pg {

// <home>/run where that is short enough, else /tmp/weir-<uid>-<hash of home>; where another account made that one
// first, a fresh one with a random name (clients find the directory through postmaster.pid). Called by the account that
// runs the server.
Result<std::filesystem::path> make_socket_directory(const std::filesystem::path& home);

}  // namespace weir::pg
