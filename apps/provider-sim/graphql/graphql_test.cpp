#include <set>

#include <gtest/gtest.h>

#include "provider-sim/graphql/endpoint.hpp"

namespace weir::sim::graphql {
namespace {

using namespace std::chrono_literals;

class GraphQl : public ::testing::Test {
 protected:
  nlohmann::json ask(std::string_view query, nlohmann::json variables = nlohmann::json::object(),
                     std::size_t broken_node = 0) {
    const Caller caller(world_, &token_);
    const nlohmann::json request{{"query", query}, {"variables", std::move(variables)}};
    const auto answered = endpoint_.answer(
        {.world = world_, .renderer = renderer_, .caller = caller, .budget = budget_, .broken_node = broken_node},
        request.dump(), &budget_);
    cost_ = answered.cost;
    return nlohmann::json::parse(answered.body);
  }
  std::string error(std::string_view query, nlohmann::json variables = nlohmann::json::object()) {
    const auto answer = ask(query, std::move(variables));
    return answer.contains("errors") ? answer["errors"][0]["message"].get<std::string>() : "none";
  }

  World world_{{.seed = 1, .now = Time(1'769'860'800s), .repositories = 2, .commits = 150, .pulls = 40, .issues = 30}};
  Renderer renderer_{world_, {}};
  TokenSpec token_{.token = "t", .login = "x"};
  Identity::Window budget_{.limit = 5'000, .reset = Time(1'769'864'400s)};
  Endpoint endpoint_{1 << 20};
  std::int64_t cost_ = 0;
  std::string name_ = world_.repositories()[0]->name;
};

TEST_F(GraphQl, AnswersVariablesAliasesAndFragments) {
  const auto answer =
      ask("query Marks($owner: String!, $name: String = \"nope\") { one: repository(owner: $owner, name: $name) { "
          "...Names owner { "
          "__typename login ... on Organization { databaseId } ... on User { email } } } } fragment Names on "
          "Repository { name "
          "nameWithOwner }",
          {{"owner", "acme"}, {"name", name_}});
  const auto& repository = answer["data"]["one"];
  EXPECT_EQ(repository["nameWithOwner"], "acme/" + name_);
  EXPECT_EQ(repository["owner"]["__typename"], "Organization");
  EXPECT_EQ(repository["owner"]["databaseId"], 4'100'000);
  EXPECT_FALSE(repository["owner"].contains("email"));
  EXPECT_FALSE(answer.contains("errors"));
}

TEST_F(GraphQl, HonoursSkipAndInclude) {
  const auto answer = ask("query($yes: Boolean!) { repository(owner: \"acme\", name: \"" + name_ +
                              "\") { id @skip(if: $yes) name @include(if: $yes) } }",
                          {{"yes", true}});
  EXPECT_FALSE(answer["data"]["repository"].contains("id"));
  EXPECT_TRUE(answer["data"]["repository"].contains("name"));
}

TEST_F(GraphQl, TellsErrorsInGitHubsWords) {
  EXPECT_EQ(error("{ repository(owner: \"acme\", name: \"x\") { nonsense } }"),
            "Field 'nonsense' doesn't exist on type 'Repository'");
  EXPECT_EQ(error("{ repository(owner: \"acme\") { id } }"), "Field 'repository' is missing required arguments: name");
  EXPECT_EQ(error("{ viewer { login(x: 1) } }"), "Field 'login' doesn't accept argument 'x'");
  EXPECT_EQ(error("query($a: String!) { viewer { login } }", {{"a", "b"}}),
            "Variable $a is declared by anonymous query but not used");
  EXPECT_EQ(error("query($a: String!) { user(login: $a) { id } }"),
            "Variable $a of type String! was provided invalid value");
  EXPECT_EQ(error("{ user(login: $a) { id } }"), "Variable $a is used by anonymous query but not declared");
  EXPECT_EQ(error("{ viewer { ...F } }"), "Fragment F was used, but not defined");
  EXPECT_EQ(
      error("{ viewer } "),
      "Field must have selections (field 'viewer' returns User but has no selections. Did you mean 'viewer { ... }'?)");
  EXPECT_EQ(error("{ viewer { } }"), "Parse error on \"}\" (RCURLY) at [1, 12]");
  EXPECT_EQ(error("mutation { x }"), "The simulator answers queries only");
}

TEST_F(GraphQl, MissingThingsAreNullBesideTheOthers) {
  const auto answer =
      ask("{ a: repository(owner: \"acme\", name: \"none\") { id } b: repository(owner: \"acme\", name: \"" + name_ +
          "\") { id } }");
  EXPECT_TRUE(answer["data"]["a"].is_null());
  EXPECT_TRUE(answer["data"]["b"]["id"].is_string());
  EXPECT_EQ(answer["errors"][0]["type"], "NOT_FOUND");
  EXPECT_EQ(answer["errors"][0]["path"], nlohmann::json::array({"a"}));
}

TEST_F(GraphQl, WantsBoundsOnConnections) {
  const std::string repository = "{ repository(owner: \"acme\", name: \"" + name_ + "\") { ";
  EXPECT_EQ(ask(repository + "issues { nodes { id } } } }")["errors"][0]["type"], "MISSING_PAGINATION_BOUNDARIES");
  EXPECT_EQ(ask(repository + "issues(first: 101) { nodes { id } } } }")["errors"][0]["type"], "EXCESSIVE_PAGINATION");
  EXPECT_EQ(ask(repository + "issues { totalCount } } }")["data"]["repository"]["issues"]["totalCount"], 30);
}

TEST_F(GraphQl, WalksAHistoryToItsEnd) {
  std::set<std::string> shas;
  nlohmann::json after;
  for (int pages = 0; pages < 10; ++pages) {
    const auto answer =
        ask("query($n: String!, $a: String) { repository(owner: \"acme\", name: $n) { defaultBranchRef { target { ... "
            "on Commit { "
            "history(first: 40, after: $a) { totalCount pageInfo { hasNextPage endCursor } nodes { oid } } } } } } }",
            {{"n", name_}, {"a", after}});
    const auto& history = answer["data"]["repository"]["defaultBranchRef"]["target"]["history"];
    EXPECT_EQ(history["totalCount"], 150);
    for (const auto& node : history["nodes"]) shas.insert(node["oid"].get<std::string>());
    if (!history["pageInfo"]["hasNextPage"].get<bool>()) break;
    after = history["pageInfo"]["endCursor"];
  }
  EXPECT_EQ(shas.size(), 150U);
}

// An edit moves a record to the front; whoever stands behind a cursor still sees each of the others once.
TEST_F(GraphQl, ACursorMeansAfterThisRecordWhateverMoved) {
  const std::string query =
      "query($n: String!, $a: String) { repository(owner: \"acme\", name: $n) { pullRequests(first: 10, after: $a, "
      "orderBy: "
      "{field: UPDATED_AT, direction: DESC}) { pageInfo { hasNextPage endCursor } nodes { number } } } }";
  std::multiset<int> numbers;
  nlohmann::json after;
  for (int pages = 0; pages < 10; ++pages) {
    const auto answer = ask(query, {{"n", name_}, {"a", after}});
    const auto& pulls = answer["data"]["repository"]["pullRequests"];
    for (const auto& node : pulls["nodes"]) numbers.insert(node["number"].get<int>());
    if (!pulls["pageInfo"]["hasNextPage"].get<bool>()) break;
    after = pulls["pageInfo"]["endCursor"];
    Repository& repository = world_.change(*world_.repositories()[0]);
    for (Pull& pull : repository.pulls)
      if (numbers.contains(static_cast<int>(pull.number))) pull.updated_at = world_.options().now;
  }
  EXPECT_EQ(numbers.size(), 40U);
  EXPECT_EQ(std::set<int>(numbers.begin(), numbers.end()).size(), 40U);
}

TEST_F(GraphQl, FindsNodesByTheIdsOfRest) {
  const auto ids = ask("{ repository(owner: \"acme\", name: \"" + name_ +
                       "\") { id pullRequests(first: 1) { nodes { id } } owner { id } } }")["data"]["repository"];
  const auto answer =
      ask("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Repository { nameWithOwner } } }",
          {{"ids", {ids["id"], ids["pullRequests"]["nodes"][0]["id"], ids["owner"]["id"], "R_kgDOAAAAAQ"}}});
  EXPECT_EQ(answer["data"]["nodes"][0]["nameWithOwner"], "acme/" + name_);
  EXPECT_EQ(answer["data"]["nodes"][1]["__typename"], "PullRequest");
  EXPECT_EQ(answer["data"]["nodes"][2]["__typename"], "Organization");
  EXPECT_TRUE(answer["data"]["nodes"][3].is_null());
  EXPECT_EQ(answer["errors"].size(), 1U);
}

TEST_F(GraphQl, CostsWhatGitHubSaysItCosts) {
  ask("{ viewer { login } }");
  EXPECT_EQ(cost_, 1);
  // 1 + 100 + 100 * 50 connections asked for: 5,101 requests, 51 points.
  ask("{ organization(login: \"acme\") { repositories(first: 100) { nodes { pullRequests(first: 50) { nodes { "
      "reviews(first: 10) { totalCount } } } } } } }");
  EXPECT_EQ(cost_, 51);
  EXPECT_EQ(ask("{ organization(login: \"acme\") { repositories(first: 100) { nodes { pullRequests(first: 100) { nodes "
                "{ reviews(first: 100) { nodes { id } } } } } } } }")["errors"][0]["type"],
            "MAX_NODE_LIMIT_EXCEEDED");
}

TEST_F(GraphQl, RepeatsAnAnswerButNotItsRateLimit) {
  const std::string query =
      "{ before: viewer { login } rateLimit { used remaining } repository(owner: \"acme\", name: \"" + name_ +
      "\") { updatedAt } }";
  token_.login = world_.account(world_.members()[0]).login;
  const auto first = ask(query);
  const auto second = ask(query);
  EXPECT_EQ(second["data"]["rateLimit"]["used"].get<int>(), first["data"]["rateLimit"]["used"].get<int>() + 1);
  EXPECT_EQ(first["data"]["repository"], second["data"]["repository"]);
  world_.change(*world_.repositories()[0]).updated_at += 1s;
  EXPECT_NE(ask(query)["data"]["repository"], second["data"]["repository"]);
}

TEST_F(GraphQl, ABrokenNodeIsNullWithAnErrorAndItsPath) {
  const auto answer = ask("{ organization(login: \"acme\") { repositories(first: 3) { nodes { name } } } }", {}, 2);
  EXPECT_TRUE(answer["data"]["organization"]["repositories"]["nodes"][1].is_null());
  EXPECT_EQ(answer["errors"][0]["path"], nlohmann::json::array({"organization", "repositories", "nodes", 1}));
}

}  // namespace
}  // namespace weir::sim::graphql
