// The commits of a repository as a graph in little memory: about 45 bytes a commit, in blocks that never move.
#pragma once
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "plugin/builtin/git/object_store.hpp"
#include "plugin/builtin/git/raw_object.hpp"

namespace weir::plugin::git {

// A vector in blocks: it grows without copying, so that its peak is its size.
template <class T>
class BlockVector {
 public:
  void push_back(T value) {
    if (size_ % k_block == 0) blocks_.push_back(std::make_unique<T[]>(k_block));
    blocks_[size_ / k_block][size_ % k_block] = value;
    ++size_;
  }
  T& operator[](std::size_t i) { return blocks_[i / k_block][i % k_block]; }
  const T& operator[](std::size_t i) const { return blocks_[i / k_block][i % k_block]; }
  std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t k_block = 1 << 14;
  std::vector<std::unique_ptr<T[]>> blocks_;
  std::size_t size_ = 0;
};

class CommitGraph {
 public:
  using Node = std::uint32_t;

  // is_loaded and is_missing are the graph's; the others are the walk's, which the graph only keeps.
  enum Flag : std::uint8_t { is_loaded = 1, is_missing = 2, is_new = 4, is_old = 8, is_queued = 16, is_visited = 32 };

  explicit CommitGraph(ObjectStore& store) : store_(store) {}

  // The node of a commit; made when new. The commit is not read.
  Node node_of(const ObjectId& id);
  const ObjectId& id_of(Node node) const { return ids_[node]; }
  std::size_t size() const { return ids_.size(); }

  std::uint8_t flags(Node node) const { return flags_[node]; }
  bool has(Node node, Flag flag) const { return (flags_[node] & flag) != 0; }
  void set(Node node, Flag flag) { flags_[node] = static_cast<std::uint8_t>(flags_[node] | flag); }
  void clear(Node node, Flag flag) { flags_[node] = static_cast<std::uint8_t>(flags_[node] & ~flag); }

  // Reads the commit once: after it the parents and the date are known, or that the repository lacks it (is_missing;
  // then it has no parents and the date 0). Errors as ObjectStore::read, but for not_found.
  Result<> load(Node node);

  std::size_t parent_count(Node node) const;
  Node parent(Node node, std::size_t index) const;
  std::int64_t committed_s(Node node) const { return dates_[node]; }
  std::size_t bytes_at_most(Node node) const { return std::size_t{1} << size_bits_[node]; }

 private:
  // parents_ holds the only parent, or k_many and where the list begins in more_parents_ (its length first).
  static constexpr Node k_none = std::numeric_limits<Node>::max();
  static constexpr Node k_many = Node{1} << 31;

  std::size_t slot_of(const ObjectId& id) const;
  void double_slots();

  ObjectStore& store_;
  BlockVector<ObjectId> ids_;
  BlockVector<std::uint8_t> flags_;
  BlockVector<Node> parents_;
  BlockVector<std::int64_t> dates_;
  BlockVector<std::uint8_t> size_bits_;
  std::vector<Node> more_parents_;
  std::vector<Node> slots_ = std::vector<Node>(1024, k_none);
  CommitLinks links_;
};

}  // namespace weir::plugin::git
