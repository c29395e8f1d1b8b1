#include "plugin/builtin/git/fetch.hpp"

#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "plugin/builtin/git/references.hpp"
#include "plugin/builtin/git/testing.hpp"

namespace weir::plugin::git {
namespace {

using testing::TestRepository;

constexpr std::uint64_t k_unlimited = 1ULL << 40U;

class FetchTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = std::make_unique<testing::HttpServer>(directory_().path());
    const auto& history = testing::shared_history(1);
    testing::run(fmt::format("git clone -q --mirror '{}' '{}/history.git'", history.path().string(),
                             directory_().path().string()));
  }
  static void TearDownTestSuite() { server_.reset(); }

  FetchTest() { EXPECT_TRUE(create_mirror(mirror()).has_value()); }

  std::filesystem::path mirror() const { return own_.path() / "mirror.git"; }
  static std::filesystem::path served(const std::string& name) { return directory_().path() / name; }

  static RemoteAccess access(const std::string& path, const std::string& token = {}) {
    RemoteAccess remote;
    remote.url = parse_repository_urls(server_->url(path)).value().at(0);
    remote.username = "ann";
    remote.token = Secret(token);
    remote.egress = http::EgressPolicy::parse("127.0.0.1").value();
    return remote;
  }
  Result<> get(const RemoteAccess& remote, std::uint64_t bytes_max = k_unlimited) {
    traffic_ = {};
    return fetch(remote, mirror(), bytes_max, Stop(), traffic_);
  }
  Error error_of(const std::string& path, const std::string& token = {}) {
    const auto fetched = get(access(path, token));
    EXPECT_FALSE(fetched.has_value()) << path;
    const auto error = fetched ? Error{} : fetched.error();
    EXPECT_FALSE((error.message + error.detail).contains("s3cret"));
    return error;
  }
  std::string references(const std::filesystem::path& repository) const {
    return testing::run(fmt::format("git -C '{}' for-each-ref --format='%(objectname) %(refname)' refs/heads refs/tags",
                                    repository.string()));
  }

  static testing::TemporaryDirectory& directory_() {
    static testing::TemporaryDirectory directory;
    return directory;
  }
  static inline std::unique_ptr<testing::HttpServer> server_;
  testing::TemporaryDirectory own_;
  Traffic traffic_;
};

TEST_F(FetchTest, MirrorsBranchesAndTags) {
  ASSERT_TRUE(get(access("plain/history.git")).has_value());
  EXPECT_EQ(references(mirror()), references(served("history.git")));
  testing::run(fmt::format("git -C '{}' fsck --connectivity-only", mirror().string()));
  EXPECT_EQ(read_references(mirror())->default_branch, "main");
  EXPECT_GE(traffic_.requests, 2);
  EXPECT_GT(traffic_.bytes, 10'000);
  ASSERT_TRUE(get(access("plain/history.git")).has_value());
  EXPECT_EQ(traffic_.requests, 1) << "nothing new: only the list of references is asked for";
}

TEST_F(FetchTest, ListsWithoutReceiving) {
  const auto listing = list_remote(access("auth/history.git", "s3cret"), Stop(), traffic_);
  ASSERT_TRUE(listing.has_value());
  const auto history = read_references(served("history.git")).value();
  EXPECT_EQ(listing->branches, history.branches.size());
  EXPECT_EQ(listing->tags, history.tags.size());
  EXPECT_EQ(listing->default_branch, "main");
  EXPECT_EQ(traffic_.requests, 1);
  const auto refused = list_remote(access("auth/history.git"), Stop(), traffic_);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::needs_credentials);
}

TEST_F(FetchTest, SaysWhichNamesItCannotMirror) {
  TestRepository work;
  const auto root = work.commit({}, "1", 1);
  work.set_ref("refs/heads/main", root);
  testing::run(fmt::format("git clone -q --mirror '{}' '{}'", work.path().string(), served("long.git").string()));
  const auto long_name = "refs/tags/" + std::string(2'000, 'x');
  std::ofstream(served("long.git") / "packed-refs", std::ios::app) << root.to_string() << " " << long_name << "\n";
  ASSERT_TRUE(get(access("plain/long.git")).has_value());
  ASSERT_EQ(references(mirror()), root.to_string() + " refs/heads/main\n");
  EXPECT_EQ(left_out_references(mirror()), std::vector{long_name});
}

TEST_F(FetchTest, FollowsWhatHappensThere) {
  TestRepository work;
  testing::run(fmt::format("git init -q --bare -b main '{}'", served("moving.git").string()));
  const auto push = [&] {
    work.git(fmt::format("push -q --mirror '{}'", served("moving.git").string()));
    EXPECT_TRUE(get(access("plain/moving.git")).has_value());
    EXPECT_EQ(references(mirror()), references(served("moving.git")));
  };
  const auto root = work.commit({}, "1", 1);
  work.set_ref("refs/heads/main", root);
  work.set_ref("refs/heads/dir", root);
  push();
  work.set_ref("refs/heads/main", work.commit({root}, "2", 2));
  push();
  const auto bytes = traffic_.bytes;
  EXPECT_LT(bytes, 2000) << "only what is new travels";
  work.set_ref("refs/heads/main", work.commit({root}, "3", 3));  // forced
  work.git("update-ref -d refs/heads/dir");
  work.set_ref("refs/heads/dir/inside", root);  // where a branch was
  work.set_ref("refs/tags/v1", root);
  push();
  work.git("update-ref -d refs/tags/v1");
  push();
}

TEST_F(FetchTest, OfAnEmptyRepositoryIsFine) {
  testing::run(fmt::format("git init -q --bare '{}'", served("empty.git").string()));
  ASSERT_TRUE(get(access("plain/empty.git")).has_value());
  EXPECT_TRUE(read_references(mirror())->branches.empty());
}

TEST_F(FetchTest, SendsTheTokenOnlyWhereItBelongs) {
  EXPECT_TRUE(get(access("auth/history.git", "s3cret")).has_value());
  EXPECT_TRUE(get(access("public/history.git")).has_value());
  auto error = error_of("auth/history.git");
  EXPECT_EQ(error.code, ErrorCode::needs_credentials);
  EXPECT_TRUE(error.message.contains("set GIT_TOKEN"));
  auto wrong = access("auth/history.git", "s3cret");
  wrong.username = "eve";
  const auto refused = get(wrong);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::needs_credentials);
  EXPECT_TRUE(refused.error().message.contains("replace GIT_TOKEN"));
}

TEST_F(FetchTest, TurnsAnswersIntoErrors) {
  EXPECT_EQ(error_of("403/history.git").code, ErrorCode::unreachable);
  EXPECT_EQ(error_of("404/history.git").code, ErrorCode::unreachable);
  EXPECT_EQ(error_of("plain/nothing.git").code, ErrorCode::unreachable);
  EXPECT_EQ(error_of("451/history.git").code, ErrorCode::unreachable);
  EXPECT_EQ(error_of("500/history.git").code, ErrorCode::provider_failed);
  EXPECT_EQ(error_of("429/history.git").code, ErrorCode::limited);
  EXPECT_EQ(traffic_.retry_after, Duration(std::chrono::seconds(7)));
  EXPECT_EQ(error_of("503/history.git").code, ErrorCode::limited);
  EXPECT_TRUE(error_of("html/history.git").message.contains("does not answer as a git repository"));
}

TEST_F(FetchTest, FollowsRedirectsOnTheSameHostOnly) {
  EXPECT_TRUE(get(access("renamed/history.git")).has_value());
  EXPECT_EQ(traffic_.moved_to, server_->url("plain/history.git"));
  const auto elsewhere = error_of("elsewhere/history.git");
  EXPECT_EQ(elsewhere.code, ErrorCode::unreachable);
  EXPECT_TRUE(elsewhere.message.contains("http://localhost")) << elsewhere.message;
  EXPECT_TRUE(error_of("circle/history.git").message.contains("circle"));
  EXPECT_TRUE(error_of("login/history.git").message.contains("login page"));
}

TEST_F(FetchTest, AsksTheEgressGuard) {
  auto remote = access("plain/history.git");
  remote.egress = {};
  const auto literal = get(remote);
  ASSERT_FALSE(literal.has_value());
  EXPECT_TRUE(literal.error().message.contains("WEIR_EGRESS_ALLOW"));
  EXPECT_EQ(traffic_.requests, 0);
  // A name that only shows its address when it is connected to.
  remote.url.url = remote.url.url.replace(7, 9, "ip6-localhost");
  remote.url.host = "ip6-localhost";
  const auto resolved = get(remote);
  ASSERT_FALSE(resolved.has_value());
  EXPECT_TRUE(resolved.error().message.contains("WEIR_EGRESS_ALLOW") ||
              resolved.error().message.contains("no address is known"))
      << resolved.error().message;
}

TEST_F(FetchTest, ReportsWhoCannotBeReached) {
  auto remote = access("plain/history.git");
  remote.url = parse_repository_urls("http://127.0.0.1:1/a").value().at(0);
  EXPECT_EQ(get(remote).error().code, ErrorCode::provider_failed);
  remote.url = parse_repository_urls("http://name.invalid/a").value().at(0);
  const auto unknown = get(remote);
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, ErrorCode::provider_failed);
}

TEST_F(FetchTest, GivesUpASilentServer) {
  auto remote = access("silent/history.git");
  remote.silence_max = std::chrono::seconds(1);
  const auto fetched = get(remote);
  ASSERT_FALSE(fetched.has_value());
  EXPECT_EQ(fetched.error().code, ErrorCode::provider_failed);
  EXPECT_TRUE(fetched.error().message.contains("silent")) << fetched.error().message;
}

TEST_F(FetchTest, KeepsWhatItHadWhenATransferBreaks) {
  EXPECT_EQ(error_of("cut/history.git").code, ErrorCode::provider_failed);
  EXPECT_TRUE(read_references(mirror())->branches.empty());
  EXPECT_TRUE(get(access("plain/history.git")).has_value());
  EXPECT_EQ(references(mirror()), references(served("history.git")));
}

TEST_F(FetchTest, IsCancelledInTheMiddleOfATransfer) {
  std::atomic<bool> flag = false;
  std::thread canceller([&] {
    // What has come of the pack before the server stalls lies in a temporary file.
    while (std::filesystem::is_empty(mirror() / "objects/pack")) std::this_thread::yield();
    flag = true;
  });
  const auto remote = access("stall/history.git");
  const auto fetched = fetch(remote, mirror(), k_unlimited, Stop(flag), traffic_);
  canceller.join();
  ASSERT_FALSE(fetched.has_value());
  EXPECT_EQ(fetched.error().code, ErrorCode::cancelled);
}

TEST_F(FetchTest, StopsAtTheSizeLimit) {
  const auto fetched = get(access("plain/history.git"), 1000);
  ASSERT_FALSE(fetched.has_value());
  EXPECT_EQ(fetched.error().code, ErrorCode::unreachable);
  EXPECT_TRUE(fetched.error().message.contains("larger than"));
}

}  // namespace
}  // namespace weir::plugin::git
