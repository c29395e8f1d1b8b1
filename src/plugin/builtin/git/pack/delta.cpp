#include "plugin/builtin/git/pack/delta.hpp"

#include <cstring>

namespace weir::plugin::git {
namespace {

std::optional<std::uint8_t> take_byte(std::string_view& bytes) {
  if (bytes.empty()) return std::nullopt;
  const auto byte = static_cast<std::uint8_t>(bytes.front());
  bytes.remove_prefix(1);
  return byte;
}

// Seven bits a byte, the lowest first.
std::optional<std::uint64_t> take_size(std::string_view& bytes) {
  std::uint64_t size = 0;
  for (unsigned shift = 0; shift < 63; shift += 7) {
    const auto byte = take_byte(bytes);
    if (!byte) return std::nullopt;
    size |= static_cast<std::uint64_t>(*byte & 0x7FU) << shift;
    if ((*byte & 0x80U) == 0) return size;
  }
  return std::nullopt;
}

std::optional<DeltaSizes> take_sizes(std::string_view& delta) {
  const auto base = take_size(delta);
  const auto result = base ? take_size(delta) : std::nullopt;
  if (!result) return std::nullopt;
  return DeltaSizes{*base, *result};
}

// The bytes that `bits` say are there, the lowest first.
std::optional<std::uint64_t> take_number(std::string_view& delta, unsigned bits, unsigned count) {
  std::uint64_t number = 0;
  for (unsigned i = 0; i < count; ++i) {
    if ((bits >> i & 1U) == 0) continue;
    const auto byte = take_byte(delta);
    if (!byte) return std::nullopt;
    number |= static_cast<std::uint64_t>(*byte) << (8 * i);
  }
  return number;
}

// What an instruction adds, from the base or from itself; nullopt when it is none.
std::optional<std::string_view> take_piece(std::string_view& delta, std::string_view base) {
  const auto code = take_byte(delta);
  if (!code || *code == 0) return std::nullopt;
  if ((*code & 0x80U) == 0) {
    const auto piece = delta.substr(0, *code);
    delta.remove_prefix(piece.size());
    return piece.size() == *code ? std::optional(piece) : std::nullopt;
  }
  const auto offset = take_number(delta, *code & 0x0FU, 4);
  const auto size = offset ? take_number(delta, *code >> 4U & 0x07U, 3) : std::nullopt;
  if (!size) return std::nullopt;
  const auto bytes = *size == 0 ? 0x10000 : *size;
  if (*offset > base.size() || bytes > base.size() - *offset) return std::nullopt;
  return base.substr(*offset, bytes);
}

}  // namespace

std::optional<DeltaSizes> read_delta_sizes(std::string_view delta) { return take_sizes(delta); }

bool apply_delta(std::string_view base, std::string_view delta, std::span<char> result) {
  const auto sizes = take_sizes(delta);
  if (!sizes || sizes->base != base.size() || sizes->result != result.size()) return false;
  std::size_t filled = 0;
  while (!delta.empty()) {
    const auto piece = take_piece(delta, base);
    if (!piece || piece->size() > result.size() - filled) return false;
    if (!piece->empty()) std::memcpy(result.data() + filled, piece->data(), piece->size());
    filled += piece->size();
  }
  return filled == result.size();
}

}  // namespace weir::plugin::git
