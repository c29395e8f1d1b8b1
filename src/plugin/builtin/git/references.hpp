// The branches and tags of a repository at one moment.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "plugin/builtin/git/object_store.hpp"
#include "plugin/builtin/git/raw_object.hpp"

namespace weir::plugin::git {

struct Branch {
  std::string name;  // without refs/heads/
  ObjectId head;
};

struct Tag {
  std::string name;  // without refs/tags/
  ObjectId id;       // what the reference names: a tag object, or a commit
};

struct References {
  std::vector<Branch> branches;               // by name
  std::vector<Tag> tags;                      // by name
  std::optional<std::string> default_branch;  // what HEAD names, whether it has commits yet or not
  std::optional<ObjectId> detached_head;      // HEAD names a commit instead of a branch
  std::vector<std::string>
      unreadable;  // whole names that libgit2 refuses (over 1023 bytes); what they lead to is not seen
};

// `git_directory`: of a bare repository, or the .git of another. Works with references only; no file of the working
// tree is looked at. Errors: not_found when there is no repository, provider_failed when it is damaged or of a kind
// that libgit2 cannot read (SHA-256).
Result<References> read_references(const std::filesystem::path& git_directory);

// Whether libgit2 can read a reference of this name.
bool is_readable_reference(const std::string& name);

// The commits to walk from: the default branch first, then the branches, HEAD where it names a commit, and what the
// tags point to (a release whose branch was deleted is history too); each once. Tags of trees and blobs lead to no
// commit.
Result<std::vector<ObjectId>> walk_heads(const References& references, ObjectStore& store);

struct Release {
  std::string tag;
  ObjectId id;
  std::optional<ObjectId> commit;  // none when the tag is of a tree or a blob
  // Of an annotated tag.
  std::optional<Signature> tagger;
  std::optional<std::string> message;
  // When it was tagged, or committed when the tag is only a name for a commit.
  std::optional<Instant> published_at;
};

Result<Release> read_release(const Tag& tag, ObjectStore& store);

}  // namespace weir::plugin::git
