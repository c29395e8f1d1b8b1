// One object of a pack, as the pack's index will know it.
#pragma once
#include <cstdint>

#include "plugin/builtin/git/object_id.hpp"

namespace weir::plugin::git {

enum class PackedKind : std::uint8_t { none, commit, tree, blob, tag };  // by git's numbers

struct PackedObject {
  std::uint64_t offset = 0;  // of its head in the pack
  std::uint64_t bytes = 0;   // inflated; of a delta: of its instructions
  std::uint64_t base = 0;    // of a delta: the offset of what it changes; 0: only that one's id is known, see `id`
  ObjectId id;               // of an unresolved delta against an id: that id
  std::uint32_t crc = 0;     // of the bytes in the pack
  std::uint16_t depth = 0;   // deltas up to an object that is whole
  std::uint8_t head_bytes = 0;
  PackedKind kind = PackedKind::none;  // none: a delta that is not resolved
  bool is_delta = false;

  bool is_resolved() const { return kind != PackedKind::none; }
};

}  // namespace weir::plugin::git
