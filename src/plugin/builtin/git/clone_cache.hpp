// Clones of remote repositories, kept between runs in bounded space:
//
//   <directory>/<tenant>/<data source>/<repository>/   mirror-*.git/  the clone
//                                                      fetched        which one it is, and when its last complete fetch
//                                                      began use.lock       shared by readers, exclusive for whoever
//                                                      removes the clone fetch.lock     exclusive for whoever changes
//                                                      the clone
//
// A second process that wants the same clone waits for the first and then finds it fresh. What a killed process left
// unfinished is removed by the next one; a clone that is damaged is made anew. When the clones together are too large,
// those not used for the longest time go.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/error.hpp"
#include "base/time.hpp"
#include "plugin/builtin/git/file_lock.hpp"
#include "plugin/builtin/git/remote_access.hpp"

namespace weir::plugin::git {

struct CacheLimits {
  std::uint64_t clone_bytes_max = 4ULL << 30U;    // of one clone; a larger repository is unreachable
  std::uint64_t tenant_bytes_max = 10ULL << 30U;  // of a tenant's clones together
  std::uint64_t total_bytes_max = 40ULL << 30U;   // of all tenants' clones together
  int packs_max = 40;                             // each fetch adds one; beyond, the small ones are joined
};

// A clone in use: it is not removed while this lives.
struct Clone {
  std::filesystem::path git_directory;
  Instant fetched_at;  // when the fetch began that it shows
  FileLock use;

  std::filesystem::path objects() const { return git_directory / "objects"; }
};

// Blocking; for any thread and any number of processes.
class CloneCache {
 public:
  // `tenant_directory`: <directory>/<tenant>.
  CloneCache(std::filesystem::path tenant_directory, CacheLimits limits)
      : tenant_directory_(std::move(tenant_directory)), limits_(limits) {}

  // The clone of a repository as it is on the server now, or as it was when a fetch began not before `not_before`.
  // A clone belongs to one data source, so that none reads what another's token opened.
  // Errors as fetch(); configuration when the directory cannot be used.
  Result<Clone> open(std::string_view data_source, const RemoteAccess& access, Instant not_before, const Clock& clock,
                     const Stop& stop, Traffic& traffic) const;

  // Removes a clone that turned out to be damaged, unless it has been replaced since.
  Result<> discard(const Clone& clone, const Stop& stop) const;

 private:
  // Leaves the name of the clone's directory in `mirror`, which is empty when there is none yet.
  Result<> update(const std::filesystem::path& place, std::string& mirror, const RemoteAccess& access, const Stop& stop,
                  Traffic& traffic) const;

  std::filesystem::path tenant_directory_;
  CacheLimits limits_;
};

}  // namespace weir::plugin::git
