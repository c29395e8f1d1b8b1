// Finds objects of a pack by their ids, in file memory. Needed only for packs whose deltas name their bases by id.
#pragma once
#include <bit>
#include <cstdint>
#include <functional>
#include <optional>

#include "plugin/builtin/git/pack/file_memory.hpp"
#include "plugin/builtin/git/pack/packed_object.hpp"

namespace weir::plugin::git {

class IdTable {
 public:
  // For all that `objects` has now.
  static Result<IdTable> make(FileVector<PackedObject>& objects, FileMemory memory) {
    IdTable table(objects, std::move(memory));
    if (auto sized = table.slots_.resize(std::bit_ceil(2 * objects.size() + 1)); !sized)
      return std::unexpected(sized.error());
    return table;
  }

  // An object whose id is known; each once.
  void add(std::uint32_t index) { slots_[slot_of(objects_[index].id)] = index + 1; }

  std::optional<std::uint32_t> find(const ObjectId& id) {
    const auto index = slots_[slot_of(id)];
    return index == 0 ? std::nullopt : std::optional(index - 1);
  }

 private:
  IdTable(FileVector<PackedObject>& objects, FileMemory memory) : objects_(objects), slots_(std::move(memory)) {}

  // Where it is, or the free slot where it would be; half of them are free.
  std::size_t slot_of(const ObjectId& id) {
    const auto mask = slots_.size() - 1;
    auto slot = std::hash<ObjectId>{}(id)&mask;
    while (slots_[slot] != 0 && objects_[slots_[slot] - 1].id != id) slot = (slot + 1) & mask;
    return slot;
  }

  FileVector<PackedObject>& objects_;
  FileVector<std::uint32_t> slots_;  // index + 1; 0: free
};

}  // namespace weir::plugin::git
