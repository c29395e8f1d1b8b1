// Memory that lies in a file instead of the heap: it may grow with the data, since the kernel can write it out. The
// file has no name and is gone with its owner, however that ends.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <type_traits>

#include "base/error.hpp"

namespace weir::plugin::git {

class FileMemory {
 public:
  // In `directory`. disk_full, configuration.
  static Result<FileMemory> make(const std::filesystem::path& directory);

  FileMemory() = default;
  FileMemory(FileMemory&& other) noexcept;
  FileMemory& operator=(FileMemory&& other) noexcept;
  ~FileMemory();

  // At least so many bytes, new ones zero; what data() said before is void. The disk's blocks are taken here, so that a
  // full disk is an error (disk_full) and not a signal.
  Result<> grow(std::size_t bytes);

  char* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  int file_ = -1;
  char* data_ = nullptr;
  std::size_t size_ = 0;
};

// What is read as it lies on disk.
class MappedFile {
 public:
  static Result<MappedFile> open(const std::filesystem::path& path);

  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::string_view bytes() const { return {data_, size_}; }

 private:
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

// The error of a failed system call on `path`: disk_full, or configuration.
std::unexpected<Error> file_failure(int code, const std::filesystem::path& path);

// A vector in such memory.
template <class T>
  requires std::is_trivially_copyable_v<T>
class FileVector {
 public:
  explicit FileVector(FileMemory memory) : memory_(std::move(memory)) {}

  Result<> push_back(const T& value) {
    if (auto grown = reserve(size_ + 1); !grown) return grown;
    data()[size_++] = value;
    return {};
  }
  // New ones are zero bytes.
  Result<> resize(std::size_t size) {
    if (auto grown = reserve(size); !grown) return grown;
    size_ = size;
    return {};
  }

  T& operator[](std::size_t i) { return data()[i]; }
  std::span<T> all() { return {data(), size_}; }
  std::size_t size() const { return size_; }
  T& back() { return data()[size_ - 1]; }

 private:
  Result<> reserve(std::size_t count) {
    return count * sizeof(T) <= memory_.size() ? Result<>{} : memory_.grow(count * sizeof(T));
  }
  T* data() { return reinterpret_cast<T*>(memory_.data()); }

  FileMemory memory_;
  std::size_t size_ = 0;
};

}  // namespace weir::plugin::git
