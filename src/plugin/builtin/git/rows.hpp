// Objects of git as rows of the neutral resources.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "load/batch.hpp"
#include "plugin/builtin/git/commit_reader.hpp"
#include "plugin/builtin/git/references.hpp"
#include "plugin/builtin/git/repository_url.hpp"

namespace weir::plugin::git {

// "email:<lower case>", for people without one "name:<lower case>"; nullopt for nobody.
std::optional<std::string> contributor_key(const Signature& person);

// The columns of a batch's resource by their place; throws Failure(declaration_invalid) where the resource lacks one.
class CommitRows {
 public:
  explicit CommitRows(const load::Resource& resource);
  void add(load::Batch& batch, std::string_view repo_key, const Commit& commit) const;

 private:
  struct PersonColumns {
    std::size_t key, name, email, at;
  };
  static PersonColumns person(const load::Resource& resource, const std::string& role, const std::string& at);
  static void add_person(load::RowWriter& row, const PersonColumns& columns, const Signature& person);

  std::size_t repo_key_, sha_, message_, author_tz_min_, additions_, deletions_, files_changed_, parent_count_;
  PersonColumns author_, committer_;
};

void add_parents(load::Batch& batch, std::string_view repo_key, const Commit& commit);
void add_repository(load::Batch& batch, const RepositoryUrl& url, const References& references);
void add_branch(load::Batch& batch, std::string_view repo_key, const Branch& branch, bool is_default);
void add_release(load::Batch& batch, std::string_view repo_key, const Release& release);
void add_contributor(load::Batch& batch, std::string_view key, const Signature& person);

}  // namespace weir::plugin::git
