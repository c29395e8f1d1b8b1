// Issues, pull requests, reviews.
#include <array>

#include <fmt/format.h>

#include "provider-sim/base/words.hpp"
#include "provider-sim/rest/node_id.hpp"
#include "provider-sim/rest/renderer.hpp"

namespace weir::sim {

std::string_view state_name(ReviewState state) {
  switch (state) {
    case ReviewState::approved: return "APPROVED";
    case ReviewState::changes_requested: return "CHANGES_REQUESTED";
    case ReviewState::commented: return "COMMENTED";
    case ReviewState::dismissed: return "DISMISSED";
    case ReviewState::pending: break;
  }
  return "PENDING";
}

std::string_view reason_name(StateReason reason) {
  switch (reason) {
    case StateReason::completed: return "completed";
    case StateReason::reopened: return "reopened";
    case StateReason::not_planned: return "not_planned";
    case StateReason::duplicate: return "duplicate";
    case StateReason::none: break;
  }
  return {};
}

namespace {

std::string_view association(const World& world, Index author) {
  if (author == k_none || author == world.ghost()) return "NONE";
  return author % 3 == 0 ? "CONTRIBUTOR" : "MEMBER";
}

void reactions(JsonWriter& json, std::string_view self) {
  json.key("reactions").begin_object().url_field("url", self, "/reactions").field("total_count", 0);
  for (const std::string_view kind : {"+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes"})
    json.field(kind, 0);
  json.end_object();
}

void link(JsonWriter& json, std::string_view key, std::string_view base, std::string_view tail) {
  json.key(key).begin_object().url_field("href", base, tail).end_object();
}

}  // namespace

void Renderer::labels(JsonWriter& json, const Repository& repository, const Ticket& ticket) {
  json.key("labels").begin_array();
  for (const auto index : ticket.labels) {
    const Label& label = label_at(index);
    const auto id = repository.id * 1000 + index;
    json.begin_object().field("id", id).field("node_id", make_node_id("LA", repository.id, id));
    std::string escaped;
    for (const char c : label.name) escaped += c == ' ' ? "%20" : std::string(1, c);
    json.field("url", fmt::format("{}/labels/{}", repository_url(repository), escaped)).field("name", label.name);
    json.field("color", label.colour).field("default", index < 7).key("description");
    if (label.description.empty())
      json.value(nullptr);
    else
      json.value(label.description);
    json.end_object();
  }
  json.end_array();
}

void Renderer::accounts(JsonWriter& json, std::string_view key, const std::vector<Index>& list) {
  json.key(key).begin_array();
  for (const Index index : list) account(json, index);
  json.end_array();
}

void Renderer::milestone(JsonWriter& json, const Repository& repository, const Ticket& ticket) {
  json.key("milestone");
  if (!ticket.has_milestone) {
    json.value(nullptr);
    return;
  }
  const std::string url = repository_url(repository) + "/milestones/1";
  const auto id = repository.id + 7'000'000'000;
  json.begin_object().field("url", url);
  json.field("html_url", fmt::format("{}/{}/milestone/1", origins_.html, world_.full_name(repository)));
  json.url_field("labels_url", url, "/labels").field("id", id).field("node_id", make_node_id("MI", repository.id, id));
  json.field("number", 1).field("title", "Next").field("description", "").key("creator");
  account(json, world_.pick_account(repository.seed));
  json.field("open_issues", 4)
      .field("closed_issues", 8)
      .field("state", "open")
      .field("created_at", repository.created_at);
  json.field("updated_at", repository.created_at).field("due_on", nullptr).field("closed_at", nullptr).end_object();
}

// What stands in the body of an issue and of a pull request seen as an issue, up to the milestone.
void Renderer::ticket_fields(JsonWriter& json, const Repository& repository, const Ticket& ticket,
                             std::string_view self) {
  json.field("number", ticket.number).field("title", ticket.title()).key("user");
  account(json, ticket.author);
  labels(json, repository, ticket);
  json.field("state", ticket.is_open ? "open" : "closed").field("locked", ticket.is_locked).key("assignee");
  account(json, ticket.assignees.empty() ? k_none : ticket.assignees.front());
  accounts(json, "assignees", ticket.assignees);
  milestone(json, repository, ticket);
  json.field("comments", ticket.comments).field("created_at", ticket.created_at).field("updated_at", ticket.updated_at);
  json.field("closed_at", ticket.closed_at).field("author_association", association(world_, ticket.author));
  json.field("active_lock_reason", ticket.is_locked ? std::optional<std::string>("resolved") : std::nullopt);
  json.field("body", ticket.body());
  reactions(json, self);
}

void Renderer::ticket_close(JsonWriter& json, const Repository&, const Ticket& ticket) {
  json.key("closed_by");
  account(json, ticket.closed_by);
  json.field("performed_via_github_app", nullptr);
}

void Renderer::issue(JsonWriter& json, const Repository& repository, const Issue& issue) {
  const std::string base = repository_url(repository);
  const std::string self = fmt::format("{}/issues/{}", base, issue.number);
  json.begin_object().field("url", self).field("repository_url", base).url_field("labels_url", self, "/labels{/name}");
  json.url_field("comments_url", self, "/comments").url_field("events_url", self, "/events");
  json.field("html_url", fmt::format("{}/{}/issues/{}", origins_.html, world_.full_name(repository), issue.number));
  json.field("id", issue.issue_id).field("node_id", make_node_id("I", repository.id, issue.issue_id));
  ticket_fields(json, repository, issue, self);
  ticket_close(json, repository, issue);
  json.field("type", nullptr).url_field("timeline_url", self, "/timeline").key("state_reason");
  if (issue.reason == StateReason::none)
    json.value(nullptr);
  else
    json.value(reason_name(issue.reason));
  json.key("sub_issues_summary").begin_object().field("total", 0).field("completed", 0).field("percent_completed", 0);
  json.end_object().end_object();
}

void Renderer::pull_as_issue(JsonWriter& json, const Repository& repository, const Pull& pull) {
  const std::string base = repository_url(repository);
  const std::string self = fmt::format("{}/issues/{}", base, pull.number);
  const std::string html = fmt::format("{}/{}/pull/{}", origins_.html, world_.full_name(repository), pull.number);
  json.begin_object().field("url", self).field("repository_url", base).url_field("labels_url", self, "/labels{/name}");
  json.url_field("comments_url", self, "/comments").url_field("events_url", self, "/events").field("html_url", html);
  json.field("id", pull.issue_id).field("node_id", make_node_id("PR", repository.id, pull.id));
  ticket_fields(json, repository, pull, self);
  ticket_close(json, repository, pull);
  json.field("draft", pull.is_draft).key("pull_request").begin_object();
  json.field("url", fmt::format("{}/pulls/{}", base, pull.number)).field("html_url", html);
  json.url_field("diff_url", html, ".diff").url_field("patch_url", html, ".patch").field("merged_at", pull.merged_at);
  json.end_object().url_field("timeline_url", self, "/timeline").field("state_reason", nullptr).end_object();
}

void Renderer::pull_side(JsonWriter& json, const Repository& repository, const Pull& pull, bool is_head) {
  const bool is_fork = is_head && pull.head_repository == HeadRepository::fork;
  const bool is_gone = is_head && pull.head_repository == HeadRepository::gone;
  const Index owner = is_fork || is_gone ? fork_owner(world_, pull) : repository.owner;
  const std::string& ref = is_head ? pull.head_ref : pull.base_ref;
  const Index commit = is_head ? pull.head : pull.base;
  json.begin_object().field("label", world_.account(owner).login + ":" + ref).field("ref", ref);
  json.field("sha", repository.commits[commit].sha.hex()).key("user");
  account(json, is_gone && pull.author == k_none ? k_none : owner);
  json.key("repo");
  if (is_gone)
    json.value(nullptr);
  else if (is_fork)
    fork_repository(json, repository, owner);
  else
    plain_repository(json, repository);
  json.end_object();
}

void Renderer::pull(JsonWriter& json, const Repository& repository, const Pull& pull, Detail detail) {
  const std::string base = repository_url(repository);
  const std::string self = fmt::format("{}/pulls/{}", base, pull.number);
  const std::string issue = fmt::format("{}/issues/{}", base, pull.number);
  const std::string html = fmt::format("{}/{}/pull/{}", origins_.html, world_.full_name(repository), pull.number);
  const std::string statuses = base + "/statuses/" + repository.commits[pull.head].sha.hex();
  json.begin_object()
      .field("url", self)
      .field("id", pull.id)
      .field("node_id", make_node_id("PR", repository.id, pull.id));
  json.field("html_url", html).url_field("diff_url", html, ".diff").url_field("patch_url", html, ".patch");
  json.field("issue_url", issue).field("number", pull.number).field("state", pull.is_open ? "open" : "closed");
  json.field("locked", pull.is_locked).field("title", pull.title()).key("user");
  account(json, pull.author);
  json.field("body", pull.body()).field("created_at", pull.created_at).field("updated_at", pull.updated_at);
  json.field("closed_at", pull.closed_at).field("merged_at", pull.merged_at).key("merge_commit_sha");
  if (pull.merge_sha)
    json.value(pull.merge_sha->hex());
  else
    json.value(nullptr);
  json.key("assignee");
  account(json, pull.assignees.empty() ? k_none : pull.assignees.front());
  accounts(json, "assignees", pull.assignees);
  accounts(json, "requested_reviewers", pull.requested_reviewers);
  json.key("requested_teams").begin_array().end_array();
  labels(json, repository, pull);
  milestone(json, repository, pull);
  json.field("draft", pull.is_draft).url_field("commits_url", self, "/commits");
  json.url_field("review_comments_url", self, "/comments")
      .url_field("review_comment_url", base, "/pulls/comments{/number}");
  json.url_field("comments_url", issue, "/comments").field("statuses_url", statuses).key("head");
  pull_side(json, repository, pull, true);
  json.key("base");
  pull_side(json, repository, pull, false);
  json.key("_links").begin_object();
  link(json, "self", self, "");
  link(json, "html", html, "");
  link(json, "issue", issue, "");
  link(json, "comments", issue, "/comments");
  link(json, "review_comments", self, "/comments");
  link(json, "review_comment", base, "/pulls/comments{/number}");
  link(json, "commits", self, "/commits");
  link(json, "statuses", statuses, "");
  json.end_object().field("author_association", association(world_, pull.author)).field("auto_merge", nullptr);
  json.field("active_lock_reason", pull.is_locked ? std::optional<std::string>("resolved") : std::nullopt);
  if (detail == Detail::full) pull_detail(json, repository, pull);
  json.end_object();
}

void Renderer::pull_detail(JsonWriter& json, const Repository&, const Pull& pull) {
  json.field("merged", pull.merged_at.has_value());
  json.field("mergeable", pull.is_open ? std::optional<bool>(true) : std::nullopt);
  json.field("rebaseable", pull.is_open ? std::optional<bool>(true) : std::nullopt);
  json.field("mergeable_state", pull.is_open ? "clean" : "unknown").key("merged_by");
  account(json, pull.merged_by);
  json.field("comments", pull.comments).field("review_comments", pull.review_comments);
  json.field("maintainer_can_modify", false).field("commits", pull.commits).field("additions", pull.additions);
  json.field("deletions", pull.deletions).field("changed_files", pull.changed_files);
}

void Renderer::review(JsonWriter& json, const Repository& repository, const Pull& pull, const Review& review) {
  const std::string self = fmt::format("{}/pulls/{}", repository_url(repository), pull.number);
  const std::string html = fmt::format("{}/{}/pull/{}#pullrequestreview-{}", origins_.html,
                                       world_.full_name(repository), pull.number, review.id);
  json.begin_object()
      .field("id", review.id)
      .field("node_id", make_node_id("PRR", repository.id, review.id))
      .key("user");
  account(json, review.author);
  json.field("body", review.state == ReviewState::approved ? "" : make_paragraphs(review.seed, 1));
  json.field("state", state_name(review.state)).field("html_url", html).field("pull_request_url", self);
  json.field("author_association", association(world_, review.author)).key("_links").begin_object();
  link(json, "html", html, "");
  link(json, "pull_request", self, "");
  json.end_object();
  if (review.submitted_at) json.field("submitted_at", *review.submitted_at);
  json.field("commit_id", repository.commits[review.commit].sha.hex()).end_object();
}

}  // namespace weir::sim
