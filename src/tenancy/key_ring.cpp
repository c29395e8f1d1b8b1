#include "tenancy/key_ring.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <ranges>

#include <fmt/format.h>
#include <sodium.h>

namespace weir::tenancy {
namespace {

constexpr std::string_view k_preface =
    "# Weir's master keys, the active one first. Whoever has this file and the database can read every secret;\n"
    "# without it no secret can be read. Keep a copy in a safe place, apart from the database's backups.\n";
constexpr std::size_t k_id_bytes_max = 64;

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= k_id_bytes_max && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  });
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view k_blank = " \t\r";
  const auto first = text.find_first_not_of(k_blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(k_blank) - first + 1);
}

bool holds_key(std::string_view line) { return !line.empty() && line.front() != '#'; }

Result<KeyRing::Entry> parse_line(std::string_view line, std::string_view source, std::size_t number) {
  const auto gap = line.find_first_of(" \t");
  const auto id = line.substr(0, gap);
  auto key = gap == std::string_view::npos ? std::nullopt : Key::from_base64(trimmed(line.substr(gap)));
  if (!is_id(id) || !key)
    return fail(ErrorCode::configuration,
                fmt::format("{}, line {}: not a key; a line is an id and 32 bytes in base64, as `weir secrets init` "
                            "writes them",
                            source, number));
  return KeyRing::Entry{std::string(id), std::move(*key)};
}

}  // namespace

Result<KeyRing> KeyRing::parse(const Secret& text, std::string_view source) {
  KeyRing ring;
  std::size_t number = 0;
  for (const auto part : std::views::split(text.reveal(), '\n')) {
    ++number;
    const auto line = trimmed(std::string_view(part));
    if (!holds_key(line)) continue;
    auto entry = parse_line(line, source, number);
    if (!entry) return std::unexpected(entry.error());
    if (ring.find(entry->id) != nullptr)
      return fail(ErrorCode::configuration, fmt::format("{}, line {}: key {} stands there twice; remove one of the two",
                                                        source, number, entry->id));
    ring.entries_.push_back(std::move(*entry));
  }
  return ring;
}

Secret KeyRing::with_active(const Secret& text, std::string_view id, const Key& key) {
  std::string_view rest = text.reveal();
  std::size_t keys_begin = 0;
  while (keys_begin < rest.size() &&
         !holds_key(trimmed(rest.substr(keys_begin, rest.find('\n', keys_begin) - keys_begin))))
    keys_begin = std::min(rest.find('\n', keys_begin), rest.size() - 1) + 1;
  const auto encoded = key.to_base64();
  const auto preface = rest.empty() ? k_preface : rest.substr(0, keys_begin);
  std::string out;
  out.reserve(preface.size() + id.size() + encoded.reveal().size() + rest.size() + 3);  // never a copy left behind
  out.append(preface);
  if (!out.empty() && out.back() != '\n') out += '\n';
  out.append(id).append(" ").append(encoded.reveal()).append("\n").append(rest.substr(keys_begin));
  return Secret(std::move(out));
}

std::string KeyRing::make_id() {
  std::array<unsigned char, 8> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  std::string id;
  for (const auto byte : bytes) id += fmt::format("{:02x}", byte);
  return id;
}

const Key* KeyRing::find(std::string_view id) const {
  const auto found = std::ranges::find(entries_, id, &Entry::id);
  return found == entries_.end() ? nullptr : &found->key;
}

}  // namespace weir::tenancy
