// What a provider declares about one of its settings. Plugins declare them; the tenants' values are checked here.
#pragma once
#include <optional>
#include <string>

namespace weir::tenancy {

struct ConfigKey {
  std::string name;  // GITHUB_TOKEN
  std::string description;
  bool is_required = false;
  bool is_secret = false;
  bool is_identity = false;  // cannot change after the first import
  std::optional<std::string> default_value;
  std::optional<std::string> pattern;  // what a value must match (ECMAScript)
};

}  // namespace weir::tenancy
