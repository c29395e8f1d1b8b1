// The roles of one Weir database. Their names begin with the database's name at its creation. The
// login role has no right of its own; every transaction takes one of the others for its duration.
#pragma once
#include <optional>
#include <string>

#include "base/strong_id.hpp"

namespace weir::pg {

enum class Role { owner, control, tenant };

struct RoleNames {
  std::string prefix;
  std::string owner() const { return prefix + "_owner"; }
  std::string control() const { return prefix + "_control"; }
  std::string tenant() const { return prefix + "_tenant"; }
  std::string reader() const { return prefix + "_reader"; }
  std::string login() const { return prefix + "_login"; }
  std::string name_of(Role role) const;
};

// What a transaction may see: the owner (schema changes), the control side (all tenants' bookkeeping), or exactly one
// tenant's rows.
struct Scope {
  Role role;
  std::optional<TenantId> tenant_id;

  static Scope owner() { return {Role::owner, std::nullopt}; }
  static Scope control() { return {Role::control, std::nullopt}; }
  static Scope tenant(TenantId id) { return {Role::tenant, id}; }
};

}  // namespace weir::pg
