// What the runs of all git scripts share: a partition per repository, opened on a thread of the run's own, because a
// clone may take hours and must not hold a thread that others wait for.
#pragma once
#include <memory>

#include "plugin/builtin/git/repository_access.hpp"
#include "plugin/script.hpp"

namespace weir::plugin::git {

class GitRun : public ScriptRun {
 public:
  GitRun(RepositoryAccess access, ScriptServices services)
      : access_(std::move(access)), services_(std::move(services)), started_at_(services_.clock.now()) {}

  Task<Result<std::vector<Partition>>> partitions() final;
  Task<Result<>> run_pass(PassContext& pass) final;

 protected:
  // Appends what the repository holds for this script.
  virtual Task<Result<>> collect(PassContext& pass, const RepositoryUrl& url, const OpenRepository& repository) = 0;

  BlockingPool& thread() { return thread_; }
  // For the one script that answers check(): a finding for each repository.
  Task<Findings> check_repositories();

 private:
  Task<Finding> check_repository(RepositoryUrl url);
  Task<Result<OpenRepository>> open(PassContext& pass, RepositoryUrl url);

  RepositoryAccess access_;
  ScriptServices services_;
  Instant started_at_;
  BlockingPool thread_{1};
};

// The beginning of a run, for the list of built-ins.
template <class Run>
Result<std::unique_ptr<ScriptRun>> start_run(ScriptServices services) {
  auto access = RepositoryAccess::from(services);
  if (!access) return std::unexpected(access.error());
  return std::make_unique<Run>(std::move(*access), std::move(services));
}

}  // namespace weir::plugin::git
