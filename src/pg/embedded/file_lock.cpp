#include "pg/embedded/file_lock.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <thread>

#include "pg/embedded/file_error.hpp"

namespace weir::pg {
namespace {

constexpr auto k_poll_interval = std::chrono::milliseconds(20);

struct flock whole_file(short type) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

short type_of(LockMode mode) { return mode == LockMode::shared ? F_RDLCK : F_WRLCK; }

}  // namespace

Result<FileLock> FileLock::open(const std::filesystem::path& path, const Account& owner) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  struct stat status{};
  if (!fd || ::fstat(fd.get(), &status) != 0) return std::unexpected(file_error("open", path, errno));
  if (status.st_uid != owner.uid && ::fchown(fd.get(), owner.uid, owner.gid) != 0)
    return std::unexpected(file_error("give away", path, errno));
  return FileLock(std::move(fd));
}

bool FileLock::try_lock(LockMode mode) {
  auto lock = whole_file(type_of(mode));
  return ::fcntl(fd_.get(), F_OFD_SETLK, &lock) == 0;
}

bool FileLock::lock_by(LockMode mode, Deadline deadline) {
  while (!try_lock(mode)) {
    if (deadline.is_over()) return false;
    std::this_thread::sleep_for(k_poll_interval);
  }
  return true;
}

bool FileLock::wait_exclusive() {
  auto lock = whole_file(F_WRLCK);
  return ::fcntl(fd_.get(), F_OFD_SETLKW, &lock) == 0;
}

void FileLock::unlock() {
  auto lock = whole_file(F_UNLCK);
  ::fcntl(fd_.get(), F_OFD_SETLK, &lock);
}

bool FileLock::is_held_elsewhere() const {
  auto lock = whole_file(F_WRLCK);
  return ::fcntl(fd_.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

void FileLock::touch() { ::futimens(fd_.get(), nullptr); }

std::chrono::nanoseconds FileLock::touched_at() const {
  struct stat status{};
  ::fstat(fd_.get(), &status);
  return std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::nanoseconds(status.st_mtim.tv_nsec);
}

}  // namespace weir::pg
