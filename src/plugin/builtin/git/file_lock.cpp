#include "plugin/builtin/git/file_lock.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace weir::plugin::git {
namespace {

constexpr auto k_poll = std::chrono::milliseconds(50);  // flock has no time-out of its own

}  // namespace

Result<std::optional<FileLock>> FileLock::try_now(const std::filesystem::path& file, LockKind kind) {
  FileLock lock(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  const int operation = kind == LockKind::shared ? LOCK_SH : LOCK_EX;
  if (lock.fd_ >= 0 && flock(lock.fd_, operation | LOCK_NB) == 0) return lock;
  if (lock.fd_ >= 0 && errno == EWOULDBLOCK) return std::nullopt;
  return fail(errno == ENOSPC ? ErrorCode::disk_full : ErrorCode::configuration,
              file.string() + " cannot be locked; the directory must be writable for Weir", std::strerror(errno));
}

Result<FileLock> FileLock::wait(const std::filesystem::path& file, LockKind kind, const Stop& stop) {
  for (;;) {
    auto lock = try_now(file, kind);
    if (!lock) return std::unexpected(lock.error());
    if (*lock) return std::move(**lock);
    if (stop.is_requested()) return cancelled();
    std::this_thread::sleep_for(k_poll);
  }
}

FileLock::~FileLock() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace weir::plugin::git
