// The repositories of one data source, opened wherever they are.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "plugin/builtin/git/fetch.hpp"
#include "plugin/builtin/git/operator_settings.hpp"
#include "plugin/builtin/git/references.hpp"
#include "plugin/script.hpp"

namespace weir::plugin::git {

// A repository as it is now: read in place, or a clone that is kept while this lives.
struct OpenRepository {
  std::filesystem::path objects;
  Completeness completeness = Completeness::whole;
  References references;
  std::optional<Clone> clone;
};

class RepositoryAccess {
 public:
  // Reads the data source's settings (GIT_URL, GIT_USERNAME, GIT_TOKEN) and the operator's. Errors: invalid_input,
  // configuration.
  static Result<RepositoryAccess> from(const ScriptServices& services);

  const std::vector<RepositoryUrl>& urls() const { return urls_; }

  // Blocking: may clone. `not_before`: how old what it shows may be. Errors as CloneCache::open and LocalPaths::open,
  // but what concerns one repository among several is unreachable, so that its siblings go on.
  Result<OpenRepository> open(const RepositoryUrl& url, Instant not_before, const Stop& stop, Traffic& traffic) const;

  // Blocking: whether it can be reached and read, without receiving any of it. Errors as open().
  Result<RemoteListing> look_at(const RepositoryUrl& url, const Stop& stop, Traffic& traffic) const;

  // After an error while reading: a damaged clone is removed, and the next attempt makes it anew.
  void forget_if_damaged(const OpenRepository& repository, const Error& error, const Stop& stop) const;

 private:
  RepositoryAccess(const Clock& clock, CloneCache cache) : clock_(&clock), cache_(std::move(cache)) {}
  RemoteAccess remote_access(const RepositoryUrl& url) const;
  Result<OpenRepository> open_local(const RepositoryUrl& url) const;
  Result<OpenRepository> open_remote(const RepositoryUrl& url, Instant not_before, const Stop& stop,
                                     Traffic& traffic) const;

  std::vector<RepositoryUrl> urls_;
  std::string username_;
  Secret token_;
  OperatorSettings settings_;
  std::string data_source_;
  const Clock* clock_;
  CloneCache cache_;
};

}  // namespace weir::plugin::git
