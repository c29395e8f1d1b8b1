#include "plugin/declarative/head_state.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <sodium.h>

namespace weir::plugin::declarative {
namespace {

constexpr std::size_t k_bytes_max = 60U << 10U;  // of the 64 KiB that a cursor's state may have

std::string hash_of(const std::string& value) {
  std::array<unsigned char, 16> digest{};
  crypto_generichash(digest.data(), digest.size(), reinterpret_cast<const unsigned char*>(value.data()), value.size(),
                     nullptr, 0);
  std::array<char, 17> text{};
  sodium_bin2hex(text.data(), text.size(), digest.data(), 8);
  return text.data();
}

}  // namespace

HeadState::HeadState(const nlohmann::json& state) {
  if (!state.is_object()) return;
  if (const auto heads = state.find("heads"); heads != state.end() && heads->is_object())
    for (const auto& [name, value] : heads->items())
      if (value.is_string()) values_.emplace(name, value.get<std::string>());
  if (const auto hashes = state.find("hashes"); hashes != state.end() && hashes->is_array())
    for (const auto& hash : *hashes)
      if (hash.is_string()) hashes_.insert(hash.get<std::string>());
}

bool HeadState::is_hashed(const std::string& value) const {
  return !hashes_.empty() && hashes_.contains(hash_of(value));
}

std::vector<Head> HeadState::moved(const std::vector<Head>& heads, const std::string& trunk) const {
  std::set<std::string> seen;
  for (const auto& [name, value] : values_) seen.insert(value);
  std::vector<Head> moved;
  const auto base = values_.find(trunk);
  for (auto head : heads) {
    if (seen.contains(head.value) || is_hashed(head.value)) continue;
    seen.insert(head.value);
    if (const auto known = values_.find(head.name); known != values_.end()) head.known = known->second;
    if (head.known)
      head.base = head.known;
    else if (base != values_.end())
      head.base = base->second;
    moved.push_back(std::move(head));
  }
  std::ranges::stable_partition(moved, [&](const Head& head) { return head.name == trunk; });
  return moved;
}

void HeadState::add(const Head& head) { values_[head.name] = head.value; }

nlohmann::json HeadState::to_json() const {
  nlohmann::json heads = nlohmann::json::object(), hashes = nlohmann::json::array();
  std::size_t bytes = 0;
  for (const auto& [name, value] : values_) {
    const auto size = name.size() * 2 + value.size() + 8;
    if (bytes + size < k_bytes_max * 3 / 4) {
      heads[name] = value;
      bytes += size;
    } else if (bytes + 20 < k_bytes_max) {
      hashes.push_back(hash_of(value));
      bytes += 20;
    }
  }
  nlohmann::json state{{"heads", std::move(heads)}};
  if (!hashes.empty()) state["hashes"] = std::move(hashes);
  return state;
}

}  // namespace weir::plugin::declarative
