#include "pg/embedded/home_health.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <fmt/format.h>

#include "pg/embedded/account.hpp"

namespace weir::pg {
namespace {

using enum Verdict;

constexpr std::uint64_t k_megabyte = 1'000'000;
constexpr std::uint64_t k_bytes_free_problem = 200 * k_megabyte;
constexpr std::uint64_t k_bytes_free_warning = 2'000 * k_megabyte;

std::string expected_owner(const EmbeddedSettings& settings, const std::string& owner) {
  if (!is_root()) {
    const auto own = own_account();
    return own ? own->name : "";
  }
  if (!settings.account.empty()) return settings.account;
  return owner == "root" ? std::string(k_default_account) : owner;
}

Finding judge_room(const HomeHealth& home) {
  const auto text = fmt::format("{} MB of {} MB are free in {}", home.bytes_free / k_megabyte,
                                home.bytes_total / k_megabyte, home.path.native());
  if (home.bytes_free >= k_bytes_free_warning) return {"home", ok, text};
  return {"home", home.bytes_free < k_bytes_free_problem ? problem : warning, text,
          "make room, or move the home to a larger disk (--home)"};
}

}  // namespace

HomeHealth look_at_home(const EmbeddedSettings& settings) {
  HomeHealth home{.path = settings.home};
  struct stat status{};
  home.is_there = ::stat(settings.home.c_str(), &status) == 0;
  if (home.is_there) {
    home.mode = status.st_mode;
    const auto owner = find_account(status.st_uid);
    home.owner = owner ? owner->name : std::to_string(status.st_uid);
    home.expected_owner = expected_owner(settings, home.owner);
  }
  auto nearest = settings.home;
  struct statvfs space{};
  while (::statvfs(nearest.c_str(), &space) != 0 && nearest.has_relative_path()) nearest = nearest.parent_path();
  home.is_read_only = (space.f_flag & ST_RDONLY) != 0;
  home.bytes_free = std::uint64_t{space.f_bavail} * space.f_frsize;
  home.bytes_total = std::uint64_t{space.f_blocks} * space.f_frsize;
  return home;
}

Findings judge_home(const HomeHealth& home) {
  Findings findings;
  const auto path = home.path.native();
  if (home.is_read_only)
    findings.push_back({"home", problem, fmt::format("{} lies on a file system that is mounted read-only", path),
                        "mount it writable, or choose another directory with --home"});
  if (home.is_there && !S_ISDIR(home.mode))
    findings.push_back({"home", problem, fmt::format("{} is no directory", path), "choose another with --home"});
  else if (home.is_there && (home.mode & 0077U) != 0)
    findings.push_back(
        {"home", (home.mode & S_IWOTH) != 0 ? problem : warning,
         fmt::format("other accounts have rights in {} (mode {:04o})", path, static_cast<unsigned>(home.mode & 07777U)),
         fmt::format("chmod 700 {}", path)});
  if (home.is_there && home.owner != home.expected_owner)
    findings.push_back({"home", problem,
                        fmt::format("{} belongs to {}, not to {}", path, home.owner, home.expected_owner),
                        "run weir as its owner, or choose another directory with --home"});
  if (worst_of(findings) != problem) findings.push_back(judge_room(home));
  return findings;
}

}  // namespace weir::pg
