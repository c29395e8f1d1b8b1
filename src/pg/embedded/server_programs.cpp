#include "pg/embedded/server_programs.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <ranges>
#include <set>

#include <fmt/format.h>

#include "pg/embedded/program.hpp"

namespace weir::pg {
namespace {

namespace fs = std::filesystem;

bool is_executable(const fs::path& program) { return ::access(program.c_str(), X_OK) == 0; }

// "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
std::optional<int> major_of(const fs::path& directory) {
  constexpr std::string_view k_before = "(PostgreSQL) ";
  if (!is_executable(directory / "initdb") || !is_executable(directory / "postgres")) return std::nullopt;
  const auto answer = run_program(directory / "postgres", {"--version"});
  const auto at = answer.output.find(k_before);
  int major = 0;
  if (answer.exit_code != 0 || at == std::string::npos) return std::nullopt;
  const auto* begin = answer.output.data() + at + k_before.size();
  std::from_chars(begin, answer.output.data() + answer.output.size(), major);
  return major;
}

void add_subdirectories(const fs::path& parent, std::string_view prefix, std::set<fs::path>& directories) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(parent, error))
    if (entry.path().filename().native().starts_with(prefix)) directories.insert(entry.path() / "bin");
}

std::set<fs::path> usual_directories() {
  std::set<fs::path> directories;
  add_subdirectories("/usr/lib/postgresql", "", directories);
  add_subdirectories("/usr", "pgsql-", directories);
  const char* path = std::getenv("PATH");
  for (const auto part : std::views::split(std::string_view(path != nullptr ? path : ""), ':')) {
    const fs::path directory{std::string_view(part)};
    if (!directory.is_absolute()) continue;
    std::error_code error;
    if (is_executable(directory / "postgres"))
      directories.insert(fs::canonical(directory / "postgres", error).parent_path());
    if (!is_executable(directory / "pg_config")) continue;
    auto answer = run_program(directory / "pg_config", {"--bindir"});
    if (answer.exit_code == 0) directories.insert(answer.output.substr(0, answer.output.find('\n')));
  }
  return directories;
}

}  // namespace

Result<std::vector<ServerPrograms>> find_server_programs(const fs::path& only) {
  std::vector<ServerPrograms> found;
  for (const auto& directory : only.empty() ? usual_directories() : std::set{only})
    if (const auto major = major_of(directory); major && *major >= k_major_min) found.push_back({*major, directory});
  std::ranges::sort(found, std::greater{}, [](const auto& one) { return std::pair(one.major, one.directory); });
  if (!found.empty()) return found;
  return fail(
      ErrorCode::configuration,
      fmt::format("no PostgreSQL server (version {} or later) {}: on Debian and Ubuntu install it with `apt-get "
                  "install postgresql`, elsewhere the package postgresql-server; or name a running one with "
                  "WEIR_DATABASE_URL",
                  k_major_min,
                  only.empty() ? std::string("is installed") : fmt::format("is in {} (WEIR_PG_BIN)", only.native())));
}

}  // namespace weir::pg
