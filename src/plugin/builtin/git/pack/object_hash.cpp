#include "plugin/builtin/git/pack/object_hash.hpp"

#include <array>

#include "plugin/builtin/git/pack/sha1.hpp"

namespace weir::plugin::git {

std::string object_prefix(PackedKind kind, std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> k_names{"", "commit", "tree", "blob", "tag"};
  std::string prefix(k_names.at(static_cast<std::size_t>(kind)));
  prefix.append(" ").append(std::to_string(bytes)).push_back('\0');
  return prefix;
}

ObjectId object_hash(PackedKind kind, std::string_view bytes) {
  Sha1 hash;
  hash.update(object_prefix(kind, bytes.size()));
  hash.update(bytes);
  return hash.finish();
}

}  // namespace weir::plugin::git
