// The SHA-1 name of a git object.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <git2/oid.h>

namespace weir::plugin::git {

struct ObjectId {
  std::array<std::uint8_t, 20> bytes{};

  // 40 hexadecimal digits in either case; nullopt for anything else.
  static std::optional<ObjectId> parse(std::string_view hex);
  static ObjectId from(const git_oid& id) {
    ObjectId result;
    std::memcpy(result.bytes.data(), id.id, result.bytes.size());
    return result;
  }
  git_oid to_git() const {
    git_oid id;
    std::memcpy(id.id, bytes.data(), bytes.size());
    return id;
  }
  std::string to_string() const;  // 40 lower-case digits
  auto operator<=>(const ObjectId&) const = default;
};

}  // namespace weir::plugin::git

template <>
struct std::hash<weir::plugin::git::ObjectId> {
  std::size_t operator()(const weir::plugin::git::ObjectId& id) const noexcept {
    std::size_t value;  // a hash already
    std::memcpy(&value, id.bytes.data(), sizeof value);
    return value;
  }
};
