// Repositories on this machine. Tenants name paths, so only what lies under directories that the operator listed
// (WEIR_LOCAL_PATHS) is opened, and that is decided on real paths: no symbolic link, no .git file, no alternates file
// of a repository leads outside.
#pragma once
#include <filesystem>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "plugin/builtin/git/commit_walk.hpp"

namespace weir::plugin::git {

struct LocalRepository {
  std::filesystem::path git_directory;
  std::filesystem::path objects;
  Completeness completeness = Completeness::whole;
};

class LocalPaths {
 public:
  LocalPaths() = default;  // nothing is allowed
  // Absolute directories separated by colons; empty ones are ignored. A directory that does not exist (yet) is kept.
  static Result<LocalPaths> parse(std::string_view directories);

  // The repository at `path`: bare, with a .git directory, or a linked worktree. Errors: invalid_input when the path,
  // or what the repository refers to, is not allowed; not_found when nothing is there. Neither says what lies outside.
  Result<LocalRepository> open(const std::filesystem::path& path) const;

 private:
  bool contains(const std::filesystem::path& real_path) const;
  Result<std::filesystem::path> real_path(const std::filesystem::path& path) const;
  Result<std::filesystem::path> follow(const std::filesystem::path& file, std::string_view prefix) const;
  Result<std::filesystem::path> find_git_directory(const std::filesystem::path& path) const;
  Result<> check_objects(const std::filesystem::path& objects, int depth) const;

  std::vector<std::filesystem::path> directories_;
};

}  // namespace weir::plugin::git
