// The trees read last: neighbouring commits share most of theirs. Bounded; for one thread.
#pragma once
#include <array>
#include <optional>

#include "plugin/builtin/git/object_store.hpp"

namespace weir::plugin::git {

class TreeCache {
 public:
  explicit TreeCache(ObjectStore& store) : store_(store) {}

  // As ObjectStore::read of a tree.
  Result<Object> read(const ObjectId& id) {
    auto& slot = slots_[std::hash<ObjectId>{}(id) % slots_.size()];
    if (slot && slot->first == id) return slot->second.share();
    auto tree = store_.read(id, ObjectKind::tree);
    if (tree && tree->bytes().size() <= k_tree_bytes_max) slot.emplace(id, tree->share());
    return tree;
  }

 private:
  static constexpr std::size_t k_tree_bytes_max = 16 << 10;
  ObjectStore& store_;
  std::array<std::optional<std::pair<ObjectId, Object>>, 512> slots_;  // 8 MB at most
};

}  // namespace weir::plugin::git
