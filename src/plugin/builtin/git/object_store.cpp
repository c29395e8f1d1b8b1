#include "plugin/builtin/git/object_store.hpp"

#include <fmt/format.h>
#include <git2/sys/repository.h>

namespace weir::plugin::git {
namespace {

git_object_t to_git(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::commit: return GIT_OBJECT_COMMIT;
    case ObjectKind::tree: return GIT_OBJECT_TREE;
    case ObjectKind::blob: return GIT_OBJECT_BLOB;
    case ObjectKind::tag: return GIT_OBJECT_TAG;
  }
  return GIT_OBJECT_INVALID;
}

std::unexpected<Error> read_failure(int code, const ObjectId& id) {
  if (code == GIT_ENOTFOUND)
    return fail(ErrorCode::not_found, fmt::format("object {} is missing from the repository", id.to_string()));
  return libgit2_failure(ErrorCode::provider_failed, fmt::format("object {} cannot be read", id.to_string()));
}

}  // namespace

bool Object::is(ObjectKind kind) const { return git_odb_object_type(object_.get()) == to_git(kind); }

Object Object::share() const {
  git_odb_object* object = nullptr;
  git_odb_object_dup(&object, object_.get());
  return Object(object);
}

Result<ObjectStore> ObjectStore::open(const std::filesystem::path& objects) {
  start_libgit2();
  ObjectStore store;
  git_odb* odb = nullptr;
  if (git_odb_open(&odb, objects.c_str()) < 0)
    return libgit2_failure(ErrorCode::provider_failed, fmt::format("{} is no object directory", objects.string()));
  store.odb_.reset(odb);
  git_repository* repository = nullptr;
  if (git_repository_wrap_odb(&repository, odb) < 0)
    return libgit2_failure(ErrorCode::internal, "libgit2 refuses the object directory");
  store.repository_.reset(repository);
  return store;
}

bool ObjectStore::contains(const ObjectId& id) {
  const auto oid = id.to_git();
  return git_odb_exists(odb_.get(), &oid) == 1;
}

Result<Object> ObjectStore::read(const ObjectId& id) {
  const auto oid = id.to_git();
  git_odb_object* object = nullptr;
  if (const int code = git_odb_read(&object, odb_.get(), &oid); code < 0) return read_failure(code, id);
  return Object(object);
}

Result<Object> ObjectStore::read(const ObjectId& id, ObjectKind kind) {
  auto object = read(id);
  if (object && !object->is(kind))
    return fail(ErrorCode::provider_failed,
                fmt::format("object {} is of another kind than its name is used for", id.to_string()));
  return object;
}

Result<std::uint64_t> ObjectStore::size_of(const ObjectId& id) {
  const auto oid = id.to_git();
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  if (const int code = git_odb_read_header(&size, &type, odb_.get(), &oid); code < 0) return read_failure(code, id);
  return size;
}

Result<ObjectStore::Blob> ObjectStore::read_blob(const ObjectId& id) {
  const auto oid = id.to_git();
  git_blob* blob = nullptr;
  if (const int code = git_blob_lookup(&blob, repository_.get(), &oid); code < 0) return read_failure(code, id);
  return Blob(blob);
}

}  // namespace weir::plugin::git
