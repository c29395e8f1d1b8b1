#include "plugin/declarative/run_scope.hpp"

namespace weir::plugin::declarative {

EnvironmentValues::EnvironmentValues(const tenancy::Environment& environment, Secrets secrets) {
  for (const auto& [name, text] : environment.values()) entries_.push_back({name, text_value(text)});
  if (secrets == Secrets::shown)
    for (const auto& [name, secret] : environment.secrets()) entries_.push_back({name, text_value(secret.reveal())});
}

}  // namespace weir::plugin::declarative
