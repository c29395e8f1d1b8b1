#include "plugin/builtin/git/pack/pack_index.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <string>

#include "plugin/builtin/git/pack/sha1.hpp"

namespace weir::plugin::git {
namespace {

constexpr std::uint64_t k_small_offset_max = 0x7FFFFFFF;

// Writes and hashes.
class HashedFile {
 public:
  explicit HashedFile(const std::filesystem::path& path) : stream_(path, std::ios::binary | std::ios::trunc) {}

  void add(std::string_view bytes) {
    part_ += bytes;
    if (part_.size() >= k_part_bytes) flush();
  }
  void add(const ObjectId& id) { add({reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()}); }
  void add_u32(std::uint64_t number) {
    std::array<char, 4> bytes{};
    for (unsigned i = 0; i < 4; ++i) bytes.at(i) = static_cast<char>(number >> (24U - 8 * i) & 0xFFU);
    add({bytes.data(), bytes.size()});
  }
  bool end() {
    flush();
    add(hash_.finish());
    flush();
    return static_cast<bool>(stream_.flush());
  }

 private:
  static constexpr std::size_t k_part_bytes = 1U << 16U;
  void flush() {
    hash_.update(part_);
    stream_.write(part_.data(), static_cast<std::streamsize>(part_.size()));
    part_.clear();
  }
  std::ofstream stream_;
  std::string part_;
  Sha1 hash_;
};

void write_counts(HashedFile& file, std::span<const PackedObject> objects) {
  for (std::size_t i = 0, first = 0; first < 256; ++first) {
    while (i < objects.size() && objects[i].id.bytes[0] <= first) ++i;
    file.add_u32(i);
  }
}

void write_offsets(HashedFile& file, std::span<const PackedObject> objects) {
  std::uint64_t large = 0;
  for (const auto& object : objects)
    file.add_u32(object.offset <= k_small_offset_max ? object.offset : (1ULL << 31U | large++));
  for (const auto& object : objects) {
    if (object.offset <= k_small_offset_max) continue;
    file.add_u32(object.offset >> 32U);
    file.add_u32(object.offset & 0xFFFFFFFFU);
  }
}

}  // namespace

Result<> write_pack_index(const std::filesystem::path& path, FileVector<PackedObject>& objects,
                          const ObjectId& pack_checksum) {
  const auto all = objects.all();
  std::ranges::sort(all, {}, &PackedObject::id);
  if (std::ranges::adjacent_find(all, {}, &PackedObject::id) != all.end())
    return fail(ErrorCode::provider_failed, "the server's pack is damaged: it has an object twice");
  HashedFile file(path);
  file.add("\377tOc");
  file.add_u32(2);
  write_counts(file, all);
  for (const auto& object : all) file.add(object.id);
  for (const auto& object : all) file.add_u32(object.crc);
  write_offsets(file, all);
  file.add(pack_checksum);
  if (!file.end()) return file_failure(errno, path);
  return {};
}

}  // namespace weir::plugin::git
