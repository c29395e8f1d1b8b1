// Writes the index of a pack, version 2 of git's format.
#pragma once
#include <filesystem>

#include "plugin/builtin/git/pack/file_memory.hpp"
#include "plugin/builtin/git/pack/packed_object.hpp"

namespace weir::plugin::git {

// `objects` must be resolved, and are sorted by id. provider_failed when one is there twice: a delta that makes its own
// base again would send libgit2 round in circles. disk_full, configuration.
Result<> write_pack_index(const std::filesystem::path& path, FileVector<PackedObject>& objects,
                          const ObjectId& pack_checksum);

}  // namespace weir::plugin::git
