// A UUID of 16 bytes. Ids of rows are UUIDv7 made by the database (weir.uuid_v7()), so that their order is the
// database's time; this type only carries, parses and prints them.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  // Accepts the 36-character form in either case; nullopt for anything else.
  static std::optional<Uuid> parse(std::string_view text);
  std::string to_string() const;
  auto operator<=>(const Uuid&) const = default;
};

}  // namespace weir

template <>
struct std::hash<weir::Uuid> {
  std::size_t operator()(const weir::Uuid& id) const noexcept;
};
