// What was made before, by key, while its version stands; the least recently used goes first when there is too much.
#pragma once
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>

namespace weir::sim {

template <class Value>
class LruCache {
 public:
  explicit LruCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // nullptr when there is none of that version. Valid until the next put().
  const Value* find(const std::string& key, std::uint64_t version) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end() || found->second->version != version) {
      ++misses_;
      return nullptr;
    }
    ++hits_;
    items_.splice(items_.begin(), items_, found->second);
    return &found->second->value;
  }

  const Value& put(const std::string& key, std::uint64_t version, Value value, std::size_t bytes) {
    constexpr std::size_t overhead = 512;
    const auto found = by_key_.find(key);
    if (found != by_key_.end()) drop(found->second);
    items_.push_front({key, version, std::move(value), bytes + key.size() + overhead});
    bytes_ += items_.front().bytes;
    by_key_[key] = items_.begin();
    while (bytes_ > bytes_max_ && items_.size() > 1) drop(std::prev(items_.end()));
    return items_.front().value;
  }

  std::size_t bytes() const { return bytes_; }
  std::uint64_t hits() const { return hits_; }
  std::uint64_t misses() const { return misses_; }

 private:
  struct Item {
    std::string key;
    std::uint64_t version;
    Value value;
    std::size_t bytes;
  };
  void drop(typename std::list<Item>::iterator item) {
    bytes_ -= item->bytes;
    by_key_.erase(item->key);
    items_.erase(item);
  }

  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
  std::list<Item> items_;  // most recently used first
  std::unordered_map<std::string, typename std::list<Item>::iterator> by_key_;
};

}  // namespace weir::sim
