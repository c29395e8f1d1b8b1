// Strongly connected components of a directed graph, as far as they are cycles. Pure.
#pragma once
#include <cstddef>
#include <vector>

namespace weir::orchestrator {

struct Cycle {
  std::vector<std::size_t> members;  // every node that reaches itself through this component, ascending
  std::vector<std::size_t> path;     // a shortest way from its smallest member back to it, without the return
};

// `edges[i]` are the nodes that i leads to. Cycles in ascending order of their smallest member.
std::vector<Cycle> find_cycles(const std::vector<std::vector<std::size_t>>& edges);

}  // namespace weir::orchestrator
