// Commits, branches, releases.
#include <algorithm>

#include <fmt/format.h>

#include "provider-sim/base/dice.hpp"
#include "provider-sim/base/words.hpp"
#include "provider-sim/rest/node_id.hpp"
#include "provider-sim/rest/renderer.hpp"

namespace weir::sim {
namespace {

constexpr std::int32_t k_files_per_page = 300;

// As long as a real one, so that bodies have their real size.
std::string signature(std::uint64_t seed) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  Dice dice(seed);
  std::string text = "-----BEGIN PGP SIGNATURE-----\n\n";
  for (int line = 0; line < 12; ++line) {
    std::uint64_t bits = 0;
    for (int i = 0; i < 64; ++i, bits >>= 6) {
      if (i % 10 == 0) bits = dice.next();
      text += digits[bits & 63];
    }
    text += '\n';
  }
  return text + "=x1Yz\n-----END PGP SIGNATURE-----\n";
}

std::string tree_sha(const Commit& commit) { return Sha::derive(mix(commit.seed, 71)).hex(); }

std::string payload(const Repository& repository, const Commit& commit, const World& world) {
  std::string text = fmt::format("tree {}\n", tree_sha(commit));
  for (const Index parent : commit.parents)
    if (parent != k_none) text += fmt::format("parent {}\n", repository.commits[parent].sha.hex());
  const auto line = [&](std::string_view role, Index person, Time at) {
    const auto& who = world.person(person);
    return fmt::format("{} {} <{}> {} +0000\n", role, who.name, who.email, at.time_since_epoch().count());
  };
  text += line("author", commit.author, commit.authored_at) + line("committer", commit.committer, commit.committed_at);
  return text + "\n" + make_commit_message(commit.seed);
}

}  // namespace

void Renderer::git_person(JsonWriter& json, std::string_view key, Index person, Time date) {
  const GitPerson& who = world_.person(person);
  json.key(key).begin_object().field("name", who.name).field("email", who.email).field("date", date).end_object();
}

void Renderer::commit(JsonWriter& json, const Repository& repository, const Commit& commit, Detail detail) {
  const std::string sha = commit.sha.hex();
  const std::string base = repository_url(repository);
  const std::string url = base + "/commits/" + sha;
  const std::string tree = tree_sha(commit);
  json.begin_object().field("sha", sha).field("node_id", make_commit_node_id(repository.id, sha));
  json.key("commit").begin_object();
  git_person(json, "author", commit.author, commit.authored_at);
  git_person(json, "committer", commit.committer, commit.committed_at);
  json.field("message", make_commit_message(commit.seed)).key("tree").begin_object().field("sha", tree);
  json.url_field("url", base + "/git/trees/", tree).end_object().url_field("url", base + "/git/commits/", sha);
  json.field("comment_count", 0).key("verification").begin_object().field("verified", commit.is_verified);
  if (commit.is_verified) {
    json.field("reason", "valid").field("signature", signature(commit.seed));
    json.field("payload", payload(repository, commit, world_)).field("verified_at", commit.committed_at);
  } else {
    json.field("reason", "unsigned")
        .field("signature", nullptr)
        .field("payload", nullptr)
        .field("verified_at", nullptr);
  }
  json.end_object().end_object().field("url", url);
  const std::string html = origins_.html + "/" + world_.full_name(repository) + "/commit/";
  json.url_field("html_url", html, sha).url_field("comments_url", url, "/comments");
  json.key("author");
  account(json, world_.person(commit.author).account);
  json.key("committer");
  account(json, world_.person(commit.committer).account);
  json.key("parents").begin_array();
  for (const Index parent : commit.parents) {
    if (parent == k_none) continue;
    const std::string parent_sha = repository.commits[parent].sha.hex();
    json.begin_object().field("sha", parent_sha).url_field("url", base + "/commits/", parent_sha);
    json.url_field("html_url", html, parent_sha).end_object();
  }
  json.end_array();
  if (detail == Detail::full) commit_files(json, repository, commit);
  json.end_object();
}

void Renderer::commit_files(JsonWriter& json, const Repository& repository, const Commit& commit) {
  json.key("stats").begin_object().field("total", commit.additions + commit.deletions);
  json.field("additions", commit.additions).field("deletions", commit.deletions).end_object();
  json.key("files").begin_array();
  const auto count = std::min(commit.changed_files, k_files_per_page);
  for (std::int32_t i = 0; i < count; ++i) {
    const auto share = [&](std::int32_t total) { return i == 0 ? total - total / count * (count - 1) : total / count; };
    const auto seed = mix(commit.seed, static_cast<std::uint64_t>(i), 72);
    const std::string path = make_path(seed);
    const std::string blob = Sha::derive(seed).hex();
    const auto html = fmt::format("{}/{}", origins_.html, world_.full_name(repository));
    json.begin_object().field("sha", blob).field("filename", path).field("status", i % 5 == 4 ? "added" : "modified");
    json.field("additions", share(commit.additions)).field("deletions", share(commit.deletions));
    json.field("changes", share(commit.additions) + share(commit.deletions));
    json.field("blob_url", fmt::format("{}/blob/{}/{}", html, commit.sha.hex(), path));
    json.field("raw_url", fmt::format("{}/raw/{}/{}", html, commit.sha.hex(), path));
    json.field("contents_url",
               fmt::format("{}/contents/{}?ref={}", repository_url(repository), path, commit.sha.hex()));
    json.field("patch", "@@ -1,3 +1,4 @@\n context\n+" + make_title(seed)).end_object();
  }
  json.end_array();
}

void Renderer::branch(JsonWriter& json, const Repository& repository, const Branch& branch, Detail detail) {
  const Commit& head = repository.commits[branch.head];
  const std::string url = repository_url(repository);
  json.begin_object().field("name", branch.name).key("commit");
  if (detail == Detail::full) {
    commit(json, repository, head, Detail::list);
    json.key("_links").begin_object().field("self", fmt::format("{}/branches/{}", url, branch.name));
    json.field("html", fmt::format("{}/{}/tree/{}", origins_.html, world_.full_name(repository), branch.name))
        .end_object();
  } else {
    const std::string sha = head.sha.hex();
    json.begin_object().field("sha", sha).url_field("url", url + "/commits/", sha).end_object();
  }
  json.field("protected", branch.is_protected);
  if (branch.is_protected || detail == Detail::full) {
    json.key("protection")
        .begin_object()
        .field("enabled", branch.is_protected)
        .key("required_status_checks")
        .begin_object();
    json.field("enforcement_level", branch.is_protected ? "non_admins" : "off")
        .key("contexts")
        .begin_array()
        .end_array();
    json.key("checks").begin_array().end_array().end_object().end_object();
    json.field("protection_url", fmt::format("{}/branches/{}/protection", url, branch.name));
  }
  json.end_object();
}

void Renderer::release(JsonWriter& json, const Repository& repository, const Release& release) {
  const std::string url = fmt::format("{}/releases/{}", repository_url(repository), release.id);
  const auto html = fmt::format("{}/{}/releases/tag/{}", origins_.html, world_.full_name(repository), release.tag);
  json.begin_object().field("url", url).url_field("assets_url", url, "/assets");
  json.field("upload_url", fmt::format("https://uploads.github.com/repos/{}/releases/{}/assets{{?name,label}}",
                                       world_.full_name(repository), release.id));
  json.field("html_url", html).field("id", release.id).key("author");
  account(json, release.author);
  json.field("node_id", make_node_id("RE", repository.id, release.id)).field("tag_name", release.tag);
  json.field("target_commitish", repository.default_branch)
      .field("name", release.name)
      .field("draft", release.is_draft);
  json.field("immutable", false).field("prerelease", release.is_prerelease).field("created_at", release.created_at);
  json.field("updated_at", release.updated_at).field("published_at", release.published_at);
  json.key("assets").begin_array().end_array();
  json.field("tarball_url", fmt::format("{}/tarball/{}", repository_url(repository), release.tag));
  json.field("zipball_url", fmt::format("{}/zipball/{}", repository_url(repository), release.tag));
  json.field("body", make_paragraphs(release.seed, 2)).end_object();
}

}  // namespace weir::sim
