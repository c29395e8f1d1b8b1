#include "plugin/builtin/git/pack/pack_inbox.hpp"

#include <git2.h>

#include "plugin/builtin/git/libgit2.hpp"

namespace weir::plugin::git {
namespace {

constexpr int k_before_all_others = 100;

}  // namespace

PackInbox::PackInbox(std::filesystem::path directory, std::uint64_t bytes_max, const Stop& stop)
    : directory_(std::move(directory)), bytes_max_(bytes_max), stop_(stop) {
  git_odb_init_backend(&backend_, GIT_ODB_BACKEND_VERSION);
  backend_.writepack = begin;
  backend_.free = [](git_odb_backend*) {};  // it is a member
  backend_.inbox = this;
}

Result<> PackInbox::install(git_repository* repository) {
  git_odb* raw = nullptr;
  if (git_repository_odb(&raw, repository) < 0)
    return libgit2_failure(ErrorCode::provider_failed, "the clone has no object directory");
  const Handle<git_odb, git_odb_free> database(raw);
  if (git_odb_add_backend(raw, &backend_, k_before_all_others) < 0)
    return libgit2_failure(ErrorCode::internal, "libgit2 refuses the place for packs");
  return {};
}

// For libgit2, which must see no exception.
template <class Work>
int PackInbox::guarded(Work work) {
  Result<> done;
  try {
    done = work();
  } catch (...) {
    done = std::unexpected(current_error());
  }
  if (done) return 0;
  git_error_set_str(GIT_ERROR_INDEXER, done.error().message.c_str());
  if (!error_) error_ = done.error();
  return GIT_EUSER;
}

int PackInbox::begin(git_odb_writepack** out, git_odb_backend* base, git_odb*, git_indexer_progress_cb, void*) {
  auto& inbox = *static_cast<Backend*>(base)->inbox;
  return inbox.guarded([&]() -> Result<> {
    auto receiver = PackReceiver::begin(inbox.directory_, inbox.bytes_max_, inbox.stop_);
    if (!receiver) return std::unexpected(receiver.error());
    auto writer = std::make_unique<Writer>();
    writer->backend = base;
    writer->append = append;
    writer->commit = commit;
    writer->free = [](git_odb_writepack* used) { delete static_cast<Writer*>(used); };
    writer->inbox = &inbox;
    writer->receiver = std::move(*receiver);
    *out = writer.release();
    return {};
  });
}

int PackInbox::append(git_odb_writepack* base, const void* data, std::size_t size, git_indexer_progress*) {
  auto& writer = *static_cast<Writer*>(base);
  return writer.inbox->guarded([&] { return writer.receiver->append({static_cast<const char*>(data), size}); });
}

int PackInbox::commit(git_odb_writepack* base, git_indexer_progress*) {
  auto& writer = *static_cast<Writer*>(base);
  return writer.inbox->guarded([&] { return writer.receiver->finish(); });
}

}  // namespace weir::plugin::git
