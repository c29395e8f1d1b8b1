#include "weir/verbs/tenant_documents.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weir::app {
namespace {

nlohmann::json or_null(const std::optional<Instant>& instant) {
  return instant ? nlohmann::json(format_rfc3339(*instant)) : nlohmann::json();
}

nlohmann::json or_null(const std::optional<std::string>& text) {
  return text ? nlohmann::json(*text) : nlohmann::json();
}

std::vector<std::string> lacking(const tenancy::DataSource& source, const std::vector<tenancy::ConfigKey>* declared) {
  return declared == nullptr ? std::vector<std::string>() : tenancy::missing_keys(source, *declared);
}

struct SourceState {
  std::string name;
  Colour colour;
};

SourceState state_of(const tenancy::DataSource& source, const std::vector<tenancy::ConfigKey>* declared) {
  if (source.is_deleting) return {"removing", Colour::red};
  if (!source.is_enabled) return {"disabled", Colour::dim};
  if (declared == nullptr) return {"unknown provider", Colour::red};
  if (source.needs_credentials) return {"needs credentials", Colour::red};
  if (!lacking(source, declared).empty()) return {"incomplete", Colour::yellow};
  if (source.is_paused) return {"paused", Colour::yellow};
  return {"enabled", Colour::green};
}

}  // namespace

nlohmann::json to_document(const tenancy::Tenant& tenant) {
  return {{"id", to_string(tenant.id)},
          {"key", tenant.key},
          {"name", or_null(tenant.name)},
          {"state", tenancy::name_of(tenant.state)},
          {"concurrent_scripts", tenant.concurrent_scripts},
          {"egress_allow", tenant.egress_allow},
          {"created_at", format_rfc3339(tenant.created_at)},
          {"updated_at", format_rfc3339(tenant.updated_at)}};
}

nlohmann::json to_document(const tenancy::DataSource& source, const std::vector<tenancy::ConfigKey>* declared) {
  auto settings = nlohmann::json::array();
  for (const auto& setting : source.settings)
    settings.push_back({{"key", setting.key},
                        {"value", setting.is_secret ? "***" : setting.value.value_or("")},
                        {"is_secret", setting.is_secret},
                        {"set_at", format_rfc3339(setting.set_at)}});
  return {{"name", source.name},
          {"provider", source.provider},
          {"state", state_of(source, declared).name},
          {"is_enabled", source.is_enabled},
          {"needs_credentials", or_null(source.needs_credentials)},
          {"missing", lacking(source, declared)},
          {"first_import_at", or_null(source.first_import_at)},
          {"last_sync_at", or_null(source.last_sync_at)},
          {"created_at", format_rfc3339(source.created_at)},
          {"updated_at", format_rfc3339(source.updated_at)},
          {"settings", std::move(settings)}};
}

Cell state_cell(const tenancy::Tenant& tenant) {
  switch (tenant.state) {
    case tenancy::TenantState::active: return {"ACTIVE", Colour::green};
    case tenancy::TenantState::paused: return {"PAUSED", Colour::yellow};
    case tenancy::TenantState::deleting: return {"DELETING", Colour::red};
  }
  return {"?"};
}

Cell state_cell(const tenancy::DataSource& source, const std::vector<tenancy::ConfigKey>* declared) {
  auto [name, colour] = state_of(source, declared);
  if (name == "incomplete") name = fmt::format("lacks {}", fmt::join(lacking(source, declared), ", "));
  return {std::move(name), colour};
}

std::string short_time(const std::optional<Instant>& instant) {
  return instant ? format_rfc3339(std::chrono::floor<std::chrono::seconds>(*instant)) : "never";
}

}  // namespace weir::app
