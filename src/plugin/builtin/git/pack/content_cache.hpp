// Objects that were unpacked lately, by their offset: what is changed by one delta is likely to be changed by the next.
#pragma once
#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>

#include "plugin/builtin/git/pack/object_content.hpp"

namespace weir::plugin::git {

using SharedContent = std::shared_ptr<const ObjectContent>;

class ContentCache {
 public:
  explicit ContentCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  SharedContent find(std::uint64_t offset) {
    const auto found = places_.find(offset);
    if (found == places_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->content;
  }

  void add(std::uint64_t offset, SharedContent content) {
    if (!content->is_small() || places_.contains(offset)) return;
    bytes_ += cost_of(*content);
    entries_.push_front({offset, std::move(content)});
    places_.emplace(offset, entries_.begin());
    while (bytes_ > bytes_max_) {
      bytes_ -= cost_of(*entries_.back().content);
      places_.erase(entries_.back().offset);
      entries_.pop_back();
    }
  }

 private:
  struct Entry {
    std::uint64_t offset;
    SharedContent content;
  };
  static constexpr std::size_t k_entry_bytes = 256;  // what an entry takes besides its content, about
  static std::size_t cost_of(const ObjectContent& content) { return content.view().size() + k_entry_bytes; }

  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::list<Entry> entries_;
  std::unordered_map<std::uint64_t, std::list<Entry>::iterator> places_;
};

}  // namespace weir::plugin::git
