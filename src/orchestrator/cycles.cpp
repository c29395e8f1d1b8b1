#include "orchestrator/cycles.hpp"

#include <algorithm>
#include <deque>
#include <optional>

namespace weir::orchestrator {
namespace {

using Edges = std::vector<std::vector<std::size_t>>;

// A shortest way along the edges from `start` back to it, breadth first; empty when there is none.
std::vector<std::size_t> shortest_way_back(const Edges& edges, std::size_t start) {
  std::vector<std::optional<std::size_t>> came_from(edges.size());
  std::deque<std::size_t> queue{start};
  while (!queue.empty()) {
    const auto at = queue.front();
    queue.pop_front();
    for (const auto next : edges[at]) {
      if (next == start) {
        std::vector<std::size_t> path{at};
        while (path.back() != start) path.push_back(*came_from[path.back()]);
        std::ranges::reverse(path);
        return path;
      }
      if (came_from[next]) continue;
      came_from[next] = at;
      queue.push_back(next);
    }
  }
  return {};
}

std::vector<bool> reachable_from(const Edges& edges, std::size_t start) {
  std::vector<bool> seen(edges.size());
  std::vector<std::size_t> todo{start};
  while (!todo.empty()) {
    const auto at = todo.back();
    todo.pop_back();
    for (const auto next : edges[at]) {
      if (seen[next]) continue;
      seen[next] = true;
      todo.push_back(next);
    }
  }
  return seen;
}

Edges reversed(const Edges& edges) {
  Edges back(edges.size());
  for (std::size_t i = 0; i < edges.size(); ++i)
    for (const auto next : edges[i]) back[next].push_back(i);
  return back;
}

}  // namespace

// A tenant has some dozens of scripts, so walking from every node is cheap.
std::vector<Cycle> find_cycles(const Edges& edges) {
  const auto back = reversed(edges);
  std::vector<bool> is_done(edges.size());
  std::vector<Cycle> cycles;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const auto path = is_done[i] ? std::vector<std::size_t>{} : shortest_way_back(edges, i);
    if (path.empty()) continue;
    const auto forth = reachable_from(edges, i);
    const auto hither = reachable_from(back, i);
    Cycle cycle{{}, path};
    for (std::size_t j = 0; j < edges.size(); ++j) {
      if (!forth[j] || !hither[j]) continue;
      is_done[j] = true;
      cycle.members.push_back(j);
    }
    cycles.push_back(std::move(cycle));
  }
  return cycles;
}

}  // namespace weir::orchestrator
