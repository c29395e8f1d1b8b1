#include "orchestrator/schedule.hpp"

#include <algorithm>
#include <ranges>

#include <fmt/format.h>

namespace weir::orchestrator {

std::string_view name_of(SkipCode code) {
  switch (code) {
    case SkipCode::not_configured: return "not_configured";
    case SkipCode::ancestor: return "ancestor";
    case SkipCode::held: return "held";
    case SkipCode::parked: return "parked";
    case SkipCode::disabled: return "disabled";
    case SkipCode::paused: return "paused";
    case SkipCode::needs_credentials: return "needs_credentials";
    case SkipCode::cancelled: return "cancelled";
    case SkipCode::stopped: return "stopped";
  }
  return "";
}

std::optional<SkipCode> skip_code_of(std::string_view name) {
  for (int code = 0; code <= static_cast<int>(SkipCode::stopped); ++code)
    if (name_of(static_cast<SkipCode>(code)) == name) return static_cast<SkipCode>(code);
  return std::nullopt;
}

Schedule::Schedule(std::vector<GraphNode> nodes) : nodes_(std::move(nodes)), states_(nodes_.size()) {
  // Errors first: a script with a fault of its own is failed, whatever it waits for.
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (nodes_[i].error) states_[i] = {NodeState::failed, SkipCode::ancestor, nodes_[i].error->message};
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (!nodes_[i].error && nodes_[i].not_configured)
      states_[i] = {NodeState::skipped, SkipCode::not_configured, *nodes_[i].not_configured};
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].error)
      skip_dependents(i, SkipCode::ancestor, fmt::format("{} failed", label(nodes_[i].id)));
    else if (nodes_[i].not_configured)
      skip_dependents(i, SkipCode::ancestor, fmt::format("{} was skipped", label(nodes_[i].id)));
  }
}

bool Schedule::is_ready(std::size_t i) const {
  return states_[i].state == NodeState::waiting && open_dependencies(i).empty();
}

std::vector<std::size_t> Schedule::open_dependencies(std::size_t i) const {
  std::vector<std::size_t> open;
  for (const auto before : nodes_[i].waits_for)
    if (states_[before].state != NodeState::done) open.push_back(before);
  return open;
}

std::vector<std::size_t> Schedule::ready() const {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (is_ready(i)) found.push_back(i);
  std::ranges::sort(found, [this](std::size_t a, std::size_t b) {
    if (nodes_[a].remaining_path != nodes_[b].remaining_path)
      return nodes_[a].remaining_path > nodes_[b].remaining_path;
    return nodes_[a].id < nodes_[b].id;
  });
  return found;
}

void Schedule::start(std::size_t i) { states_[i].state = NodeState::running; }
void Schedule::put_back(std::size_t i) { states_[i].state = NodeState::waiting; }
void Schedule::park(std::size_t i) { states_[i].state = NodeState::parked; }
void Schedule::wake(std::size_t i) { states_[i].state = NodeState::waiting; }
void Schedule::done(std::size_t i) { states_[i].state = NodeState::done; }

void Schedule::fail(std::size_t i, std::string reason) {
  states_[i] = {NodeState::failed, SkipCode::ancestor, std::move(reason)};
  skip_dependents(i, SkipCode::ancestor, fmt::format("{} failed", label(nodes_[i].id)));
}

void Schedule::skip(std::size_t i, SkipCode code, std::string reason) {
  states_[i] = {NodeState::skipped, code, reason};
  const bool is_inherited = code == SkipCode::held || code == SkipCode::parked;
  skip_dependents(i, is_inherited ? code : SkipCode::ancestor,
                  fmt::format("{} was skipped ({})", label(nodes_[i].id), reason));
}

void Schedule::skip_waiting(SkipCode code, const std::string& reason) {
  for (auto& state : states_)
    if (state.state == NodeState::waiting || state.state == NodeState::parked)
      state = {NodeState::skipped, code, reason};
}

// The first reason stays: it names the ancestor that was at fault.
void Schedule::skip_dependents(std::size_t i, SkipCode code, const std::string& reason) {
  std::vector<std::size_t> todo = nodes_[i].needed_by;
  while (!todo.empty()) {
    const auto at = todo.back();
    todo.pop_back();
    if (states_[at].state != NodeState::waiting) continue;
    states_[at] = {NodeState::skipped, code, reason};
    todo.insert(todo.end(), nodes_[at].needed_by.begin(), nodes_[at].needed_by.end());
  }
}

bool Schedule::is_settled() const {
  return std::ranges::none_of(states_, [](const State& state) { return state.state == NodeState::running; }) &&
         ready().empty();
}

bool Schedule::is_over() const {
  return std::ranges::none_of(states_, [](const State& state) {
    return state.state == NodeState::waiting || state.state == NodeState::running || state.state == NodeState::parked;
  });
}

}  // namespace weir::orchestrator
