// git/repository, git/branch and git/release: small lists, whole in every pass.
#include "plugin/builtin/git/git_run.hpp"
#include "plugin/builtin/git/rows.hpp"
#include "plugin/builtin/git/scripts.hpp"

namespace weir::plugin::git {
namespace {

constexpr std::size_t k_page_rows = 500;

class RepositoryRun final : public GitRun {
 public:
  using GitRun::GitRun;
  Task<Findings> check() override { return check_repositories(); }

 private:
  Task<Result<>> collect(PassContext& pass, const RepositoryUrl& url, const OpenRepository& repository) override {
    add_repository(pass.rows("repository"), url, repository.references);
    pass.expect(1);
    co_await pass.page_done(nullptr);
    co_return Result<>();
  }
};

class BranchRun final : public GitRun {
 public:
  using GitRun::GitRun;

 private:
  Task<Result<>> collect(PassContext& pass, const RepositoryUrl& url, const OpenRepository& repository) override {
    const auto& references = repository.references;
    pass.expect(static_cast<std::int64_t>(references.branches.size()));
    auto& batch = pass.rows("branch");
    std::size_t rows = 0;
    for (const auto& branch : references.branches) {
      add_branch(batch, url.repo_key, branch, branch.name == references.default_branch);
      if (++rows % k_page_rows == 0) co_await pass.page_done(nullptr);
    }
    co_await pass.page_done(nullptr);
    co_return Result<>();
  }
};

class ReleaseRun final : public GitRun {
 public:
  using GitRun::GitRun;

 private:
  Task<Result<>> collect(PassContext& pass, const RepositoryUrl& url, const OpenRepository& repository) override {
    auto store = ObjectStore::open(repository.objects);
    if (!store) co_return std::unexpected(store.error());
    const auto& tags = repository.references.tags;
    pass.expect(static_cast<std::int64_t>(tags.size()));
    auto& batch = pass.rows("release");
    for (std::size_t begin = 0; begin < tags.size(); begin += k_page_rows) {
      const auto end = std::min(tags.size(), begin + k_page_rows);
      const auto read = [&] { return read_releases(tags, begin, end, *store); };
      const auto releases = co_await run_blocking(thread(), read);
      if (!releases) co_return std::unexpected(releases.error());
      for (const auto& release : *releases) add_release(batch, url.repo_key, release);
      co_await pass.page_done(nullptr);
    }
    co_return Result<>();
  }

  static Result<std::vector<Release>> read_releases(const std::vector<Tag>& tags, std::size_t begin, std::size_t end,
                                                    ObjectStore& store) {
    std::vector<Release> releases;
    releases.reserve(end - begin);
    for (std::size_t i = begin; i < end; ++i) {
      auto release = read_release(tags[i], store);
      if (!release) return std::unexpected(release.error());
      releases.push_back(std::move(*release));
    }
    return releases;
  }
};

}  // namespace

StartResult start_repository(const ScriptDeclaration&, ScriptServices services) {
  return start_run<RepositoryRun>(std::move(services));
}
StartResult start_branch(const ScriptDeclaration&, ScriptServices services) {
  return start_run<BranchRun>(std::move(services));
}
StartResult start_release(const ScriptDeclaration&, ScriptServices services) {
  return start_run<ReleaseRun>(std::move(services));
}

}  // namespace weir::plugin::git
