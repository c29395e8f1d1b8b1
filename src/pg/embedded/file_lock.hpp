// A lock on a file that belongs to the open file (F_OFD_SETLK): it dies with the process, however that dies, and with
// the last copy of the descriptor; it is closed on exec, so no child holds it by accident.
#pragma once
#include <chrono>
#include <filesystem>

#include "base/deadline.hpp"
#include "base/error.hpp"
#include "pg/embedded/account.hpp"
#include "pg/embedded/unique_fd.hpp"

namespace weir::pg {

enum class LockMode { shared, exclusive };

class FileLock {
 public:
  // Opens the file, and creates it for `owner` when it is missing; takes no lock yet.
  static Result<FileLock> open(const std::filesystem::path& path, const Account& owner);

  bool try_lock(LockMode mode);
  bool lock_by(LockMode mode, Deadline deadline);  // false at the deadline
  bool wait_exclusive();                           // false when a signal came first
  void unlock();
  bool is_held_elsewhere() const;  // in any mode; takes nothing, so it disturbs nobody

  void touch();  // the file's modification time becomes now
  std::chrono::nanoseconds touched_at() const;
  int fd() const { return fd_.get(); }

 private:
  explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace weir::pg
