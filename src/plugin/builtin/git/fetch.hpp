// Brings a bare repository of ours up to date with one on a server: its branches and tags, and all they reach.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "plugin/builtin/git/remote_access.hpp"
#include "plugin/builtin/git/stop.hpp"

namespace weir::plugin::git {

// An empty bare repository with settings of ours only.
Result<> create_mirror(const std::filesystem::path& git_directory);

// One writer at a time; readers are not disturbed: objects are only added, and the references change all at once, after
// their objects are there. A fetch that breaks off leaves the old references and perhaps a temporary file in
// objects/pack. `bytes_max`: of objects received. Errors besides those of HttpExchange: unreachable when it is more,
// disk_full, cancelled; provider_failed also when the mirror itself is damaged.
Result<> fetch(const RemoteAccess& access, const std::filesystem::path& git_directory, std::uint64_t bytes_max,
               const Stop& stop, Traffic& traffic);

// What a server says it has, without receiving any of it.
struct RemoteListing {
  std::size_t branches = 0;
  std::size_t tags = 0;
  std::optional<std::string> default_branch;
};
Result<RemoteListing> list_remote(const RemoteAccess& access, const Stop& stop, Traffic& traffic);

// Branches and tags that the server has and the mirror cannot hold.
std::vector<std::string> left_out_references(const std::filesystem::path& git_directory);

}  // namespace weir::plugin::git
