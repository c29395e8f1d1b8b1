// git/commit and git/contributor: what the history holds beyond the heads collected before.
#include <unordered_map>

#include "plugin/builtin/git/collected_heads.hpp"
#include "plugin/builtin/git/commit_stream.hpp"
#include "plugin/builtin/git/git_run.hpp"
#include "plugin/builtin/git/rows.hpp"
#include "plugin/builtin/git/scripts.hpp"

namespace weir::plugin::git {
namespace {

class HistoryRun : public GitRun {
 public:
  HistoryRun(Stats stats, RepositoryAccess access, ScriptServices services)
      : GitRun(std::move(access), std::move(services)), stats_(stats) {}

 protected:
  virtual void begin() = 0;
  // How many rows it appended.
  virtual std::int64_t append(PassContext& pass, const RepositoryUrl& url, const Commit& commit) = 0;

 private:
  struct Heads {
    std::vector<ObjectId> ids;
    nlohmann::json state;  // when all of them are collected
  };

  Task<Result<>> collect(PassContext& pass, const RepositoryUrl& url, const OpenRepository& repository) override {
    begin();
    const auto find = [&] { return find_heads(repository); };
    auto heads = co_await run_blocking(thread(), find);
    if (!heads) co_return std::unexpected(heads.error());
    if (!is_collected(pass.state(), heads->ids)) {
      auto walked = co_await walk(pass, url, repository, heads->ids);
      if (!walked) co_return walked;
    }
    pass.set_state(std::move(heads->state));
    co_return Result<>();
  }

  Task<Result<>> walk(PassContext& pass, const RepositoryUrl& url, const OpenRepository& repository,
                      std::vector<ObjectId> heads) {
    StreamOptions options;
    options.objects = repository.objects;
    options.walk = {.heads = std::move(heads),
                    .collected = read_ids(pass.state(), "collected"),
                    .frontier = read_ids(pass.resume(), "done"),
                    .completeness = repository.completeness};
    options.read = {.stats = stats_, .limits = {}, .completeness = repository.completeness};
    options.frontier_max = k_frontier_max;
    CommitStream stream(co_await asio::this_coro::executor, std::move(options));
    std::int64_t rows = 0;
    for (;;) {
      const auto batch = co_await stream.next();
      if (!batch) co_return std::unexpected(batch.error());
      if (batch->commits.empty()) co_return Result<>();
      for (const auto& commit : batch->commits) rows += append(pass, url, commit);
      pass.expect(rows);
      co_await pass.page_done(make_resume(batch->frontier));
    }
  }

  static Result<Heads> find_heads(const OpenRepository& repository) {
    auto store = ObjectStore::open(repository.objects);
    if (!store) return std::unexpected(store.error());
    auto ids = walk_heads(repository.references, *store);
    if (!ids) return std::unexpected(ids.error());
    auto state = make_state(*ids, *store);
    return Heads{std::move(*ids), std::move(state)};
  }

  Stats stats_;
};

class CommitRun final : public HistoryRun {
 public:
  CommitRun(RepositoryAccess access, ScriptServices services)
      : HistoryRun(Stats::counted, std::move(access), std::move(services)) {}

 private:
  void begin() override {}
  std::int64_t append(PassContext& pass, const RepositoryUrl& url, const Commit& commit) override {
    auto& commits = pass.rows("commit");
    if (!rows_) rows_.emplace(commits.resource());
    rows_->add(commits, url.repo_key, commit);
    add_parents(pass.rows("commit_parent"), url.repo_key, commit);
    return 1 + static_cast<std::int64_t>(commit.content.parents.size());
  }

  std::optional<CommitRows> rows_;
};

// A person is named as in the last of their commits, in the order of the walk.
class ContributorRun final : public HistoryRun {
 public:
  ContributorRun(RepositoryAccess access, ScriptServices services)
      : HistoryRun(Stats::left_out, std::move(access), std::move(services)) {}

 private:
  static constexpr std::size_t k_remembered_max = 200'000;

  void begin() override { seen_.clear(); }
  std::int64_t append(PassContext& pass, const RepositoryUrl&, const Commit& commit) override {
    return add(pass, commit.content.author) + add(pass, commit.content.committer);
  }
  std::int64_t add(PassContext& pass, const Signature& person) {
    const auto key = contributor_key(person);
    if (!key) return 0;
    const std::hash<std::string> hash;
    const auto name = hash(person.name) ^ hash(person.email);
    if (seen_.size() >= k_remembered_max) seen_.clear();  // a row twice costs little
    const auto [known, is_new] = seen_.try_emplace(hash(*key), name);
    if (!is_new && known->second == name) return 0;
    known->second = name;
    add_contributor(pass.rows("contributor"), *key, person);
    return 1;
  }

  std::unordered_map<std::size_t, std::size_t> seen_;  // key and name as they were appended last
};

}  // namespace

StartResult start_commit(const ScriptDeclaration&, ScriptServices services) {
  return start_run<CommitRun>(std::move(services));
}
StartResult start_contributor(const ScriptDeclaration&, ScriptServices services) {
  return start_run<ContributorRun>(std::move(services));
}

}  // namespace weir::plugin::git
