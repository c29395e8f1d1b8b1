// Gives the deltas of a pack their ids: each is unpacked once, in the order of the pack, where bases come first and
// near.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "plugin/builtin/git/pack/content_cache.hpp"
#include "plugin/builtin/git/pack/id_table.hpp"
#include "plugin/builtin/git/pack/inflater.hpp"
#include "plugin/builtin/git/pack/packed_object.hpp"
#include "plugin/builtin/git/stop.hpp"

namespace weir::plugin::git {

class DeltaResolver {
 public:
  // `pack`: all of it; `objects`: as PackParser found them. Large objects are unpacked into files in `directory`.
  DeltaResolver(std::string_view pack, FileVector<PackedObject>& objects, std::filesystem::path directory,
                const Stop& stop)
      : pack_(pack), objects_(objects), directory_(std::move(directory)), stop_(stop) {}

  // All objects are resolved, and every delta knows the offset of its base. provider_failed: the pack is damaged, or
  // lacks what its deltas change; disk_full, cancelled.
  Result<> resolve();

 private:
  using Index = std::uint32_t;

  Result<std::size_t> sweep();  // how many are left
  std::optional<Index> base_of(const PackedObject& object);
  Result<> resolve_one(Index index, Index base);
  Index index_at(std::uint64_t offset);
  Result<SharedContent> unpack(Index index);
  Result<ObjectContent> inflate(const PackedObject& object);
  Result<SharedContent> change(const SharedContent& base, const PackedObject& delta);

  std::string_view pack_;
  FileVector<PackedObject>& objects_;
  std::filesystem::path directory_;
  const Stop& stop_;
  std::optional<IdTable> ids_;  // only where a delta names its base by id
  Inflater inflater_;
  ContentCache cache_{16U << 20U};
};

}  // namespace weir::plugin::git
