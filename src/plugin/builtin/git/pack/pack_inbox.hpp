// Makes libgit2 hand the packs that it receives to a PackReceiver instead of its own indexer.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include <git2/odb_backend.h>
#include <git2/sys/odb_backend.h>

#include "plugin/builtin/git/pack/pack_receiver.hpp"

namespace weir::plugin::git {

class PackInbox {
 public:
  // Must outlive the repository's object database. `bytes_max` and `directory`: see PackReceiver.
  PackInbox(std::filesystem::path directory, std::uint64_t bytes_max, const Stop& stop);
  PackInbox(const PackInbox&) = delete;
  PackInbox& operator=(const PackInbox&) = delete;

  Result<> install(git_repository* repository);

  // The first; libgit2 only knows that something failed.
  const std::optional<Error>& error() const { return error_; }

 private:
  struct Backend : git_odb_backend {
    PackInbox* inbox = nullptr;
  };
  struct Writer : git_odb_writepack {
    PackInbox* inbox = nullptr;
    std::unique_ptr<PackReceiver> receiver;
  };
  template <class Work>
  int guarded(Work work);
  static int begin(git_odb_writepack** out, git_odb_backend* base, git_odb* database, git_indexer_progress_cb progress,
                   void* payload);
  static int append(git_odb_writepack* base, const void* data, std::size_t size, git_indexer_progress* progress);
  static int commit(git_odb_writepack* base, git_indexer_progress* progress);

  std::filesystem::path directory_;
  std::uint64_t bytes_max_;
  const Stop& stop_;
  Backend backend_{};
  std::optional<Error> error_;
};

}  // namespace weir::plugin::git
