#include "provider-sim/rest/caller.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace weir::sim {

bool Caller::can_see(const Repository& repository) const {
  if (repository.is_deleted) return false;
  const bool is_private = repository.visibility != Visibility::public_;
  if (!token_) return !is_private;
  const auto& scopes = token_->scopes;
  if (is_private && !is_installation() && std::ranges::find(scopes, "repo") == scopes.end()) return false;
  if (token_->repositories.empty()) return true;
  const auto full_name = world_.full_name(repository);
  return std::ranges::any_of(token_->repositories,
                             [&](const std::string& name) { return name == repository.name || name == full_name; });
}

Index Caller::account() const {
  return token_ && !is_installation() ? world_.find_account_index(token_->login) : k_none;
}

std::string Caller::view() const {
  if (!token_) return "-";
  std::string view =
      fmt::format("{}|{}{}", token_->identity, token_->can_push ? 'p' : '-', token_->needs_sso ? 's' : '-');
  for (const auto& name : token_->repositories) view += "," + name;
  for (const auto& name : token_->denied) view += "!" + name;
  view += std::ranges::find(token_->scopes, "repo") == token_->scopes.end() ? "" : "r";
  return view;
}

}  // namespace weir::sim
