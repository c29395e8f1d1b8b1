// Pull requests (`data` the Pull), issues (the Issue), reviews (`data` the Review, `owner` its Pull), labels (`index`).
#include "provider-sim/base/words.hpp"
#include "provider-sim/graphql/fields.hpp"
#include "provider-sim/rest/node_id.hpp"

namespace weir::sim::graphql {
namespace {

template <class T>
void author(E& e, const O& o, const F& f) {
  e.object(e.account(o.as<T>().author), f);
}

template <class T>
void labels(E& e, const O& o, const F& f) {
  std::vector<Item> items;
  for (const auto label : o.as<T>().labels)
    items.push_back(
        {fmt::format("{:03}", label), {.type = type_of<"Label">(), .repository = o.repository, .index = label}});
  e.connection("LabelConnection", std::move(items), f);
}

void people(E& e, const std::vector<Index>& accounts, std::string_view type, const F& f) {
  std::vector<Item> items;
  for (const Index account : accounts)
    if (e.world().account(account).kind == AccountKind::user)
      items.push_back({fmt::format("{:010}", e.world().account(account).id), e.account(account)});
  e.connection(type, std::move(items), f);
}

template <class T>
void url(E& e, const O& o, const F&) {
  constexpr auto kind = std::is_same_v<T, Pull> ? "pull" : "issues";
  e.json().value(fmt::format("{}/{}/{}/{}", e.renderer().origins().html, e.world().full_name(*o.repository), kind,
                             o.as<T>().number));
}

template <class T>
std::vector<FieldDef> ticket_fields() {
  return {{"number", "Int!", [](E& e, const O& o, const F&) { e.json().value(o.as<T>().number); }},
          {"title", "String!", [](E& e, const O& o, const F&) { e.json().value(o.as<T>().title()); }},
          {"body", "String!", [](E& e, const O& o, const F&) { e.json().value(o.as<T>().body().value_or("")); }},
          {"author", "Actor", author<T>},
          {"createdAt", "DateTime!", [](E& e, const O& o, const F&) { e.json().value(o.as<T>().created_at); }},
          {"updatedAt", "DateTime!", [](E& e, const O& o, const F&) { e.json().value(o.as<T>().updated_at); }},
          {"closedAt", "DateTime", [](E& e, const O& o, const F&) { e.json().value(o.as<T>().closed_at); }},
          {"closed", "Boolean!", [](E& e, const O& o, const F&) { e.json().value(!o.as<T>().is_open); }},
          {"locked", "Boolean!", [](E& e, const O& o, const F&) { e.json().value(o.as<T>().is_locked); }},
          {"url", "URI!", url<T>},
          {"labels", "LabelConnection", labels<T>, paged({{"orderBy", "LabelOrder", true}})},
          {"assignees", "UserConnection!",
           [](E& e, const O& o, const F& f) { people(e, o.as<T>().assignees, "UserConnection", f); }, paged()},
          {"comments", "IssueCommentConnection!",
           [](E& e, const O& o, const F& f) {
             e.long_connection(
                 "IssueCommentConnection", static_cast<std::size_t>(o.as<T>().comments), "comment",
                 [](std::size_t) { return Object{}; }, f);
           },
           paged({{"orderBy", "IssueCommentOrder"}})},
          {"repository", "Repository!", owning_repository}};
}

void pull_commits(E& e, const O& o, const F& f) {
  const Pull& pull = o.as<Pull>();
  auto commits = e.world().history_between(*o.repository, pull.base, pull.head);
  std::ranges::reverse(commits);
  e.long_connection(
      "PullRequestCommitConnection", static_cast<std::size_t>(pull.commits), "commit",
      [&](std::size_t i) {
        if (i >= commits.size()) return Object{};
        Object object = e.commit(*o.repository, commits[i]);
        object.type = type_of<"PullRequestCommit">();
        return object;
      },
      f);
}

void reviews(E& e, const O& o, const F& f) {
  std::vector<Item> items;
  for (const Review& review : o.as<Pull>().reviews) {
    if (!is_among(f, "states", state_name(review.state))) continue;
    items.push_back(
        {time_key(review.submitted_at.value_or(Time::max() - std::chrono::years(1'000'000)), review.id),
         {.type = type_of<"PullRequestReview">(), .repository = o.repository, .data = &review, .owner = o.data}});
  }
  e.connection("PullRequestReviewConnection", std::move(items), f);
}

void head_repository(E& e, const O& o, const F& f) {
  switch (o.as<Pull>().head_repository) {
    case HeadRepository::same: return e.object(e.repository(o.repository), f);
    case HeadRepository::gone: return e.object({}, f);
    case HeadRepository::fork: break;
  }
  // A fork is told by the pull request that comes from it.
  e.object({.type = type_of<"Repository">(), .repository = o.repository, .data = o.data}, f);
}

void merge_commit(E& e, const O& o, const F& f) {
  const Pull& pull = o.as<Pull>();
  const auto commit = pull.merged_at && pull.merge_sha ? o.repository->find_commit(*pull.merge_sha) : std::nullopt;
  e.object(commit ? e.commit(*o.repository, *commit) : Object{}, f);
}

void review_requests(E& e, const O& o, const F& f) {
  const auto& reviewers = o.as<Pull>().requested_reviewers;
  std::vector<Item> items;
  items.reserve(reviewers.size());
  for (const Index reviewer : reviewers)
    items.push_back({fmt::format("{}", reviewer),
                     {.type = type_of<"ReviewRequest">(), .data = &e.world().account(reviewer), .index = reviewer}});
  e.connection("ReviewRequestConnection", std::move(items), f);
}

TypeDef pull_type() {
  TypeDef type{.name = "PullRequest", .fields = ticket_fields<Pull>()};
  const std::vector<FieldDef> more{
      {"id", "ID!",
       [](E& e, const O& o, const F&) { e.json().value(make_node_id("PR", o.repository->id, o.as<Pull>().id)); }},
      {"databaseId", "Int", [](E& e, const O& o, const F&) { write_database_id(e, o.as<Pull>().id); }},
      {"fullDatabaseId", "BigInt", [](E& e, const O& o, const F&) { e.json().value(std::to_string(o.as<Pull>().id)); }},
      {"additions", "Int!", member<Pull, &Pull::additions>},
      {"deletions", "Int!", member<Pull, &Pull::deletions>},
      {"changedFiles", "Int!", member<Pull, &Pull::changed_files>},
      {"state", "PullRequestState!",
       [](E& e, const O& o, const F&) {
         e.json().value(o.as<Pull>().is_open ? "OPEN" : o.as<Pull>().merged_at ? "MERGED" : "CLOSED");
       }},
      {"merged", "Boolean!", [](E& e, const O& o, const F&) { e.json().value(o.as<Pull>().merged_at.has_value()); }},
      {"mergedAt", "DateTime", member<Pull, &Pull::merged_at>},
      {"mergedBy", "Actor", [](E& e, const O& o, const F& f) { e.object(e.account(o.as<Pull>().merged_by), f); }},
      {"mergeCommit", "Commit", merge_commit},
      {"isDraft", "Boolean!", member<Pull, &Pull::is_draft>},
      {"isCrossRepository", "Boolean!",
       [](E& e, const O& o, const F&) { e.json().value(o.as<Pull>().head_repository != HeadRepository::same); }},
      {"headRefName", "String!", member<Pull, &Pull::head_ref>},
      {"headRefOid", "GitObjectID!",
       [](E& e, const O& o, const F&) { e.json().value(o.repository->commits[o.as<Pull>().head].sha.hex()); }},
      {"headRepository", "Repository", head_repository},
      {"baseRefName", "String!", member<Pull, &Pull::base_ref>},
      {"baseRefOid", "GitObjectID!",
       [](E& e, const O& o, const F&) { e.json().value(o.repository->commits[o.as<Pull>().base].sha.hex()); }},
      {"baseRepository", "Repository", owning_repository},
      {"commits", "PullRequestCommitConnection!", pull_commits, paged()},
      {"reviews", "PullRequestReviewConnection", reviews,
       paged({{"author", "String"}, {"states", "[PullRequestReviewState!]"}})},
      {"reviewRequests", "ReviewRequestConnection", review_requests, paged()},
      {"totalCommentsCount", "Int",
       [](E& e, const O& o, const F&) { e.json().value(o.as<Pull>().comments + o.as<Pull>().review_comments); }}};
  type.fields.insert(type.fields.end(), more.begin(), more.end());
  return type;
}

TypeDef issue_type() {
  TypeDef type{.name = "Issue", .fields = ticket_fields<Issue>()};
  const std::vector<FieldDef> more{
      {"id", "ID!",
       [](E& e, const O& o, const F&) { e.json().value(make_node_id("I", o.repository->id, o.as<Issue>().issue_id)); }},
      {"databaseId", "Int", [](E& e, const O& o, const F&) { write_database_id(e, o.as<Issue>().issue_id); }},
      {"fullDatabaseId", "BigInt",
       [](E& e, const O& o, const F&) { e.json().value(std::to_string(o.as<Issue>().issue_id)); }},
      {"state", "IssueState!",
       [](E& e, const O& o, const F&) { e.json().value(o.as<Issue>().is_open ? "OPEN" : "CLOSED"); }},
      {"stateReason", "IssueStateReason", [](E& e, const O& o, const F&) {
         std::string reason(reason_name(o.as<Issue>().reason));
         for (char& c : reason) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
         e.json().value(reason.empty() ? std::nullopt : std::optional(reason));
       }}};
  type.fields.insert(type.fields.end(), more.begin(), more.end());
  return type;
}

TypeDef review_type() {
  TypeDef type{.name = "PullRequestReview"};
  type.fields = {
      {"id", "ID!",
       [](E& e, const O& o, const F&) { e.json().value(make_node_id("PRR", o.repository->id, o.as<Review>().id)); }},
      {"databaseId", "Int", [](E& e, const O& o, const F&) { write_database_id(e, o.as<Review>().id); }},
      {"fullDatabaseId", "BigInt",
       [](E& e, const O& o, const F&) { e.json().value(std::to_string(o.as<Review>().id)); }},
      {"author", "Actor", author<Review>},
      {"body", "String!",
       [](E& e, const O& o, const F&) {
         e.json().value(o.as<Review>().state == ReviewState::approved ? "" : make_paragraphs(o.as<Review>().seed, 1));
       }},
      {"state", "PullRequestReviewState!",
       [](E& e, const O& o, const F&) { e.json().value(state_name(o.as<Review>().state)); }},
      {"submittedAt", "DateTime", member<Review, &Review::submitted_at>},
      {"createdAt", "DateTime!",
       [](E& e, const O& o, const F&) {
         e.json().value(o.as<Review>().submitted_at.value_or(static_cast<const Pull*>(o.owner)->created_at));
       }},
      {"updatedAt", "DateTime!",
       [](E& e, const O& o, const F&) {
         e.json().value(o.as<Review>().submitted_at.value_or(static_cast<const Pull*>(o.owner)->created_at));
       }},
      {"commit", "Commit",
       [](E& e, const O& o, const F& f) { e.object(e.commit(*o.repository, o.as<Review>().commit), f); }},
      {"url", "URI!",
       [](E& e, const O& o, const F&) {
         e.json().value(fmt::format("{}/{}/pull/{}#pullrequestreview-{}", e.renderer().origins().html,
                                    e.world().full_name(*o.repository), static_cast<const Pull*>(o.owner)->number,
                                    o.as<Review>().id));
       }},
      {"pullRequest", "PullRequest!",
       [](E& e, const O& o, const F& f) {
         e.object({.type = type_of<"PullRequest">(), .repository = o.repository, .data = o.owner}, f);
       }},
      {"repository", "Repository!", owning_repository}};
  return type;
}

}  // namespace

std::vector<TypeDef> ticket_types() {
  TypeDef label{.name = "Label"};
  label.fields = {
      {"id", "ID!",
       [](E& e, const O& o, const F&) {
         e.json().value(make_node_id("LA", o.repository->id, o.repository->id * 1000 + o.index));
       }},
      {"name", "String!", [](E& e, const O& o, const F&) { e.json().value(label_at(o.index).name); }},
      {"color", "String!", [](E& e, const O& o, const F&) { e.json().value(label_at(o.index).colour); }},
      {"description", "String", [](E& e, const O& o, const F&) { e.json().value(label_at(o.index).description); }},
      {"isDefault", "Boolean!", [](E& e, const O& o, const F&) { e.json().value(o.index < 7); }}};
  TypeDef pull_commit{.name = "PullRequestCommit"};
  pull_commit.fields = {
      {"commit", "Commit!", [](E& e, const O& o, const F& f) { e.object(e.commit(*o.repository, o.index), f); }}};
  TypeDef request{.name = "ReviewRequest"};
  request.fields = {{"requestedReviewer", "RequestedReviewer",
                     [](E& e, const O& o, const F& f) { e.object(e.account(o.index), f); }}};
  TypeDef reviewer{
      .name = "RequestedReviewer", .kind = TypeDef::Kind::union_, .possible = {"User", "Bot", "Mannequin"}};
  TypeDef comment{.name = "IssueComment"};
  comment.fields = {{"id", "ID!", nothing}};
  return {pull_type(), issue_type(), review_type(), label, pull_commit, request, reviewer, comment};
}

}  // namespace weir::sim::graphql
