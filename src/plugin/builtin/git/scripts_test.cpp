#include "plugin/builtin/git/scripts.hpp"

#include <cstdlib>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "load/row_store.hpp"
#include "plugin/builtin/git/testing.hpp"
#include "plugin/catalog.hpp"

namespace weir::plugin::git {
namespace {

using testing::TestRepository;

struct Interrupted {};

// Keeps what a pass appends and commits; ends it after a number of pages where it is told to.
class MemoryPass final : public PassContext {
 public:
  using Table = std::map<std::string, std::map<std::string, std::string>>;

  MemoryPass(const load::ResourceCatalog& resources, Partition partition)
      : resources_(resources), partition_(std::move(partition)) {}

  const Partition& partition() const override { return partition_; }
  std::optional<Instant> start() const override { return std::nullopt; }
  Instant end() const override { return {}; }
  void note_provider_time(Instant) override {}
  const nlohmann::json& state() const override { return state_; }
  const nlohmann::json& resume() const override { return resume_; }
  load::Batch& rows(std::string_view resource) override {
    return batches_.try_emplace(std::string(resource), *resources_.find(resource)).first->second;
  }
  Task<> page_done(nlohmann::json resume) override {
    if (pages_max-- == 0) throw Interrupted();
    open_resume_ = std::move(resume);
    co_return;
  }
  void set_state(nlohmann::json state) override { open_state_ = std::move(state); }
  void expect(std::int64_t records) override { expected = records; }
  void skip(std::int64_t, std::string) override {}
  void cap(Instant, Instant, std::string) override {}
  void count_requests(const RequestCounts& more) override { requests += more.requests; }
  void log(LogLevel, std::string message, nlohmann::json, std::string) override { logged = std::move(message); }
  void park_until(Instant wake_at) override { parked_until = wake_at; }
  const std::atomic<bool>& stop_requested() const override { return stop; }

  // What a checkpoint would do, and the beginning of the next run.
  void commit() {
    for (auto& [name, batch] : batches_) {
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        std::string key = name;
        for (std::size_t i = 0; i < batch.resource().key_columns; ++i)
          key += "|" + std::string(*batch.store().at(row, i));
        std::map<std::string, std::string> values;
        for (std::size_t i = 0; i < batch.resource().columns.size(); ++i)
          if (const auto value = batch.store().at(row, i))
            values[batch.resource().columns[i].name] = show(*value, batch.resource().columns[i].type);
        table[key] = values;
        ++appended;
      }
      EXPECT_TRUE(batch.rejected().empty()) << name;
      batch.clear();
    }
    if (!open_resume_.is_null()) resume_ = std::move(open_resume_);
    open_resume_ = nullptr;
  }
  void complete() {
    commit();
    state_ = open_state_;
    resume_ = nullptr;
  }

  Table table;
  std::int64_t expected = -1;
  std::int64_t requests = 0;
  std::size_t appended = 0;
  int pages_max = -1;
  std::string logged;
  std::optional<Instant> parked_until;
  std::atomic<bool> stop = false;

 private:
  static std::string show(std::string_view value, load::ColumnType type) {
    if (type != load::ColumnType::bigint && type != load::ColumnType::timestamptz) return std::string(value);
    std::uint64_t number = 0;
    for (const char c : value) number = number << 8U | static_cast<std::uint8_t>(c);
    return fmt::format("{}", static_cast<std::int64_t>(number));
  }

  const load::ResourceCatalog& resources_;
  Partition partition_;
  std::map<std::string, load::Batch> batches_;
  nlohmann::json state_, resume_, open_state_, open_resume_;
};

class GitScripts : public ::testing::Test {
 protected:
  GitScripts() : catalog_(PluginCatalog::read({WEIR_SOURCE_DIR "/plugins"}, builtins_)) {
    setenv("WEIR_LOCAL_PATHS", std::filesystem::temp_directory_path().c_str(), 1);
    setenv("WEIR_EGRESS_ALLOW", "127.0.0.1", 1);
  }

  Result<std::unique_ptr<ScriptRun>> start(const std::string& script) {
    const auto* found = catalog_.find("git/" + script);
    if (found == nullptr) throw std::runtime_error("no script " + script);
    return found->start({.tenant = {},
                         .tenant_key = "acme",
                         .data_source = "git",
                         .environment = environment_,
                         .blocking = blocking_,
                         .clock = system_clock(),
                         .cache_directory = cache_.path() / "tenant"});
  }
  template <class T>
  T wait(Task<T> task) {
    std::optional<T> value;
    std::exception_ptr failure;
    asio::co_spawn(context_, std::move(task), [&](std::exception_ptr thrown, T result) {
      failure = thrown;
      if (!thrown) value.emplace(std::move(result));
    });
    context_.restart();
    context_.run();
    if (failure) std::rethrow_exception(failure);
    return std::move(*value);
  }
  std::vector<Partition> partitions() {
    auto run = start("commit");
    if (!run) throw std::runtime_error(run.error().message);
    return wait((*run)->partitions()).value();
  }
  MemoryPass pass(std::size_t index = 0) { return MemoryPass(catalog_.resources(), partitions().at(index)); }

  // One run over one partition, to its end.
  Result<> run(const std::string& script, MemoryPass& pass) {
    auto run = start(script);
    if (!run) return std::unexpected(run.error());
    auto done = wait((*run)->run_pass(pass));
    if (done) pass.complete();
    return done;
  }
  MemoryPass::Table run_all() {
    MemoryPass::Table table;
    for (const char* script : {"repository", "branch", "commit", "contributor", "release"}) {
      auto seen = pass();
      EXPECT_TRUE(run(script, seen).has_value()) << script;
      table.merge(seen.table);
    }
    return table;
  }
  void serve(const TestRepository& repository) { environment_.set("GIT_URL", repository.path().string()); }

  BuiltinRegistry builtins_ = product_builtins();
  PluginCatalog catalog_;
  tenancy::Environment environment_;
  asio::io_context context_;  // outlives the pool, whose threads post to it
  BlockingPool blocking_{1};
  testing::TemporaryDirectory cache_;
};

TEST_F(GitScripts, AreDeclaredWithoutAProblem) {
  for (const auto& problem : catalog_.problems()) ADD_FAILURE() << problem.place.to_string();
  EXPECT_EQ(catalog_.scripts_of("git").size(), 5U);
  EXPECT_FALSE(catalog_.find("git/commit")->declaration().import_window_days.has_value());
  EXPECT_TRUE(catalog_.provider("git")->find("GIT_TOKEN")->is_secret);
}

TEST_F(GitScripts, MakeARowOfEverything) {
  const TestRepository repository;
  const auto root = repository.commit({}, "1\n2\n", 1000);
  const auto head = repository.commit({root}, "1\n3\n", 2000, "Title\n\nBody");
  repository.set_ref("refs/heads/main", head);
  repository.set_ref("refs/heads/old", root);
  repository.git("-c user.name=Tom -c user.email=Tom@Example.org tag -a v1 -m 'One' -m 'Notes' " + root.to_string(),
                 "GIT_COMMITTER_DATE='@5000 +0000' GIT_COMMITTER_EMAIL=Tom@Example.org");
  serve(repository);
  const auto key = repository.path().string();

  auto table = run_all();
  EXPECT_EQ(table["repository|" + key]["default_branch"], "main");
  EXPECT_EQ(table["branch|" + key + "|main"]["head_sha"], head.to_string());
  EXPECT_EQ(table["branch|" + key + "|old"]["head_sha"], root.to_string());
  auto& commit = table["commit|" + key + "|" + head.to_string()];
  EXPECT_EQ(commit["message"], "Title\n\nBody");
  EXPECT_EQ(commit["author_key"], "email:ann@example.org");
  EXPECT_EQ(commit["committer_name"], "Carl");
  EXPECT_EQ(commit["author_tz_min"], "60");
  EXPECT_EQ(commit["additions"] + "/" + commit["deletions"] + "/" + commit["files_changed"], "1/1/1");
  EXPECT_EQ(commit["parent_count"], "1");
  EXPECT_EQ(table["commit_parent|" + key + "|" + head.to_string() + "|" + root.to_string()]["ord"], "0");
  EXPECT_EQ(table["contributor|email:ann@example.org"]["display_name"], "Ann");
  EXPECT_EQ(table["contributor|email:carl@example.org"]["kind"], "git");
  auto& release = table["release|" + key + "|v1"];
  EXPECT_EQ(release["name"] + "/" + release["body"], "One/Notes");
  EXPECT_EQ(release["author_key"], "email:tom@example.org");
  EXPECT_EQ(release["commit_sha"], root.to_string());
}

TEST_F(GitScripts, OfAnEmptyRepositoryImportNothing) {
  const TestRepository repository;
  serve(repository);
  const auto table = run_all();
  ASSERT_EQ(table.size(), 1U);
  EXPECT_FALSE(table.begin()->second.contains("default_branch"));
}

TEST_F(GitScripts, CollectOnlyWhatIsNew) {
  const TestRepository repository;
  repository.generate("--rich --commits 200 --seed 4");
  serve(repository);
  auto seen = pass();
  ASSERT_TRUE(run("commit", seen).has_value());
  const auto commits = [&] {
    std::size_t count = 0;
    for (const auto& [key, row] : seen.table) count += key.starts_with("commit|");
    return count;
  };
  EXPECT_EQ(commits(), 200U);
  EXPECT_EQ(seen.expected, static_cast<std::int64_t>(seen.appended));
  seen.appended = 0;
  ASSERT_TRUE(run("commit", seen).has_value());
  EXPECT_EQ(seen.appended, 0U);
  repository.generate("--rich --commits 230 --seed 4");
  ASSERT_TRUE(run("commit", seen).has_value());
  EXPECT_EQ(commits(), 230U);
  EXPECT_LT(seen.appended, 120U);
}

TEST_F(GitScripts, GoOnAfterBeingInterruptedAnywhere) {
  const TestRepository repository;
  repository.generate("--commits 1000 --seed 5");
  serve(repository);
  for (const char* script : {"commit", "contributor"}) {
    auto whole = pass();
    ASSERT_TRUE(run(script, whole).has_value());
    auto cut = pass();
    for (int pages = 1;; ++pages) {
      cut.pages_max = pages % 3;
      try {
        ASSERT_TRUE(run(script, cut).has_value());
        break;
      } catch (const Interrupted&) {
        // What was appended after the last page_done() is lost; what came before may be committed.
        cut.commit();
      }
      ASSERT_LT(pages, 50);
    }
    EXPECT_EQ(cut.table, whole.table) << script;
    EXPECT_EQ(cut.state(), whole.state());
  }
}

TEST_F(GitScripts, ReadSeveralRepositoriesAndReportTheBadOneAlone) {
  const TestRepository one, two;
  one.set_ref("refs/heads/main", one.commit({}, "1", 1));
  environment_.set("GIT_URL", one.path().string() + " /etc/shadow " + two.path().string());
  ASSERT_EQ(partitions().size(), 3U);
  auto good = pass(0);
  EXPECT_TRUE(run("commit", good).has_value());
  auto bad = pass(1);
  const auto refused = run("commit", bad);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::unreachable);
  EXPECT_TRUE(refused.error().message.contains("WEIR_LOCAL_PATHS"));
}

TEST_F(GitScripts, RefuseWrongSettings) {
  environment_.set("GIT_URL", "https://ann:s3cret@h/a");
  auto run = start("commit");
  ASSERT_FALSE(run.has_value());
  EXPECT_EQ(run.error().code, ErrorCode::invalid_input);
  EXPECT_FALSE(run.error().message.contains("s3cret"));
  environment_.set("GIT_URL", "/etc");
  auto only = pass();
  EXPECT_EQ(this->run("commit", only).error().code, ErrorCode::invalid_input);
  setenv("WEIR_LOCAL_PATHS", "relative", 1);
  EXPECT_EQ(start("commit").error().code, ErrorCode::configuration);
}

class RemoteGitScripts : public GitScripts {
 protected:
  RemoteGitScripts() : server_(root_.path()) {
    testing::run(fmt::format("git clone -q --mirror '{}' '{}/a.git'", testing::shared_history(1).path().string(),
                             root_.path().string()));
  }
  testing::TemporaryDirectory root_;
  testing::HttpServer server_;
};

TEST_F(RemoteGitScripts, CloneOnceAndReadTheSame) {
  environment_.set("GIT_URL", server_.url("auth/a.git"));
  environment_.set("GIT_USERNAME", "ann");
  environment_.set_secret("GIT_TOKEN", Secret("s3cret"));
  auto remote = pass();
  ASSERT_TRUE(run("commit", remote).has_value());
  EXPECT_EQ(remote.requests, 2);
  ASSERT_TRUE(run("release", remote).has_value());
  EXPECT_EQ(remote.requests, 3);
  std::size_t commits = 0;
  for (const auto& [key, row] : remote.table) commits += key.starts_with("commit|");
  EXPECT_EQ(commits, 500U);
}

TEST_F(RemoteGitScripts, SayWhenCredentialsAreMissingAndParkWhenAsked) {
  environment_.set("GIT_URL", server_.url("auth/a.git"));
  auto refused = pass();
  EXPECT_EQ(run("commit", refused).error().code, ErrorCode::needs_credentials);
  environment_.set("GIT_URL", server_.url("429/a.git"));
  auto limited = pass();
  EXPECT_EQ(run("commit", limited).error().code, ErrorCode::limited);
  EXPECT_TRUE(limited.parked_until.has_value());
}

TEST_F(RemoteGitScripts, CloneAnewWhenTheCloneIsDamaged) {
  environment_.set("GIT_URL", server_.url("plain/a.git"));
  auto first = pass();
  ASSERT_TRUE(run("repository", first).has_value());
  for (const auto& entry : std::filesystem::recursive_directory_iterator(cache_.path())) {
    if (entry.path().extension() != ".pack") continue;
    // The end stays: the heads can be read, the files cannot.
    std::filesystem::permissions(entry.path(), std::filesystem::perms::owner_all);
    std::fstream pack(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    pack.seekp(static_cast<std::streamoff>(entry.file_size() / 2));
    pack << std::string(entry.file_size() / 2 - 100, '\0');
  }
  auto damaged = pass();
  const auto failed = run("commit", damaged);
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code, ErrorCode::provider_failed);
  auto again = pass();
  EXPECT_TRUE(run("commit", again).has_value());
}

TEST_F(RemoteGitScripts, EndWhenTheRunEnds) {
  environment_.set("GIT_URL", server_.url("silent/a.git"));
  auto stopped = pass();
  stopped.stop = true;
  EXPECT_EQ(run("commit", stopped).error().code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace weir::plugin::git
