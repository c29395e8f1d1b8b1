// A lock between processes: flock on a file, which the kernel releases when the process dies, however it does.
#pragma once
#include <filesystem>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "plugin/builtin/git/stop.hpp"

namespace weir::plugin::git {

enum class LockKind { shared, exclusive };

// The file is made when needed and never removed (a lock on a removed file locks nothing). Also excludes other threads
// of this process.
class FileLock {
 public:
  // Waits until it has the lock; cancelled.
  static Result<FileLock> wait(const std::filesystem::path& file, LockKind kind, const Stop& stop);
  // nullopt when another holds it.
  static Result<std::optional<FileLock>> try_now(const std::filesystem::path& file, LockKind kind);

  FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace weir::plugin::git
