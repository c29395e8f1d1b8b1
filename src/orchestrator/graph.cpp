#include "orchestrator/graph.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "orchestrator/cycles.hpp"

namespace weir::orchestrator {
namespace {

using Scripts = std::vector<GraphScript>;

bool provides(const GraphScript& script, const std::string& resource) {
  return std::ranges::find(script.provides, resource) != script.provides.end();
}

// Who meets a need of `self`: the same source's scripts, else the others'. A script that provides what it needs relies
// on its siblings; alone it would wait for itself.
std::vector<std::size_t> find_providers(const Scripts& scripts, std::size_t self, const std::string& resource) {
  std::vector<std::size_t> same;
  std::vector<std::size_t> others;
  for (std::size_t i = 0; i < scripts.size(); ++i) {
    if (i == self || !provides(scripts[i], resource)) continue;
    (scripts[i].id.data_source == scripts[self].id.data_source ? same : others).push_back(i);
  }
  if (same.empty() && provides(scripts[self], resource)) return {self};
  return same.empty() ? others : same;
}

Error unknown_resource(const GraphScript& script, const std::string& resource) {
  return {ErrorCode::declaration_invalid,
          fmt::format("{} needs the resource '{}' ({} -> {}), which no plugin provides: correct its dependencies, or "
                      "install the plugin that has it",
                      label(script.id), resource, label(script.id), resource)};
}

std::string missing_source(const GraphScript& script, const std::string& resource,
                           const std::vector<std::string>& providers) {
  return fmt::format(
      "{} needs the resource '{}', which no enabled data source of this tenant provides: add or enable "
      "one of {} (weir source add)",
      label(script.id), resource, fmt::join(providers, ", "));
}

Error cycle_error(const std::vector<GraphNode>& nodes, const std::vector<std::size_t>& path) {
  std::vector<std::string> names;
  for (const auto i : path) names.push_back(label(nodes[i].id));
  names.push_back(names.front());
  return {ErrorCode::declaration_invalid,
          fmt::format("the scripts wait for each other in a cycle: {}; take one of these dependencies away",
                      fmt::join(names, " -> "))};
}

// Judges one script's needs; `node_of` maps scripts in the run to nodes.
void connect(const Scripts& scripts, std::size_t self, const KnownResources& known,
             const std::map<std::size_t, std::size_t>& node_of, GraphNode& node) {
  std::set<std::size_t> waits_for;
  for (const auto& resource : scripts[self].needs) {
    const auto providers = find_providers(scripts, self, resource);
    for (const auto i : providers)
      if (const auto found = node_of.find(i); found != node_of.end()) waits_for.insert(found->second);
    if (!providers.empty()) continue;
    if (const auto found = known.find(resource); found == known.end()) {
      if (!node.error) node.error = unknown_resource(scripts[self], resource);
    } else if (!node.not_configured) {
      node.not_configured = missing_source(scripts[self], resource, found->second);
    }
  }
  node.waits_for.assign(waits_for.begin(), waits_for.end());
}

std::vector<std::vector<std::size_t>> edges_of(const std::vector<GraphNode>& nodes) {
  std::vector<std::vector<std::size_t>> edges;
  for (const auto& node : nodes) edges.push_back(node.waits_for);
  return edges;
}

// Chains do not lead through cycles: nobody on one ever runs.
std::size_t remaining_path(std::vector<GraphNode>& nodes, std::size_t i, std::vector<bool>& is_known) {
  if (is_known[i]) return nodes[i].remaining_path;
  is_known[i] = true;
  std::size_t longest = 0;
  for (const auto next : nodes[i].needed_by)
    if (!nodes[next].error) longest = std::max(longest, remaining_path(nodes, next, is_known));
  return nodes[i].remaining_path = longest + 1;
}

}  // namespace

std::vector<GraphNode> build_graph(const Scripts& scripts, const KnownResources& known) {
  std::vector<GraphNode> nodes;
  std::map<std::size_t, std::size_t> node_of;
  for (std::size_t i = 0; i < scripts.size(); ++i) {
    if (!scripts[i].is_in_run) continue;
    node_of[i] = nodes.size();
    nodes.push_back({.id = scripts[i].id});
  }
  for (const auto& [script, node] : node_of) connect(scripts, script, known, node_of, nodes[node]);
  for (const auto& component : find_cycles(edges_of(nodes)))
    for (const auto i : component.members)
      if (!nodes[i].error) nodes[i].error = cycle_error(nodes, component.path);
  for (std::size_t i = 0; i < nodes.size(); ++i)
    for (const auto before : nodes[i].waits_for) nodes[before].needed_by.push_back(i);
  std::vector<bool> is_known(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) remaining_path(nodes, i, is_known);
  return nodes;
}

std::vector<std::size_t> with_dependencies(const Scripts& scripts, std::vector<std::size_t> wanted) {
  std::set<std::size_t> all(wanted.begin(), wanted.end());
  while (!wanted.empty()) {
    const auto self = wanted.back();
    wanted.pop_back();
    for (const auto& resource : scripts[self].needs)
      for (const auto i : find_providers(scripts, self, resource))
        if (all.insert(i).second) wanted.push_back(i);
  }
  return {all.begin(), all.end()};
}

}  // namespace weir::orchestrator
