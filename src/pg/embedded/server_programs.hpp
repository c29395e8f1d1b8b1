// PostgreSQL's server programs on this machine.
#pragma once
#include <filesystem>
#include <vector>

#include "base/error.hpp"

namespace weir::pg {

constexpr int k_major_min = 15;

struct ServerPrograms {
  int major;
  std::filesystem::path directory;  // with initdb, postgres, psql, pg_dump
};

// Every installation of version 15 or later, the newest first: of `only` when it is given, else of Debian's and Red
// Hat's places, pg_config and PATH. configuration error, naming the package, when there is none.
Result<std::vector<ServerPrograms>> find_server_programs(const std::filesystem::path& only = {});

}  // namespace weir::pg
