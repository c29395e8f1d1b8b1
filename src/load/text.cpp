#include "load/text.hpp"

#include <cstdint>
#include <cstring>

namespace weir::load {
namespace {

constexpr std::string_view k_replacement = "\xEF\xBF\xBD";

unsigned char byte_at(std::string_view text, std::size_t pos) { return static_cast<unsigned char>(text[pos]); }

// How many bytes from `pos` are plain ASCII without NUL; eight at a time.
std::size_t ascii_run(std::string_view text, std::size_t pos) {
  constexpr std::uint64_t k_high = 0x8080808080808080ULL;
  constexpr std::uint64_t k_low = 0x0101010101010101ULL;
  std::size_t at = pos;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    if ((word & k_high) != 0 || ((word - k_low) & ~word & k_high) != 0) break;
  }
  while (at < text.size() && byte_at(text, at) != 0 && byte_at(text, at) < 0x80) ++at;
  return at - pos;
}

struct Sequence {
  std::size_t length;  // of the well-formed character, or of the ill-formed part to replace
  bool is_valid;
};

// Unicode 15, table 3-7: the second byte's range depends on the first.
Sequence read_character(std::string_view text, std::size_t pos) {
  const auto first = byte_at(text, pos);
  if (first == 0) return {1, false};
  if (first < 0x80) return {1, true};
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  } else {
    return {1, false};
  }
  for (std::size_t i = 1; i < length; ++i, low = 0x80, high = 0xBF)
    if (pos + i >= text.size() || byte_at(text, pos + i) < low || byte_at(text, pos + i) > high) return {i, false};
  return {length, true};
}

// The end of the well-formed text that begins at `pos`.
std::size_t valid_until(std::string_view text, std::size_t pos) {
  while (pos < text.size()) {
    pos += ascii_run(text, pos);
    if (pos == text.size()) break;
    const auto next = read_character(text, pos);
    if (!next.is_valid) break;
    pos += next.length;
  }
  return pos;
}

std::size_t digits_at(std::string_view text, std::size_t& pos) {
  const auto start = pos;
  while (pos < text.size() && text[pos] >= '0' && text[pos] <= '9') ++pos;
  return pos - start;
}

}  // namespace

bool is_storable_text(std::string_view text) { return valid_until(text, 0) == text.size(); }

std::size_t append_mended(std::string& out, std::string_view text) {
  std::size_t replaced = 0;
  std::size_t pos = 0;
  for (;;) {
    const auto end = valid_until(text, pos);
    out.append(text, pos, end - pos);
    if (end == text.size()) return replaced;
    out.append(k_replacement);
    ++replaced;
    pos = end + read_character(text, end).length;
  }
}

std::string mended_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  append_mended(out, text);
  return out;
}

std::string_view cut_text(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  auto end = bytes_max;
  while (end > 0 && (byte_at(text, end) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

// The bounds are tighter than PostgreSQL's (131,072 digits before the point, 16,383 after it): nobody means such
// values.
bool is_storable_numeric(std::string_view text) {
  constexpr std::size_t k_length_max = 1'000;
  constexpr int k_exponent_max = 10'000;
  if (text.empty() || text.size() > k_length_max) return false;
  std::size_t pos = text[0] == '-' || text[0] == '+' ? 1 : 0;
  auto digits = digits_at(text, pos);
  if (pos < text.size() && text[pos] == '.') {
    ++pos;
    digits += digits_at(text, pos);
  }
  if (digits == 0) return false;
  if (pos == text.size()) return true;
  if (text[pos] != 'e' && text[pos] != 'E') return false;
  ++pos;
  if (pos < text.size() && (text[pos] == '-' || text[pos] == '+')) ++pos;
  const auto start = pos;
  const auto exponent_digits = digits_at(text, pos);
  if (exponent_digits == 0 || pos != text.size()) return false;
  int exponent = 0;
  for (const char digit : text.substr(start)) {
    exponent = exponent * 10 + (digit - '0');
    if (exponent > k_exponent_max) return false;
  }
  return true;
}

}  // namespace weir::load
