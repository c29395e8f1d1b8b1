#include "pg/roles.hpp"

namespace weir::pg {

std::string RoleNames::name_of(Role role) const {
  switch (role) {
    case Role::owner: return owner();
    case Role::control: return control();
    case Role::tenant: return tenant();
  }
  return tenant();
}

}  // namespace weir::pg
