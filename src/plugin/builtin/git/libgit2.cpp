#include "plugin/builtin/git/libgit2.hpp"

#include <git2.h>

namespace weir::plugin::git {
namespace {

bool start() {
  if (git_libgit2_init() < 0) throw Failure({ErrorCode::internal, "libgit2 does not start", last_libgit2_error()});
  for (const auto level :
       {GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL})
    git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
  // The check guards against programs named in another user's configuration; Weir never runs any. Which directories may
  // be read is decided by LocalPaths before libgit2 sees the path.
  git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
  // Whatever came from outside was hashed when it was indexed; hashing again at each read costs more than the read.
  git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
  git_libgit2_opts(GIT_OPT_DISABLE_PACK_KEEP_FILE_CHECKS, 1);
  // Its cache of objects gets slower than reading them once it is full; TreeCache keeps what is worth keeping.
  git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0);
  return true;
}

}  // namespace

void start_libgit2() { [[maybe_unused]] static const bool started = start(); }

std::string last_libgit2_error() {
  const auto* error = git_error_last();
  return error == nullptr || error->message == nullptr ? "libgit2 gave no reason" : error->message;
}

std::unexpected<Error> libgit2_failure(ErrorCode code, std::string what) {
  auto detail = last_libgit2_error();
  if (detail.contains("No space left on device"))
    return fail(ErrorCode::disk_full, std::move(what) + ": the disk is full", std::move(detail));
  return fail(code, std::move(what), std::move(detail));
}

}  // namespace weir::plugin::git
