#include "plugin/builtin/git/references.hpp"

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>
#include <git2.h>

namespace weir::plugin::git {
namespace {

constexpr std::string_view k_branches = "refs/heads/";
constexpr std::string_view k_tags = "refs/tags/";
constexpr int k_tag_depth_max = 16;             // a tag may name a tag
constexpr std::size_t k_name_bytes_max = 1023;  // libgit2 looks names up in a buffer of 1024

using Repository = Handle<git_repository, git_repository_free>;
using Reference = Handle<git_reference, git_reference_free>;

Result<Repository> open(const std::filesystem::path& git_directory) {
  start_libgit2();
  git_repository* repository = nullptr;
  const int code = git_repository_open_ext(
      &repository, git_directory.c_str(),
      GIT_REPOSITORY_OPEN_NO_SEARCH | GIT_REPOSITORY_OPEN_BARE | GIT_REPOSITORY_OPEN_NO_DOTGIT, nullptr);
  if (code == GIT_ENOTFOUND)
    return fail(ErrorCode::not_found, fmt::format("{} is no git repository", git_directory.string()));
  if (code < 0)
    return libgit2_failure(ErrorCode::provider_failed,
                           fmt::format("the repository {} cannot be opened", git_directory.string()));
  return Repository(repository);
}

// The object a reference names, symbolic ones followed; nullopt when it leads nowhere.
Result<std::optional<ObjectId>> resolve(git_repository* repository, const char* name) {
  git_oid id;
  const int code = git_reference_name_to_id(&id, repository, name);
  if (code == 0) return ObjectId::from(id);
  if (code == GIT_ENOTFOUND) return std::nullopt;
  return libgit2_failure(ErrorCode::provider_failed, fmt::format("the reference {} cannot be read", name));
}

Result<> read_head(git_repository* repository, References& references) {
  git_reference* raw = nullptr;
  const int code = git_reference_lookup(&raw, repository, "HEAD");
  if (code == GIT_ENOTFOUND) return {};
  if (code < 0) return libgit2_failure(ErrorCode::provider_failed, "HEAD cannot be read");
  const Reference head(raw);
  if (git_reference_type(raw) == GIT_REFERENCE_DIRECT) {
    references.detached_head = ObjectId::from(*git_reference_target(raw));
    return {};
  }
  const std::string_view target = git_reference_symbolic_target(raw);
  if (target.starts_with(k_branches)) references.default_branch = target.substr(k_branches.size());
  return {};
}

// The commit behind an object: tags are followed.
Result<std::optional<ObjectId>> peel_to_commit(ObjectId id, ObjectStore& store) {
  for (int depth = 0; depth < k_tag_depth_max; ++depth) {
    const auto object = store.read(id);
    if (!object) return std::unexpected(object.error());
    if (object->is(ObjectKind::commit)) return id;
    if (!object->is(ObjectKind::tag)) return std::nullopt;
    const auto tag = parse_tag(object->bytes());
    if (!tag) return fail(ErrorCode::provider_failed, fmt::format("tag {} is damaged", id.to_string()));
    id = tag->target;
  }
  return std::nullopt;
}

}  // namespace

bool is_readable_reference(const std::string& name) {
  int is_valid = 0;
  return name.size() <= k_name_bytes_max && git_reference_name_is_valid(&is_valid, name.c_str()) == 0 && is_valid == 1;
}

Result<References> read_references(const std::filesystem::path& git_directory) {
  auto repository = open(git_directory);
  if (!repository) return std::unexpected(repository.error());
  References references;
  if (auto done = read_head(repository->get(), references); !done) return std::unexpected(done.error());
  git_reference_iterator* raw = nullptr;
  if (git_reference_iterator_new(&raw, repository->get()) < 0)
    return libgit2_failure(ErrorCode::provider_failed, "the references cannot be listed");
  const Handle<git_reference_iterator, git_reference_iterator_free> iterator(raw);
  for (;;) {
    const char* name = nullptr;
    const int code = git_reference_next_name(&name, raw);
    if (code == GIT_ITEROVER) break;
    if (code < 0) return libgit2_failure(ErrorCode::provider_failed, "the references cannot be listed");
    const std::string_view full = name;
    const bool is_branch = full.starts_with(k_branches);
    if (!is_branch && !full.starts_with(k_tags)) continue;
    if (!is_readable_reference(name)) {
      references.unreadable.emplace_back(full);
      continue;
    }
    const auto id = resolve(repository->get(), name);
    if (!id) return std::unexpected(id.error());
    if (!*id) continue;
    if (is_branch) {
      references.branches.push_back({std::string(full.substr(k_branches.size())), **id});
    } else {
      references.tags.push_back({std::string(full.substr(k_tags.size())), **id});
    }
  }
  std::ranges::sort(references.branches, {}, &Branch::name);
  std::ranges::sort(references.tags, {}, &Tag::name);
  return references;
}

Result<std::vector<ObjectId>> walk_heads(const References& references, ObjectStore& store) {
  std::vector<ObjectId> named;
  for (const auto& branch : references.branches)
    if (branch.name == references.default_branch) named.push_back(branch.head);
  for (const auto& branch : references.branches) named.push_back(branch.head);
  if (references.detached_head) named.push_back(*references.detached_head);
  for (const auto& tag : references.tags) named.push_back(tag.id);
  std::vector<ObjectId> heads;
  std::unordered_set<ObjectId> seen;
  for (const auto& id : named) {
    if (!seen.insert(id).second) continue;
    const auto commit = peel_to_commit(id, store);
    if (!commit) return std::unexpected(commit.error());
    if (*commit && (**commit == id || seen.insert(**commit).second)) heads.push_back(**commit);
  }
  return heads;
}

Result<Release> read_release(const Tag& tag, ObjectStore& store) {
  Release release;
  release.tag = tag.name;
  release.id = tag.id;
  const auto object = store.read(tag.id);
  if (!object) return std::unexpected(object.error());
  if (object->is(ObjectKind::tag)) {
    if (const auto annotated = parse_tag(object->bytes())) {
      release.tagger = annotated->tagger;
      release.message = annotated->message;
      if (annotated->tagger) release.published_at = annotated->tagger->at;
    }
  }
  auto commit = peel_to_commit(tag.id, store);
  if (!commit) return std::unexpected(commit.error());
  release.commit = *commit;
  if (release.commit && !release.published_at) {
    const auto commit_object = store.read(*release.commit, ObjectKind::commit);
    if (!commit_object) return std::unexpected(commit_object.error());
    if (const auto parsed = parse_commit(commit_object->bytes())) release.published_at = parsed->committer.at;
  }
  return release;
}

}  // namespace weir::plugin::git
