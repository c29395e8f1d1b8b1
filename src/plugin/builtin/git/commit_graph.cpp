#include "plugin/builtin/git/commit_graph.hpp"

#include <bit>

namespace weir::plugin::git {

std::size_t CommitGraph::slot_of(const ObjectId& id) const {
  const auto mask = slots_.size() - 1;
  auto slot = std::hash<ObjectId>{}(id)&mask;
  while (slots_[slot] != k_none && ids_[slots_[slot]] != id) slot = (slot + 1) & mask;
  return slot;
}

void CommitGraph::double_slots() {
  slots_.assign(2 * slots_.size(), k_none);
  for (Node node = 0; node < ids_.size(); ++node) slots_[slot_of(ids_[node])] = node;
}

CommitGraph::Node CommitGraph::node_of(const ObjectId& id) {
  auto slot = slot_of(id);
  if (slots_[slot] != k_none) return slots_[slot];
  if (3 * ids_.size() >= 2 * slots_.size()) {
    double_slots();
    slot = slot_of(id);
  }
  const auto node = static_cast<Node>(ids_.size());
  slots_[slot] = node;
  ids_.push_back(id);
  flags_.push_back(0);
  parents_.push_back(k_none);
  dates_.push_back(0);
  size_bits_.push_back(0);
  return node;
}

Result<> CommitGraph::load(Node node) {
  if (has(node, is_loaded)) return {};
  set(node, is_loaded);
  const auto object = store_.read(ids_[node], ObjectKind::commit);
  if (!object && object.error().code == ErrorCode::not_found) {
    set(node, is_missing);
    return {};
  }
  if (!object) return std::unexpected(object.error());
  if (!parse_links(object->bytes(), links_))
    return fail(ErrorCode::provider_failed, "commit " + ids_[node].to_string() + " is damaged");
  dates_[node] = links_.committed_s;
  size_bits_[node] = static_cast<std::uint8_t>(std::bit_width(object->bytes().size()));
  if (links_.parents.size() == 1) {
    const auto parent = node_of(links_.parents.front());
    parents_[node] = parent;
  } else if (!links_.parents.empty()) {
    parents_[node] = k_many | static_cast<Node>(more_parents_.size());
    more_parents_.push_back(static_cast<Node>(links_.parents.size()));
    for (const auto& id : links_.parents) more_parents_.push_back(node_of(id));
  }
  return {};
}

std::size_t CommitGraph::parent_count(Node node) const {
  const auto parent = parents_[node];
  if (parent == k_none) return 0;
  return (parent & k_many) == 0 ? 1 : more_parents_[parent & ~k_many];
}

CommitGraph::Node CommitGraph::parent(Node node, std::size_t index) const {
  const auto parent = parents_[node];
  return (parent & k_many) == 0 ? parent : more_parents_[(parent & ~k_many) + 1 + index];
}

}  // namespace weir::plugin::git
