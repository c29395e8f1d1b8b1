// Reads objects of one repository. One store belongs to one thread at a time; open one for each.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string_view>

#include <git2.h>

#include "plugin/builtin/git/libgit2.hpp"
#include "plugin/builtin/git/object_id.hpp"

namespace weir::plugin::git {

enum class ObjectKind { commit, tree, blob, tag };

// The bytes of one object; they live as long as this does.
class Object {
 public:
  explicit Object(git_odb_object* object) : object_(object) {}
  std::string_view bytes() const {
    return {static_cast<const char*>(git_odb_object_data(object_.get())), git_odb_object_size(object_.get())};
  }
  bool is(ObjectKind kind) const;
  Object share() const;  // the same bytes; both belong to the same thread

 private:
  Handle<git_odb_object, git_odb_object_free> object_;
};

// Errors of reading: not_found when the repository lacks the object, provider_failed when it is damaged or of another
// kind.
class ObjectStore {
 public:
  // `objects`: the directory "objects" of a repository. Nothing else of the repository is looked at.
  static Result<ObjectStore> open(const std::filesystem::path& objects);

  bool contains(const ObjectId& id);
  Result<Object> read(const ObjectId& id, ObjectKind kind);
  // Any kind; for what a tag points to.
  Result<Object> read(const ObjectId& id);
  // Without unpacking the object.
  Result<std::uint64_t> size_of(const ObjectId& id);

  using Blob = Handle<git_blob, git_blob_free>;
  Result<Blob> read_blob(const ObjectId& id);

 private:
  ObjectStore() = default;
  Handle<git_odb, git_odb_free> odb_;
  Handle<git_repository, git_repository_free> repository_;  // only a frame around odb_: no paths, no configuration
};

}  // namespace weir::plugin::git
