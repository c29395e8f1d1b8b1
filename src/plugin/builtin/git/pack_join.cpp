#include "plugin/builtin/git/pack_join.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <vector>

#include <git2.h>
#include <git2/sys/odb_backend.h>

#include "plugin/builtin/git/libgit2.hpp"

namespace weir::plugin::git {
namespace {

namespace fs = std::filesystem;

using Repository = Handle<git_repository, git_repository_free>;
using Builder = Handle<git_packbuilder, git_packbuilder_free>;

// libgit2 takes about 200 bytes of memory for each object that it packs.
constexpr std::uint64_t k_joined_objects_max = 200'000;

struct Pack {
  fs::path index;
  std::uint64_t bytes;
  std::uint64_t objects;
};

// The last of 256 counts that follow eight bytes; 0 when it cannot be read.
std::uint64_t count_objects(const fs::path& index) {
  std::ifstream stream(index, std::ios::binary);
  std::array<char, 4> count{};
  if (!stream.seekg(8 + 255 * 4) || !stream.read(count.data(), count.size())) return 0;
  std::uint64_t objects = 0;
  for (const char byte : count) objects = objects << 8U | static_cast<std::uint8_t>(byte);
  return objects;
}

std::vector<Pack> list_packs(const fs::path& directory) {
  std::vector<Pack> packs;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (entry->path().extension() != ".idx") continue;
    packs.push_back({entry->path(), fs::file_size(fs::path(entry->path()).replace_extension(".pack"), ignored),
                     count_objects(entry->path())});
  }
  return packs;
}

// All but one that holds most of the clone (joining it again and again would cost more than it saves), the smallest
// first, as many as fit into the memory that joining may take.
std::vector<Pack> small_packs(std::vector<Pack> packs) {
  std::uint64_t bytes = 0;
  for (const auto& pack : packs) bytes += pack.bytes;
  std::erase_if(packs, [bytes](const Pack& pack) { return pack.bytes > bytes / 2; });
  std::ranges::sort(packs, {}, &Pack::objects);
  std::uint64_t objects = 0;
  const auto too_many = [&](const Pack& pack) { return (objects += pack.objects) > k_joined_objects_max; };
  packs.erase(std::ranges::find_if(packs, too_many), packs.end());
  return packs;
}

Result<> add_objects(git_packbuilder* builder, const fs::path& index) {
  git_odb_backend* backend = nullptr;
  if (git_odb_backend_one_pack(&backend, index.c_str()) < 0)
    return libgit2_failure(ErrorCode::provider_failed, "a pack cannot be opened");
  const auto add = [](const git_oid* id, void* to) {
    return git_packbuilder_insert(static_cast<git_packbuilder*>(to), id, nullptr);
  };
  const int code = backend->foreach (backend, add, builder);
  backend->free(backend);
  if (code < 0) return libgit2_failure(ErrorCode::provider_failed, "a pack cannot be listed");
  return {};
}

}  // namespace

Result<> join_small_packs(const fs::path& git_directory, int packs_max) {
  const auto packs = list_packs(git_directory / "objects/pack");
  if (packs.size() <= static_cast<std::size_t>(packs_max)) return {};
  const auto joined = small_packs(packs);
  if (joined.size() < 2) return {};
  git_repository* raw_repository = nullptr;
  git_packbuilder* raw_builder = nullptr;
  if (git_repository_open_bare(&raw_repository, git_directory.c_str()) < 0)
    return libgit2_failure(ErrorCode::provider_failed, "the clone cannot be opened");
  const Repository repository(raw_repository);
  if (git_packbuilder_new(&raw_builder, raw_repository) < 0)
    return libgit2_failure(ErrorCode::internal, "libgit2 cannot pack");
  const Builder builder(raw_builder);
  git_packbuilder_set_threads(raw_builder, 1);
  for (const auto& pack : joined)
    if (auto added = add_objects(raw_builder, pack.index); !added) return added;
  if (git_packbuilder_write(raw_builder, nullptr, 0, nullptr, nullptr) < 0)
    return libgit2_failure(ErrorCode::provider_failed, "the joined pack cannot be written");
  const auto written = git_directory / "objects/pack" / fmt::format("pack-{}.idx", git_packbuilder_name(raw_builder));
  for (const auto& pack : joined) {
    if (pack.index == written) continue;
    std::error_code ignored;
    for (const char* extension : {".idx", ".pack"})
      fs::remove(fs::path(pack.index).replace_extension(extension), ignored);
  }
  return {};
}

}  // namespace weir::plugin::git
