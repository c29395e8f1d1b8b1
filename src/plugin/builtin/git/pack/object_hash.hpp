// What git hashes to name an object: its kind and size, then its bytes.
#pragma once
#include <string>
#include <string_view>

#include "plugin/builtin/git/pack/packed_object.hpp"

namespace weir::plugin::git {

std::string object_prefix(PackedKind kind, std::uint64_t bytes);
ObjectId object_hash(PackedKind kind, std::string_view bytes);

}  // namespace weir::plugin::git
