// What the bearer of a token may see.
#pragma once
#include <string_view>

#include "provider-sim/limits/identity.hpp"
#include "provider-sim/world/world.hpp"

namespace weir::sim {

class Caller {
 public:
  Caller(const World& world, const TokenSpec* token) : world_(world), token_(token) {}

  const TokenSpec* token() const { return token_; }
  bool is_anonymous() const { return token_ == nullptr; }
  bool is_installation() const { return token_ && token_->installation != 0; }
  bool can_push() const { return token_ && token_->can_push; }
  bool can_see(const Repository& repository) const;
  bool is_denied(std::string_view resource) const { return token_ && token_->denied.contains(std::string(resource)); }
  bool needs_sso() const { return token_ && token_->needs_sso; }
  // Index of the user; k_none for an installation and for nobody.
  Index account() const;
  // Of two callers with the same view, everything the simulator answers is the same.
  std::string view() const;

 private:
  const World& world_;
  const TokenSpec* token_;
};

}  // namespace weir::sim
