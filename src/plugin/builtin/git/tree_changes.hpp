// What differs between two trees. Reads the bytes of tree objects itself: the answer is needed a million times, and
// attributes, filters and configuration of the repository must play no part in it.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "plugin/builtin/git/object_id.hpp"
#include "plugin/builtin/git/stop.hpp"
#include "plugin/builtin/git/tree_cache.hpp"

namespace weir::plugin::git {

inline constexpr std::uint32_t k_mode_submodule = 0160000;

struct File {
  ObjectId id;
  std::uint32_t mode = 0;  // as in the tree: 0100644, 0120000 (symbolic link), 0160000 (submodule), ...
};

struct Change {
  std::optional<File> before;  // none: added
  std::optional<File> after;   // none: deleted
};

// A file that moved unchanged is one change with both sides; any other rename is a deletion and an addition.
// nullopt: more than `entries_max` entries would have to be looked at, or the trees nest too deeply (a few bytes of a
// hostile repository can say a billion files). Errors as ObjectStore::read; cancelled.
Result<std::optional<std::vector<Change>>> compare_trees(TreeCache& trees, const std::optional<ObjectId>& before,
                                                         const ObjectId& after, std::size_t entries_max,
                                                         const Stop& stop);

}  // namespace weir::plugin::git
