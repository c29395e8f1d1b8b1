#include "weir/verbs/tenant_documents.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weir::app {
namespace {

Colour colour_of(std::string_view state) {
  if (state == "enabled") return Colour::green;
  if (state == "disabled") return Colour::dim;
  return state == "incomplete" || state == "paused" ? Colour::yellow : Colour::red;
}

}  // namespace

Cell state_cell(const tenancy::Tenant& tenant) {
  switch (tenant.state) {
    case tenancy::TenantState::active: return {"ACTIVE", Colour::green};
    case tenancy::TenantState::paused: return {"PAUSED", Colour::yellow};
    case tenancy::TenantState::deleting: return {"DELETING", Colour::red};
  }
  return {"?"};
}

Cell state_cell(const tenancy::DataSource& source, const std::vector<tenancy::ConfigKey>* declared) {
  const auto state = tenancy::state_of(source, declared);
  if (state == "incomplete")
    return {fmt::format("lacks {}", fmt::join(tenancy::missing_keys(source, *declared), ", ")), Colour::yellow};
  return {std::string(state), colour_of(state)};
}

std::string short_time(const std::optional<Instant>& instant) {
  return instant ? format_rfc3339(std::chrono::floor<std::chrono::seconds>(*instant)) : "never";
}

}  // namespace weir::app
