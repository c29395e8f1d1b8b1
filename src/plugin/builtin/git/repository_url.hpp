// What a tenant writes in GIT_URL, read strictly: https:// and http:// URLs, and paths of this machine.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace weir::plugin::git {

struct RepositoryUrl {
  enum class Kind { http, local };
  Kind kind = Kind::http;
  std::string url;             // http: as it is requested, without credentials, query, fragment or final slash
  std::filesystem::path path;  // local: absolute, as written
  bool is_encrypted = false;   // https
  std::string host;            // http: lower case
  // Stable for one repository: host[:port]/path without scheme and ".git", or the path as written.
  std::string repo_key;
  std::string full_name;  // group/project
  std::string name;       // project
};

// One or more, separated by white space; a repository named twice is one. Refused with a remedy (invalid_input):
// credentials in a URL, other schemes (ssh, git, ext, ...), relative paths, and URLs with a query or a fragment. No
// message repeats a password.
Result<std::vector<RepositoryUrl>> parse_repository_urls(std::string_view setting);

}  // namespace weir::plugin::git
