// Keeping a clone fast: every fetch adds a pack, and each object is looked for in all of them.
#pragma once
#include <filesystem>

#include "base/error.hpp"

namespace weir::plugin::git {

// When there are more than `packs_max` packs, joins all but the large ones. Nobody else may use the clone.
// A failure leaves the clone as it was, or with objects twice.
Result<> join_small_packs(const std::filesystem::path& git_directory, int packs_max);

}  // namespace weir::plugin::git
