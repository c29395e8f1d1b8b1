#include "plugin/builtin/git/pack/file_memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fmt/format.h>

namespace weir::plugin::git {
namespace {

constexpr std::size_t k_first_bytes = 1U << 16U;

}  // namespace

std::unexpected<Error> file_failure(int code, const std::filesystem::path& path) {
  const bool is_full = code == ENOSPC || code == EDQUOT;
  return fail(is_full ? ErrorCode::disk_full : ErrorCode::configuration,
              fmt::format("{} cannot be used{}", path.string(), is_full ? ": the disk is full" : ""),
              std::strerror(code));
}

Result<FileMemory> FileMemory::make(const std::filesystem::path& directory) {
  std::string name = (directory / "incoming-XXXXXX").string();
  FileMemory memory;
  memory.file_ = mkostemp(name.data(), O_CLOEXEC);
  if (memory.file_ < 0) return file_failure(errno, directory);
  unlink(name.c_str());
  return memory;
}

FileMemory::FileMemory(FileMemory&& other) noexcept
    : file_(std::exchange(other.file_, -1)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

FileMemory& FileMemory::operator=(FileMemory&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

FileMemory::~FileMemory() {
  if (data_ != nullptr) munmap(data_, size_);
  if (file_ >= 0) close(file_);
}

Result<> FileMemory::grow(std::size_t bytes) {
  const auto size = std::max({bytes, size_ + size_ / 2, k_first_bytes});
  if (const int code = posix_fallocate(file_, 0, static_cast<off_t>(size)); code != 0)
    return file_failure(code, "the clone's directory");
  void* moved = data_ == nullptr ? mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0)
                                 : mremap(data_, size_, size, MREMAP_MAYMOVE);
  if (moved == MAP_FAILED) return file_failure(errno, "the clone's directory");
  data_ = static_cast<char*>(moved);
  size_ = size;
  return {};
}

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return file_failure(errno, path);
  struct stat status{};
  MappedFile mapped;
  void* data = MAP_FAILED;
  if (fstat(file, &status) == 0 && status.st_size > 0) {
    mapped.size_ = static_cast<std::size_t>(status.st_size);
    data = mmap(nullptr, mapped.size_, PROT_READ, MAP_PRIVATE, file, 0);
  }
  const int code = errno;
  close(file);
  if (data == MAP_FAILED) {
    mapped.size_ = 0;
    return status.st_size == 0 ? fail(ErrorCode::provider_failed, path.string() + " is empty")
                               : file_failure(code, path);
  }
  mapped.data_ = static_cast<const char*>(data);
  return mapped;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<char*>(data_), size_);
}

}  // namespace weir::plugin::git
