#include "plugin/builtin/git/commit_walk.hpp"

#include <algorithm>

namespace weir::plugin::git {
namespace {

constexpr std::uint64_t k_loads_between_checks = 256;
// How many old commits are painted on after the last new one, against clocks that were a little wrong.
constexpr int k_slack = 64;

}  // namespace

CommitWalk::CommitWalk(ObjectStore& store, WalkRequest request, Stop stop)
    : graph_(store), request_(std::move(request)), stop_(std::move(stop)) {}

Result<std::vector<ObjectId>> CommitWalk::next(std::size_t count_max, std::size_t bytes_max) {
  if (auto done = prepare(); !done) return std::unexpected(done.error());
  std::vector<ObjectId> ids;
  std::size_t bytes = 0;
  while (ids.size() < count_max && bytes <= bytes_max) {
    if (path_.empty()) {
      const auto begun = begin_next_head();
      if (!begun) return std::unexpected(begun.error());
      if (!*begun) break;
    }
    const auto descended = descend();
    if (!descended) return std::unexpected(descended.error());
    if (*descended) continue;
    const auto node = path_.back().node;
    path_.pop_back();
    if (graph_.has(node, CommitGraph::is_missing)) continue;
    take(node);
    ids.push_back(graph_.id_of(node));
    bytes += graph_.bytes_at_most(node);
  }
  return ids;
}

std::vector<ObjectId> CommitWalk::frontier(std::size_t count_max) const {
  std::vector<std::pair<std::uint64_t, Node>> nodes;
  nodes.reserve(frontier_.size());
  for (const auto& [node, when] : frontier_) nodes.emplace_back(when, node);
  std::ranges::sort(nodes);
  nodes.resize(std::min(nodes.size(), count_max));
  std::vector<ObjectId> ids;
  ids.reserve(nodes.size());
  for (const auto& [when, node] : nodes) ids.push_back(graph_.id_of(node));
  return ids;
}

Result<> CommitWalk::prepare() {
  if (is_prepared_) return {};
  is_prepared_ = true;
  bool has_collected = false;
  for (const auto& id : request_.collected) {
    const auto node = graph_.node_of(id);
    if (auto done = paint(node, CommitGraph::is_old); !done) return done;
    has_collected = has_collected || !graph_.has(node, CommitGraph::is_missing);
  }
  for (const auto& id : request_.frontier) {
    const auto node = graph_.node_of(id);
    if (auto done = paint(node, CommitGraph::is_old); !done) return done;
    if (graph_.has(node, CommitGraph::is_missing)) continue;
    has_collected = true;
    frontier_.emplace(node, taken_++);
  }
  if (!has_collected) return {};
  for (const auto& id : request_.heads)
    if (auto done = paint(graph_.node_of(id), CommitGraph::is_new); !done) return done;
  return paint_all();
}

// Colours what the heads reach as new and what the collected heads reach as old, from the newest to the oldest, until
// only old commits are left to look at. A commit that turns old after it was looked at is looked at again.
Result<> CommitWalk::paint_all() {
  while (!queue_.empty() && !may_stop_painting()) {
    const auto node = queue_.top().second;
    queue_.pop();
    graph_.clear(node, CommitGraph::is_queued);
    if (!graph_.has(node, CommitGraph::is_old)) {
      --new_in_queue_;
      oldest_new_s_ = std::min(oldest_new_s_, graph_.committed_s(node));
    }
    const auto colours = static_cast<std::uint8_t>(graph_.flags(node) & (CommitGraph::is_new | CommitGraph::is_old));
    for (std::size_t i = 0; i < graph_.parent_count(node); ++i)
      if (auto done = paint(graph_.parent(node, i), colours); !done) return done;
  }
  queue_ = {};
  return {};
}

Result<> CommitWalk::paint(Node node, std::uint8_t colours) {
  if ((graph_.flags(node) & colours) == colours) return {};
  const bool was_queued = graph_.has(node, CommitGraph::is_queued);
  const bool was_new = was_queued && !graph_.has(node, CommitGraph::is_old);
  for (const auto colour : {CommitGraph::is_new, CommitGraph::is_old})
    if ((colours & colour) != 0) graph_.set(node, colour);
  if (auto done = load(node); !done) return done;
  if (graph_.has(node, CommitGraph::is_missing)) return {};
  const bool is_new = !graph_.has(node, CommitGraph::is_old);
  if (is_new && !was_new) ++new_in_queue_;
  if (!is_new && was_new) --new_in_queue_;
  if (was_queued) return {};
  graph_.set(node, CommitGraph::is_queued);
  queue_.emplace(graph_.committed_s(node), node);
  return {};
}

bool CommitWalk::may_stop_painting() {
  if (new_in_queue_ > 0 || queue_.top().first >= oldest_new_s_) {
    slack_ = k_slack;
    return false;
  }
  return --slack_ < 0;
}

Result<> CommitWalk::load(Node node) {
  if (++loads_ % k_loads_between_checks == 0 && stop_.is_requested()) return cancelled();
  if (auto done = graph_.load(node); !done) return done;
  // What the collected heads reach may be gone; what only the heads reach may not.
  const bool may_be_missing =
      request_.completeness == Completeness::may_lack_objects || graph_.has(node, CommitGraph::is_old);
  if (graph_.has(node, CommitGraph::is_missing) && !may_be_missing)
    return fail(ErrorCode::provider_failed, "commit " + graph_.id_of(node).to_string() +
                                                " is missing from the repository; `git fsck` there says what else is");
  return {};
}

Result<bool> CommitWalk::begin_next_head() {
  while (next_head_ < request_.heads.size()) {
    const auto node = graph_.node_of(request_.heads[next_head_++]);
    if ((graph_.flags(node) & (CommitGraph::is_old | CommitGraph::is_visited)) != 0) continue;
    if (auto done = load(node); !done) return std::unexpected(done.error());
    graph_.set(node, CommitGraph::is_visited);
    path_.push_back({node, 0});
    return true;
  }
  return false;
}

// One step down from the end of the path; false when all that lies below it has been taken.
Result<bool> CommitWalk::descend() {
  const auto [node, first] = path_.back();
  for (std::size_t i = first; i < graph_.parent_count(node); ++i) {
    const auto parent = graph_.parent(node, i);
    if ((graph_.flags(parent) & (CommitGraph::is_old | CommitGraph::is_visited)) != 0) continue;
    if (auto done = load(parent); !done) return std::unexpected(done.error());
    graph_.set(parent, CommitGraph::is_visited);
    path_.back().next_parent = static_cast<std::uint32_t>(i + 1);
    path_.push_back({parent, 0});
    return true;
  }
  return false;
}

void CommitWalk::take(Node node) {
  for (std::size_t i = 0; i < graph_.parent_count(node); ++i) frontier_.erase(graph_.parent(node, i));
  frontier_.emplace(node, taken_++);
}

}  // namespace weir::plugin::git
