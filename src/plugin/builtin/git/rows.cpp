#include "plugin/builtin/git/rows.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace weir::plugin::git {
namespace {

std::size_t column(const load::Resource& resource, std::string_view name) {
  if (const auto found = resource.find(name)) return *found;
  throw Failure({ErrorCode::declaration_invalid,
                 fmt::format("the resource {} has no column {}, which git fills", resource.name, name)});
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (auto& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

// By the columns' names, for rows that are few.
class NamedRow {
 public:
  explicit NamedRow(load::Batch& batch) : resource_(batch.resource()), row_(batch.add_row()) {}
  NamedRow& text(std::string_view name, std::string_view value) {
    row_.text(column(resource_, name), value);
    return *this;
  }
  NamedRow& boolean(std::string_view name, bool value) {
    row_.boolean(column(resource_, name), value);
    return *this;
  }
  NamedRow& integer(std::string_view name, std::int64_t value) {
    row_.integer(column(resource_, name), value);
    return *this;
  }
  NamedRow& instant(std::string_view name, std::optional<Instant> value) {
    if (value) row_.instant(column(resource_, name), *value);
    return *this;
  }
  void done() { row_.done(); }

 private:
  const load::Resource& resource_;
  load::RowWriter row_;
};

}  // namespace

std::optional<std::string> contributor_key(const Signature& person) {
  if (!person.email.empty()) return "email:" + lower(person.email);
  if (!person.name.empty()) return "name:" + lower(person.name);
  return std::nullopt;
}

CommitRows::CommitRows(const load::Resource& resource)
    : repo_key_(column(resource, "repo_key")),
      sha_(column(resource, "sha")),
      message_(column(resource, "message")),
      author_tz_min_(column(resource, "author_tz_min")),
      additions_(column(resource, "additions")),
      deletions_(column(resource, "deletions")),
      files_changed_(column(resource, "files_changed")),
      parent_count_(column(resource, "parent_count")),
      author_(person(resource, "author", "authored_at")),
      committer_(person(resource, "committer", "committed_at")) {}

CommitRows::PersonColumns CommitRows::person(const load::Resource& resource, const std::string& role,
                                             const std::string& at) {
  return {column(resource, role + "_key"), column(resource, role + "_name"), column(resource, role + "_email"),
          column(resource, at)};
}

void CommitRows::add_person(load::RowWriter& row, const PersonColumns& columns, const Signature& person) {
  if (const auto key = contributor_key(person)) row.text(columns.key, *key);
  row.text(columns.name, person.name).text(columns.email, person.email);
  if (person.at) row.instant(columns.at, *person.at);
}

void CommitRows::add(load::Batch& batch, std::string_view repo_key, const Commit& commit) const {
  auto row = batch.add_row();
  row.text(repo_key_, repo_key).text(sha_, commit.id.to_string()).text(message_, commit.content.message);
  add_person(row, author_, commit.content.author);
  add_person(row, committer_, commit.content.committer);
  if (const auto zone = commit.content.author.tz_min) row.integer(author_tz_min_, *zone);
  if (const auto count = commit.stats.additions) row.integer(additions_, *count);
  if (const auto count = commit.stats.deletions) row.integer(deletions_, *count);
  if (const auto count = commit.stats.files_changed) row.integer(files_changed_, *count);
  row.integer(parent_count_, static_cast<std::int64_t>(commit.content.parents.size()));
  row.done();
}

void add_parents(load::Batch& batch, std::string_view repo_key, const Commit& commit) {
  std::int64_t ord = 0;
  for (const auto& parent : commit.content.parents)
    NamedRow(batch)
        .text("repo_key", repo_key)
        .text("sha", commit.id.to_string())
        .text("parent_sha", parent.to_string())
        .integer("ord", ord++)
        .done();
}

void add_repository(load::Batch& batch, const RepositoryUrl& url, const References& references) {
  NamedRow row(batch);
  row.text("repo_key", url.repo_key).text("full_name", url.full_name).text("name", url.name);
  const bool has_default =
      std::ranges::find(references.branches, references.default_branch, &Branch::name) != references.branches.end();
  if (has_default) row.text("default_branch", *references.default_branch);
  row.boolean("empty", references.branches.empty() && references.tags.empty() && !references.detached_head);
  if (url.kind == RepositoryUrl::Kind::http) {
    std::string_view page = url.url;
    if (page.ends_with(".git")) page.remove_suffix(4);
    row.text("url", page);
  }
  row.done();
}

void add_branch(load::Batch& batch, std::string_view repo_key, const Branch& branch, bool is_default) {
  NamedRow(batch)
      .text("repo_key", repo_key)
      .text("name", branch.name)
      .text("head_sha", branch.head.to_string())
      .boolean("is_default", is_default)
      .done();
}

// An annotated tag's first line is the release's name, the rest its notes; a plain tag has but its name.
void add_release(load::Batch& batch, std::string_view repo_key, const Release& release) {
  const std::string_view message = release.message ? std::string_view(*release.message) : std::string_view();
  const auto title = message.substr(0, message.find('\n'));
  auto notes = message.substr(title.size());
  notes.remove_prefix(std::min(notes.find_first_not_of('\n'), notes.size()));
  NamedRow row(batch);
  row.text("repo_key", repo_key).text("release_key", release.tag).text("tag", release.tag);
  row.text("name", title.empty() ? std::string_view(release.tag) : title);
  if (!notes.empty()) row.text("body", notes);
  if (release.tagger)
    if (const auto key = contributor_key(*release.tagger)) row.text("author_key", *key);
  if (release.commit) row.text("commit_sha", release.commit->to_string());
  row.boolean("draft", false).instant("published_at", release.published_at).done();
}

void add_contributor(load::Batch& batch, std::string_view key, const Signature& person) {
  NamedRow row(batch);
  row.text("contributor_key", key).text("kind", "git").text("display_name", person.name);
  if (!person.email.empty()) row.text("email", person.email);
  row.done();
}

}  // namespace weir::plugin::git
