#include <array>

#include <fmt/format.h>

#include "provider-sim/base/dice.hpp"
#include "provider-sim/rest/node_id.hpp"
#include "provider-sim/rest/renderer.hpp"

namespace weir::sim {
namespace {

// The links of a repository, in GitHub's order: key, and what follows the repository's URL.
constexpr std::array<std::pair<std::string_view, std::string_view>, 36> k_links{
    {{"forks_url", "/forks"},
     {"keys_url", "/keys{/key_id}"},
     {"collaborators_url", "/collaborators{/collaborator}"},
     {"teams_url", "/teams"},
     {"hooks_url", "/hooks"},
     {"issue_events_url", "/issues/events{/number}"},
     {"events_url", "/events"},
     {"assignees_url", "/assignees{/user}"},
     {"branches_url", "/branches{/branch}"},
     {"tags_url", "/tags"},
     {"blobs_url", "/git/blobs{/sha}"},
     {"git_tags_url", "/git/tags{/sha}"},
     {"git_refs_url", "/git/refs{/sha}"},
     {"trees_url", "/git/trees{/sha}"},
     {"statuses_url", "/statuses/{sha}"},
     {"languages_url", "/languages"},
     {"stargazers_url", "/stargazers"},
     {"contributors_url", "/contributors"},
     {"subscribers_url", "/subscribers"},
     {"subscription_url", "/subscription"},
     {"commits_url", "/commits{/sha}"},
     {"git_commits_url", "/git/commits{/sha}"},
     {"comments_url", "/comments{/number}"},
     {"issue_comment_url", "/issues/comments{/number}"},
     {"contents_url", "/contents/{+path}"},
     {"compare_url", "/compare/{base}...{head}"},
     {"merges_url", "/merges"},
     {"archive_url", "/{archive_format}{/ref}"},
     {"downloads_url", "/downloads"},
     {"issues_url", "/issues{/number}"},
     {"pulls_url", "/pulls{/number}"},
     {"milestones_url", "/milestones{/number}"},
     {"notifications_url", "/notifications{?since,all,participating}"},
     {"labels_url", "/labels{/name}"},
     {"releases_url", "/releases{/id}"},
     {"deployments_url", "/deployments"}}};

std::int64_t open_tickets(const Repository& repository) {
  std::int64_t open = 0;
  for (const auto& issue : repository.issues) open += issue.is_open ? 1 : 0;
  for (const auto& pull : repository.pulls) open += pull.is_open ? 1 : 0;
  return open;
}

}  // namespace

std::string_view visibility_name(Visibility visibility) {
  switch (visibility) {
    case Visibility::private_: return "private";
    case Visibility::internal: return "internal";
    case Visibility::public_: break;
  }
  return "public";
}

Index fork_owner(const World& world, const Pull& pull) {
  return pull.author == k_none ? world.pick_account(pull.seed) : pull.author;
}

std::int64_t fork_id(const Repository& repository, Index owner) {
  return 700'000'000 + static_cast<std::int64_t>(mix(repository.seed, owner) % 200'000'000);
}

std::string Renderer::repository_url(const Repository& repository) const {
  return origins_.api + "/repos/" + world_.full_name(repository);
}

void Renderer::repository_urls(JsonWriter& json, std::string_view full_name) {
  const std::string url = fmt::format("{}/repos/{}", origins_.api, full_name);
  json.field("url", url);
  for (const auto& [key, tail] : k_links) json.url_field(key, url, tail);
}

void Renderer::repository_fields(JsonWriter& json, const Repository& repository, std::string_view full_name,
                                 Index owner, std::int64_t id, bool is_fork) {
  json.field("id", id)
      .field("node_id", make_node_id("R", id))
      .field("name", repository.name)
      .field("full_name", full_name);
  json.field("private", repository.visibility != Visibility::public_).key("owner");
  account(json, owner);
  json.field("html_url", fmt::format("{}/{}", origins_.html, full_name));
  json.field("description", repository.description()).field("fork", is_fork);
  repository_urls(json, full_name);
  json.field("created_at", repository.created_at).field("updated_at", repository.updated_at);
  json.field("pushed_at", repository.pushed_at);
  json.field("git_url", fmt::format("git://github.com/{}.git", full_name));
  json.field("ssh_url", fmt::format("git@github.com:{}.git", full_name));
  json.field("clone_url", fmt::format("{}/{}.git", origins_.html, full_name));
  json.field("svn_url", fmt::format("{}/{}", origins_.html, full_name));
}

void Renderer::repository_tail(JsonWriter& json, const Repository& repository) {
  const auto open = open_tickets(repository);
  json.field("homepage", nullptr)
      .field("size", repository.commits.size() * 3)
      .field("stargazers_count", repository.stars);
  json.field("watchers_count", repository.stars).key("language");
  if (repository.language.empty())
    json.value(nullptr);
  else
    json.value(repository.language);
  json.field("has_issues", repository.has_issues).field("has_projects", true).field("has_downloads", true);
  json.field("has_wiki", true).field("has_pages", false).field("has_discussions", false);
  json.field("forks_count", repository.stars / 9)
      .field("mirror_url", nullptr)
      .field("archived", repository.is_archived);
  json.field("disabled", repository.is_disabled).field("open_issues_count", open).field("license", nullptr);
  json.field("allow_forking", true).field("is_template", false).field("web_commit_signoff_required", false);
  json.field("has_pull_requests", true).field("pull_request_creation_policy", "all");
  json.key("topics").begin_array().value("weir").value("imports").end_array();
  json.field("visibility", visibility_name(repository.visibility)).field("forks", repository.stars / 9);
  json.field("open_issues", open)
      .field("watchers", repository.stars)
      .field("default_branch", repository.default_branch);
}

void Renderer::repository(JsonWriter& json, const Repository& repository, Detail detail, bool can_push) {
  json.begin_object();
  repository_fields(json, repository, world_.full_name(repository), repository.owner, repository.id,
                    repository.is_fork);
  repository_tail(json, repository);
  json.key("permissions").begin_object().field("admin", can_push).field("maintain", can_push).field("push", can_push);
  json.field("triage", can_push).field("pull", true).end_object();
  if (detail == Detail::full) {
    json.field("temp_clone_token", can_push ? std::optional<std::string>("") : std::nullopt);
    if (can_push) {
      json.field("allow_squash_merge", true).field("allow_merge_commit", true).field("allow_rebase_merge", true);
      json.field("allow_auto_merge", false).field("delete_branch_on_merge", false).field("allow_update_branch", false);
      json.field("use_squash_pr_title_as_default", false).field("squash_merge_commit_message", "COMMIT_MESSAGES");
      json.field("squash_merge_commit_title", "COMMIT_OR_PR_TITLE").field("merge_commit_message", "PR_TITLE");
      json.field("merge_commit_title", "MERGE_MESSAGE");
    }
    json.key("organization");
    account(json, repository.owner);
    if (repository.is_fork) {
      json.key("parent");
      fork_repository(json, repository, world_.ghost());
      json.key("source");
      fork_repository(json, repository, world_.ghost());
    }
    json.field("network_count", repository.stars / 9).field("subscribers_count", 3 + repository.stars / 20);
  }
  json.end_object();
}

void Renderer::plain_repository(JsonWriter& json, const Repository& repository) {
  Fragment& fragment = repositories_[repository.id];
  if (fragment.version != repository.version) {
    fragment.text.clear();
    JsonWriter inner(fragment.text);
    inner.begin_object();
    repository_fields(inner, repository, world_.full_name(repository), repository.owner, repository.id,
                      repository.is_fork);
    repository_tail(inner, repository);
    inner.end_object();
    fragment.version = repository.version;
  }
  json.raw(fragment.text);
}

void Renderer::fork_repository(JsonWriter& json, const Repository& repository, Index owner) {
  const auto full_name = world_.account(owner).login + "/" + repository.name;
  json.begin_object();
  repository_fields(json, repository, full_name, owner, fork_id(repository, owner), true);
  repository_tail(json, repository);
  json.end_object();
}

void Renderer::minimal_repository(JsonWriter& json, const Repository& repository) {
  const auto full_name = world_.full_name(repository);
  json.begin_object().field("id", repository.id).field("node_id", make_node_id("R", repository.id));
  json.field("name", repository.name).field("full_name", full_name);
  json.field("private", repository.visibility != Visibility::public_).key("owner");
  account(json, repository.owner);
  json.field("html_url", origins_.html + "/" + full_name).field("description", repository.description());
  json.field("fork", repository.is_fork);
  repository_urls(json, full_name);
  json.end_object();
}

}  // namespace weir::sim
