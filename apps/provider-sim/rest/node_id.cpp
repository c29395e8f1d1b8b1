#include "provider-sim/rest/node_id.hpp"

namespace weir::sim {
namespace {

constexpr std::string_view k_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
}

void append_number(std::string& out, std::int64_t value) {
  const bool is_long = value > 0xffffffffLL;
  out += is_long ? '\xcf' : '\xce';
  append_big_endian(out, static_cast<std::uint64_t>(value), is_long ? 8 : 4);
}

std::string array_of(char count) { return {static_cast<char>(0x90 | count), '\0'}; }

std::uint64_t read_big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

// One element; false when it is none of ours.
bool read_element(std::string_view& bytes, NodeId& id) {
  const char tag = bytes.front();
  bytes.remove_prefix(1);
  if (tag == '\xce' || tag == '\xcf') {
    const std::size_t width = tag == '\xce' ? 4 : 8;
    if (bytes.size() < width) return false;
    id.numbers.push_back(static_cast<std::int64_t>(read_big_endian(bytes.substr(0, width))));
    bytes.remove_prefix(width);
    return true;
  }
  if (tag != '\xd9' || bytes.empty()) return false;
  const auto length = static_cast<unsigned char>(bytes.front());
  if (bytes.size() < 1U + length) return false;
  id.text = bytes.substr(1, length);
  bytes.remove_prefix(1U + length);
  return true;
}

}  // namespace

std::string base64url(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto chunk = bytes.substr(i, 3);
    auto bits = static_cast<std::uint32_t>(read_big_endian(chunk) << (8 * (3 - chunk.size())));
    for (std::size_t k = 0; k <= chunk.size(); ++k) text += k_digits[bits >> (18 - 6 * k) & 63];
  }
  return text;
}

std::optional<std::string> parse_base64url(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
    const auto digit = k_digits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count);
  }
  return bytes;
}

std::string make_node_id(std::string_view prefix, std::int64_t id) {
  std::string bytes = array_of(2);
  append_number(bytes, id);
  return std::string(prefix) + "_" + base64url(bytes);
}

std::string make_node_id(std::string_view prefix, std::int64_t repository_id, std::int64_t id) {
  std::string bytes = array_of(3);
  append_number(bytes, repository_id);
  append_number(bytes, id);
  return std::string(prefix) + "_" + base64url(bytes);
}

std::string make_commit_node_id(std::int64_t repository_id, std::string_view sha_hex) {
  std::string bytes = array_of(3);
  append_number(bytes, repository_id);
  bytes += '\xd9';
  bytes += static_cast<char>(sha_hex.size());
  bytes += sha_hex;
  return "C_" + base64url(bytes);
}

std::optional<NodeId> parse_node_id(std::string_view id) {
  const auto dash = id.find('_');
  if (dash == std::string_view::npos || dash == 0) return std::nullopt;
  const auto decoded = parse_base64url(id.substr(dash + 1));
  if (!decoded || decoded->size() < 2) return std::nullopt;
  std::string_view bytes = *decoded;
  const auto count = static_cast<unsigned>(static_cast<unsigned char>(bytes[0]) & 15);
  if ((static_cast<unsigned char>(bytes[0]) & 0xf0) != 0x90 || bytes[1] != 0 || count < 2 || count > 3)
    return std::nullopt;
  bytes.remove_prefix(2);
  NodeId result{.prefix = std::string(id.substr(0, dash)), .numbers = {}, .text = {}};
  for (unsigned i = 1; i < count; ++i)
    if (bytes.empty() || !read_element(bytes, result)) return std::nullopt;
  return result;
}

}  // namespace weir::sim
