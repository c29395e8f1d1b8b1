// How many lines and files a commit changed, as `git show --numstat -M100%` counts them: a binary file is a changed
// file without lines, a file that moved unchanged is one changed file, a submodule is one line.
#pragma once
#include <cstdint>
#include <optional>

#include "base/error.hpp"
#include "plugin/builtin/git/object_store.hpp"
#include "plugin/builtin/git/stop.hpp"
#include "plugin/builtin/git/tree_cache.hpp"

namespace weir::plugin::git {

// What one commit may cost. Whatever is beyond is reported as not known, never as a wrong number.
struct DiffLimits {
  std::uint64_t text_bytes_max = 1 << 20;    // a larger file counts as binary
  std::uint64_t read_bytes_max = 512 << 20;  // of files, in one commit; beyond: the lines are not known
  std::size_t tree_entries_max = 1'000'000;  // looked at in one commit; beyond: nothing is known
};

struct DiffStats {
  std::optional<std::int64_t> additions;
  std::optional<std::int64_t> deletions;
  std::optional<std::int64_t> files_changed;
};

// `before`: the tree of the first parent; none for a root. Errors as ObjectStore::read; cancelled.
Result<DiffStats> count_changes(ObjectStore& store, TreeCache& trees, const std::optional<ObjectId>& before,
                                const ObjectId& after, const DiffLimits& limits, const Stop& stop);

}  // namespace weir::plugin::git
