// The provider without HTTP: limits, credentials, faults, pages.
#include "provider-sim/server/provider.hpp"

#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "provider-sim/server/control.hpp"

namespace weir::sim {
namespace {

using namespace std::chrono_literals;

class ManualClock final : public Clock {
 public:
  Instant now() const override {
    return Instant(1'769'860'800s) + std::chrono::floor<std::chrono::microseconds>(elapsed);
  }
  std::chrono::nanoseconds boottime() const override { return elapsed; }
  std::chrono::nanoseconds elapsed{0};
};

class ProviderTest : public ::testing::Test {
 protected:
  static Options options() {
    Options options;
    options.world = {.seed = 1,
                     .now = Time(1'769'860'800s),
                     .repositories = 2,
                     .commits = 120,
                     .pulls = 25,
                     .issues = 20,
                     .runs = 40};
    options.limits.per_window = {1'000, 1'000, 10};
    return options;
  }
  void make(Options given = options()) {
    provider_ = std::make_unique<Provider>(std::move(given), Origins{.api = "http://sim"}, clock_);
    control_ = std::make_unique<Control>(*provider_);
    name_ = json(control("GET", "/_sim/repositories"))[0]["full_name"];
  }
  void SetUp() override { make(); }

  static Request request(std::string target, std::string token = "sim-token") {
    Request made = make_request("GET", std::move(target));
    if (!token.empty()) made.authorization = "Bearer " + token;
    made.user_agent = "test";
    return made;
  }
  Response get(const Request& wanted) {
    auto exchange = provider_->begin(wanted);
    Response response = provider_->answer(*exchange);
    provider_->end(*exchange, response.status, response.body ? response.body->size() : 0);
    return response;
  }
  Response get(std::string target, std::string token = "sim-token") {
    return get(request(std::move(target), std::move(token)));
  }
  Response control(std::string method, std::string target, const nlohmann::json& body = nullptr) {
    Request made = make_request(std::move(method), std::move(target));
    if (!body.is_null()) made.body = body.dump();
    return control_->answer(made);
  }
  static nlohmann::json json(const Response& response) { return nlohmann::json::parse(*response.body); }
  static std::string header(const Response& response, std::string_view name) {
    const std::string* value = response.header(name);
    return value ? *value : "";
  }
  // Follows the next links; the ids in the order they came.
  std::vector<std::int64_t> walk(std::string target, std::string_view id = "id") {
    std::vector<std::int64_t> ids;
    for (int pages = 0; pages < 100 && !target.empty(); ++pages) {
      const auto response = get(target);
      EXPECT_EQ(response.status, 200) << target;
      for (const auto& item : json(response)) ids.push_back(item[std::string(id)].get<std::int64_t>());
      const auto link = header(response, "Link");
      const auto next = link.find("rel=\"next\"");
      target.clear();
      if (next == std::string::npos) break;
      const auto start = link.rfind("<http://sim", next) + 11;
      target = link.substr(start, link.find('>', start) - start);
    }
    return ids;
  }

  ManualClock real_;
  SimClock clock_{Instant(1'769'860'800s), SimClock::Flow::real, real_};
  std::unique_ptr<Provider> provider_;
  std::unique_ptr<Control> control_;
  std::string name_;
};

TEST_F(ProviderTest, PagesByCanonicalLinks) {
  const auto response = get("/repos/" + name_ + "/issues?state=all&per_page=10");
  const auto id = json(get("/repos/" + name_))["id"].get<std::int64_t>();
  EXPECT_EQ(header(response, "Link"),
            fmt::format("<http://sim/repositories/{0}/issues?state=all&per_page=10&page=2>; rel=\"next\", "
                        "<http://sim/repositories/{0}/issues?state=all&per_page=10&page=5>; rel=\"last\"",
                        id));
  const auto ids = walk("/repos/" + name_ + "/issues?state=all&per_page=10");
  EXPECT_EQ(ids.size(), 45U);  // pull requests are issues too
  EXPECT_EQ(std::set<std::int64_t>(ids.begin(), ids.end()).size(), 45U);
  EXPECT_EQ(header(get("/repos/" + name_ + "/issues?state=all&per_page=100"), "Link"), "");
  EXPECT_EQ(json(get("/repos/" + name_ + "/commits")).size(), 30U);
  EXPECT_EQ(json(get("/repos/" + name_ + "/commits?per_page=500")).size(), 100U);
}

TEST_F(ProviderTest, AnUnchangedAnswerIs304AndNotCounted) {
  auto wanted = request("/repos/" + name_ + "/pulls?state=all");
  const auto first = get(wanted);
  wanted.if_none_match = header(first, "ETag");
  const auto second = get(wanted);
  EXPECT_EQ(second.status, 304);
  EXPECT_TRUE(second.body->empty());
  EXPECT_EQ(header(second, "X-RateLimit-Remaining"), header(first, "X-RateLimit-Remaining"));
  control(
      "POST", "/_sim/advance",
      {{"seconds", 5}, {"activity", {{"pull_edit", 3}, {"repositories", nlohmann::json::array({name_.substr(5)})}}}});
  EXPECT_EQ(get(wanted).status, 200);
}

TEST_F(ProviderTest, SinceIsInclusiveAndFollowsUpdates) {
  const auto all = json(get("/repos/" + name_ + "/issues?state=all&sort=updated&direction=asc&per_page=100"));
  const auto middle = all[20]["updated_at"].get<std::string>();
  const auto some =
      json(get("/repos/" + name_ + "/issues?state=all&sort=updated&direction=asc&per_page=100&since=" + middle));
  EXPECT_EQ(some[0]["updated_at"], middle);
  EXPECT_LE(some.size(), 25U);
  EXPECT_GE(some.size(), 45U - 20U);
}

TEST_F(ProviderTest, PullsDefaultToOpenAndAscendWhenSortedByUpdate) {
  for (const auto& pull : json(get("/repos/" + name_ + "/pulls"))) EXPECT_EQ(pull["state"], "open");
  const auto ascending = json(get("/repos/" + name_ + "/pulls?state=all&sort=updated"));
  EXPECT_LT(ascending[0]["updated_at"], ascending[20]["updated_at"]);
  EXPECT_FALSE(ascending[0].contains("merged"));
}

TEST_F(ProviderTest, AwkwardRepositoriesAnswerAsGitHubsDo) {
  EXPECT_EQ(get("/repos/acme/empty-shell/commits").status, 409);
  EXPECT_EQ(json(get("/repos/acme/empty-shell/commits"))["message"], "Git Repository is empty.");
  EXPECT_EQ(get("/repos/acme/empty-shell/contributors").status, 204);
  EXPECT_TRUE(json(get("/repos/acme/empty-shell"))["pushed_at"].is_null());
  EXPECT_EQ(get("/repos/acme/no-issues/issues").status, 410);
  EXPECT_EQ(get("/repos/acme/dmca-mirror/pulls").status, 451);
  EXPECT_EQ(get("/repos/acme/terms-blocked").status, 403);
  EXPECT_EQ(json(get("/repos/acme/terms-blocked"))["block"]["reason"], "tos");
  EXPECT_EQ(get("/repos/acme/none").status, 404);
  EXPECT_EQ(get("/repos/" + name_ + "/").status, 404);
}

TEST_F(ProviderTest, ARenamedRepositoryIsMovedPermanently) {
  const auto response = get("/repos/acme/old-service/issues?state=all");
  const auto id = json(get("/repos/acme/moved-service"))["id"].get<std::int64_t>();
  EXPECT_EQ(response.status, 301);
  EXPECT_EQ(header(response, "Location"), fmt::format("http://sim/repositories/{}/issues?state=all", id));
  EXPECT_EQ(json(response)["message"], "Moved Permanently");
  EXPECT_EQ(get(fmt::format("/repositories/{}/issues?state=all", id)).status, 200);
}

TEST_F(ProviderTest, FilteredRunsStopAtTheirCap) {
  auto given = options();
  given.rest.run_results_max = 10;
  make(std::move(given));
  const auto page = json(get("/repos/" + name_ + "/actions/runs?created=2020-01-01..2030-01-01&per_page=10&page=2"));
  EXPECT_EQ(page["total_count"], 40);
  EXPECT_TRUE(page["workflow_runs"].empty());
  EXPECT_EQ(json(get("/repos/" + name_ + "/actions/runs?per_page=10&page=2"))["workflow_runs"].size(), 10U);
  EXPECT_EQ(get("/repos/" + name_ + "/actions/runs?per_page=100&page=401").status, 422);
  const auto created =
      page["workflow_runs"].empty()
          ? json(get("/repos/" + name_ + "/actions/runs"))["workflow_runs"][3]["created_at"].get<std::string>()
          : "";
  EXPECT_EQ(json(get("/repos/" + name_ + "/actions/runs?created=" + created + ".." + created))["total_count"], 1);
}

TEST_F(ProviderTest, WantsAUserAgentAndKnownVersionsAndCredentials) {
  auto wanted = request("/user");
  wanted.user_agent.clear();
  EXPECT_EQ(get(wanted).status, 403);
  wanted = request("/user");
  wanted.api_version = "2099-01-01";
  EXPECT_EQ(get(wanted).status, 400);
  wanted.api_version = "2019-01-01";
  EXPECT_EQ(get(wanted).status, 410);
  EXPECT_EQ(get("/user", "wrong").status, 401);
  EXPECT_EQ(json(get("/user", "wrong"))["message"], "Bad credentials");
  EXPECT_EQ(get("/user", "").status, 401);
  EXPECT_EQ(header(get("/rate_limit", ""), "X-RateLimit-Limit"), "60");
}

TEST_F(ProviderTest, APrimaryBudgetEndsAndComesBack) {
  control("POST", "/_sim/tokens", {{"token", "tiny"}, {"identity", "tiny"}, {"core", 2}, {"core_seconds", 100}});
  EXPECT_EQ(get("/user", "tiny").status, 200);
  EXPECT_EQ(header(get("/user", "tiny"), "X-RateLimit-Remaining"), "0");
  const auto refused = get("/user", "tiny");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(header(refused, "X-RateLimit-Remaining"), "0");
  EXPECT_EQ(header(refused, "X-RateLimit-Reset"), std::to_string(1'769'860'800 + 100));
  EXPECT_EQ(get("/rate_limit", "tiny").status, 200);
  real_.elapsed = 101s;
  EXPECT_EQ(get("/user", "tiny").status, 200);
}

TEST_F(ProviderTest, TokensOfOneIdentityShareItsBudget) {
  for (const auto* token : {"one", "two"})
    control("POST", "/_sim/tokens", {{"token", token}, {"identity", "shared"}, {"core", 2}});
  EXPECT_EQ(get("/user", "one").status, 200);
  EXPECT_EQ(get("/user", "two").status, 200);
  EXPECT_EQ(get("/user", "one").status, 403);
}

TEST_F(ProviderTest, GraphQlLimitsAreErrorsInA200) {
  control("POST", "/_sim/tokens", {{"token", "tiny"}, {"identity", "tiny"}, {"graphql", 1}});
  auto wanted = request("/graphql", "tiny");
  wanted.method = "POST";
  wanted.body = R"({"query":"{ viewer { login } }"})";
  EXPECT_FALSE(json(get(wanted)).contains("errors"));
  const auto refused = get(wanted);
  EXPECT_EQ(refused.status, 200);
  EXPECT_EQ(json(refused)["errors"][0]["type"], "RATE_LIMITED");
  EXPECT_EQ(get("/user", "tiny").status, 200);  // another bucket
}

TEST_F(ProviderTest, TooManyAtOnceIsASecondaryLimit) {
  control("POST", "/_sim/limits", {{"concurrency", 2}, {"wait_seconds", 30}, {"form", "429-date"}});
  auto one = provider_->begin(request("/user"));
  auto two = provider_->begin(request("/user"));
  const auto refused = get("/user");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(header(refused, "Retry-After"), format_http_date(clock_.shown() + 30s));
  EXPECT_NE(header(refused, "X-RateLimit-Remaining"), "0");
  EXPECT_NE(json(refused)["message"].get<std::string>().find("secondary rate limit"), std::string::npos);
  provider_->end(*one, 200, 0);
  provider_->end(*two, 200, 0);
  EXPECT_EQ(get("/user").status, 429);  // the wait is not over
  real_.elapsed = 31s;
  EXPECT_EQ(get("/user").status, 200);
}

TEST_F(ProviderTest, EverySecondaryFormIsTold) {
  const std::vector<std::tuple<std::string, int, bool>> forms{
      {"403", 403, true},       {"429", 429, true},       {"403-date", 403, true}, {"429-date", 429, true},
      {"403-bare", 403, false}, {"429-bare", 429, false}, {"abuse", 403, false}};
  for (const auto& [form, status, has_after] : forms) {
    control("POST", "/_sim/faults",
            {{"rules", {{{"kind", "secondary"}, {"form", form}, {"seconds", 20}, {"count", 1}}}}});
    const auto refused = get("/user");
    EXPECT_EQ(refused.status, status) << form;
    EXPECT_EQ(refused.header("Retry-After") != nullptr, has_after) << form;
    real_.elapsed += 21s;
    EXPECT_EQ(get("/user").status, 200) << form;
  }
}

TEST_F(ProviderTest, PointsAMinuteAreLimitedWhenAsked) {
  control("POST", "/_sim/limits", {{"rest_points_per_minute", 3}});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(get("/user").status, 200);
  EXPECT_EQ(get("/user").status, 403);
}

TEST_F(ProviderTest, TheLogSaysWhoDidNotWait) {
  control("POST", "/_sim/faults", {{"rules", {{{"kind", "secondary"}, {"seconds", 60}, {"count", 1}}}}});
  get("/user");
  real_.elapsed = 500ms;
  get("/user");
  EXPECT_EQ(json(control("GET", "/_sim/stats"))["late_requests"], 0);
  real_.elapsed = 5s;
  get("/user");
  const auto stats = json(control("GET", "/_sim/stats"));
  EXPECT_EQ(stats["late_requests"], 1);
  EXPECT_EQ(stats["late_max_ms"], 5'000);
  const auto log = *control("GET", "/_sim/log").body;
  EXPECT_EQ(log.find("sim-token"), std::string::npos);
  EXPECT_NE(log.find("\"refusal\":\"secondary\""), std::string::npos);
}

TEST_F(ProviderTest, PageFaultsLoseNothingToWhoFollowsLinks) {
  const auto wanted = walk("/repos/" + name_ + "/issues?state=all&per_page=10");
  for (const auto* kind : {"duplicate_page", "short_page"}) {
    control("POST", "/_sim/faults", {{"rules", {{{"kind", kind}, {"count", 3}, {"match", "/issues"}}}}});
    const auto ids = walk("/repos/" + name_ + "/issues?state=all&per_page=10");
    EXPECT_EQ(std::set<std::int64_t>(ids.begin(), ids.end()), std::set<std::int64_t>(wanted.begin(), wanted.end()))
        << kind;
    const auto struck = json(control("GET", "/_sim/faults"))["rules"][0]["struck"].get<int>();
    EXPECT_GT(struck, 0) << kind;
    if (std::string_view(kind) == "duplicate_page") EXPECT_GT(ids.size(), wanted.size());
  }
}

TEST_F(ProviderTest, FaultsAreWhatTheySay) {
  const auto with = [this](const nlohmann::json& rule) {
    control("POST", "/_sim/faults", {{"rules", nlohmann::json::array({rule})}});
    return get("/repos/" + name_ + "/commits");
  };
  EXPECT_EQ(with({{"kind", "status_502"}}).status, 502);
  EXPECT_EQ(header(with({{"kind", "html"}}), "Content-Type"), "text/html");
  EXPECT_EQ(with({{"kind", "reset"}}).delivery, Delivery::reset);
  EXPECT_EQ(with({{"kind", "truncated"}}).delivery, Delivery::truncated);
  EXPECT_EQ(with({{"kind", "hang"}}).delivery, Delivery::hang);
  EXPECT_EQ(with({{"kind", "huge"}, {"bytes", 5'000'000'000}}).endless_bytes, 5'000'000'000U);
  EXPECT_EQ(with({{"kind", "deep"}}).body->size(), 2'000'000U);
  EXPECT_NE(with({{"kind", "invalid_utf8"}}).body->find("\xff\xfe"), std::string::npos);
  EXPECT_NE(with({{"kind", "nul"}}).body->find("\\u0000"), std::string::npos);
  const auto self = with({{"kind", "self_link"}});
  EXPECT_NE(header(self, "Link").find("page=1>; rel=\"next\""), std::string::npos);
  EXPECT_EQ(with({{"kind", "drift"}}).status, 200);
  control("POST", "/_sim/faults", {{"rules", nlohmann::json::array()}});
  EXPECT_EQ(get("/repos/" + name_ + "/commits").status, 200);
}

TEST_F(ProviderTest, SkewMovesTheHeadersClockOnly) {
  control("POST", "/_sim/clock", {{"skew_seconds", 3'600}});
  const auto response = get("/repos/" + name_);
  EXPECT_EQ(header(response, "Date"), format_http_date(Time(1'769'860'800s) + 1h));
  EXPECT_LE(json(response)["updated_at"].get<std::string>(), "2026-01-31T12:00:00Z");
}

TEST_F(ProviderTest, AFineGrainedTokenSeesAndMayOnlyWhatItSays) {
  const auto only = name_.substr(name_.find('/') + 1);
  control("POST", "/_sim/tokens",
          {{"token", "fine"},
           {"repositories", nlohmann::json::array({only})},
           {"denied", nlohmann::json::array({"actions"})}});
  EXPECT_EQ(json(get("/orgs/acme/repos", "fine")).size(), 1U);
  EXPECT_EQ(get("/repos/acme/archived-lib", "fine").status, 404);
  const auto denied = get("/repos/" + name_ + "/actions/runs", "fine");
  EXPECT_EQ(denied.status, 403);
  EXPECT_EQ(json(denied)["message"], "Resource not accessible by personal access token");
  control("POST", "/_sim/tokens", {{"token", "sso"}, {"sso", true}});
  EXPECT_NE(header(get("/repos/" + name_, "sso"), "X-GitHub-SSO").find("required; url="), std::string::npos);
  EXPECT_NE(header(get("/orgs/acme/repos", "sso"), "X-GitHub-SSO").find("partial-results"), std::string::npos);
}

TEST_F(ProviderTest, TruthAgreesWithWhatIsServed) {
  std::set<std::string> told;
  const auto id = json(get("/repos/" + name_))["id"].get<std::int64_t>();
  const auto lines = *control("GET", fmt::format("/_sim/truth/commit?repository={}", id)).body;
  for (std::size_t at = 0; (at = lines.find("\"sha\":\"", at)) != std::string::npos; at += 7)
    told.insert(lines.substr(at + 7, 40));
  std::set<std::string> served;
  for (int page = 1; page <= 2; ++page)
    for (const auto& commit : json(get(fmt::format("/repos/{}/commits?per_page=100&page={}", name_, page))))
      served.insert(commit["sha"].get<std::string>());
  EXPECT_EQ(told, served);
  EXPECT_EQ(control("GET", "/_sim/truth/nonsense").status, 404);
}

TEST_F(ProviderTest, AnEnterpriseServerHasNoLimits) {
  auto given = options();
  given.is_enterprise = true;
  make(std::move(given));
  const auto response = get("/api/v3/user");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("X-RateLimit-Limit"), nullptr);
  EXPECT_EQ(get("/api/v3/rate_limit").status, 404);
}

}  // namespace
}  // namespace weir::sim
