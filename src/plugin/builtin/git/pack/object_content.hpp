// The bytes of one object: small ones in memory, large ones in a file.
#pragma once
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "plugin/builtin/git/pack/file_memory.hpp"

namespace weir::plugin::git {

inline constexpr std::size_t k_small_object_bytes = 4U << 20U;

class ObjectContent {
 public:
  // `directory`: where a large one lies. disk_full, configuration.
  static Result<ObjectContent> make(std::size_t bytes, const std::filesystem::path& directory) {
    ObjectContent content;
    content.size_ = bytes;
    if (bytes <= k_small_object_bytes) {
      content.small_.resize(bytes);
      return content;
    }
    auto file = FileMemory::make(directory);
    if (!file) return std::unexpected(file.error());
    if (auto grown = file->grow(bytes); !grown) return std::unexpected(grown.error());
    content.large_ = std::move(*file);
    return content;
  }

  std::span<char> bytes() { return {is_small() ? small_.data() : large_.data(), size_}; }
  std::string_view view() const { return {is_small() ? small_.data() : large_.data(), size_}; }
  bool is_small() const { return size_ <= k_small_object_bytes; }

 private:
  std::size_t size_ = 0;
  std::string small_;
  FileMemory large_;
};

}  // namespace weir::plugin::git
