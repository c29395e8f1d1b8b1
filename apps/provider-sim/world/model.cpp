#include "provider-sim/world/model.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "provider-sim/base/dice.hpp"
#include "provider-sim/base/words.hpp"

namespace weir::sim {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

template <class T>
const T* find_number(const std::vector<T>& tickets, std::int64_t number) {
  const auto found = std::ranges::lower_bound(tickets, number, {}, &T::number);
  return found != tickets.end() && found->number == number ? &*found : nullptr;
}

}  // namespace

std::string Sha::hex() const {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(40, '0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    text[2 * i] = digits[bytes[i] >> 4];
    text[2 * i + 1] = digits[bytes[i] & 15];
  }
  return text;
}

std::optional<Sha> Sha::parse(std::string_view hex) {
  if (hex.size() != 40) return std::nullopt;
  Sha sha;
  for (std::size_t i = 0; i < sha.bytes.size(); ++i) {
    const int high = hex_value(hex[2 * i]);
    const int low = hex_value(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    sha.bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return sha;
}

Sha Sha::derive(std::uint64_t seed) {
  Sha sha;
  Dice dice(mix(seed, 0x5ea));
  for (std::size_t i = 0; i < sha.bytes.size(); i += 4) {
    const std::uint64_t bits = dice.next();
    for (std::size_t k = 0; k < 4; ++k) sha.bytes[i + k] = static_cast<std::uint8_t>(bits >> (8 * k));
  }
  return sha;
}

std::size_t Commit::parent_count() const {
  return static_cast<std::size_t>(std::ranges::count_if(parents, [](Index parent) { return parent != k_none; }));
}

std::string Ticket::title() const { return make_title(mix(seed, revision)); }

std::optional<std::string> Ticket::body() const {
  Dice dice(mix(seed, revision, 7));
  if (dice.percent(6)) return std::nullopt;
  return make_paragraphs(dice.next(), 1 + dice.below(4));
}

std::string Repository::description() const { return make_title(mix(seed, description_revision, 8)); }

const Branch* Repository::find_branch(std::string_view branch) const {
  const auto found = std::ranges::find(branches, branch, &Branch::name);
  return found == branches.end() ? nullptr : &*found;
}

Branch* Repository::find_branch(std::string_view branch) {
  const auto found = std::ranges::find(branches, branch, &Branch::name);
  return found == branches.end() ? nullptr : &*found;
}

std::optional<Index> Repository::find_commit(const Sha& sha) const {
  const auto found = std::ranges::find(commits, sha, &Commit::sha);
  if (found == commits.end()) return std::nullopt;
  return static_cast<Index>(found - commits.begin());
}

const Pull* Repository::find_pull(std::int64_t number) const { return find_number(pulls, number); }

const Issue* Repository::find_issue(std::int64_t number) const { return find_number(issues, number); }

const Label& label_at(std::size_t index) {
  static const auto names = [] {
    std::vector<std::string> made;
    for (std::size_t i = 0; i < k_label_count_max; ++i) made.push_back(fmt::format("area {:03}", i));
    return made;
  }();
  static const auto labels = [] {
    std::vector<Label> made(k_labels.begin(), k_labels.end());
    for (auto i = made.size(); i < k_label_count_max; ++i) made.push_back({names[i], "ededed", ""});
    return made;
  }();
  return labels[index];
}

std::int64_t workflow_id(const Repository& repository, std::size_t workflow) {
  return repository.id % 100'000'000 + 40'000'000 + static_cast<std::int64_t>(workflow);
}

}  // namespace weir::sim
