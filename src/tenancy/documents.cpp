#include "tenancy/documents.hpp"

namespace weir::tenancy {
namespace {

nlohmann::json or_null(const std::optional<Instant>& instant) {
  return instant ? nlohmann::json(format_rfc3339(*instant)) : nlohmann::json();
}

nlohmann::json or_null(const std::optional<std::string>& text) {
  return text ? nlohmann::json(*text) : nlohmann::json();
}

std::vector<std::string> lacking(const DataSource& source, const std::vector<ConfigKey>* declared) {
  return declared == nullptr ? std::vector<std::string>() : missing_keys(source, *declared);
}

}  // namespace

nlohmann::json to_document(const Tenant& tenant) {
  return {{"id", to_string(tenant.id)},
          {"key", tenant.key},
          {"name", or_null(tenant.name)},
          {"state", name_of(tenant.state)},
          {"concurrent_scripts", tenant.concurrent_scripts},
          {"egress_allow", tenant.egress_allow},
          {"time_zone", tenant.time_zone},
          {"created_at", format_rfc3339(tenant.created_at)},
          {"updated_at", format_rfc3339(tenant.updated_at)}};
}

std::string_view state_of(const DataSource& source, const std::vector<ConfigKey>* declared) {
  if (source.is_deleting) return "removing";
  if (!source.is_enabled) return "disabled";
  if (declared == nullptr) return "unknown provider";
  if (source.needs_credentials) return "needs credentials";
  if (!lacking(source, declared).empty()) return "incomplete";
  return source.is_paused ? "paused" : "enabled";
}

nlohmann::json to_document(const DataSource& source, const std::vector<ConfigKey>* declared) {
  auto settings = nlohmann::json::array();
  for (const auto& setting : source.settings)
    settings.push_back({{"key", setting.key},
                        {"value", setting.is_secret ? "***" : setting.value.value_or("")},
                        {"is_secret", setting.is_secret},
                        {"set_at", format_rfc3339(setting.set_at)}});
  return {{"name", source.name},
          {"provider", source.provider},
          {"state", state_of(source, declared)},
          {"is_enabled", source.is_enabled},
          {"needs_credentials", or_null(source.needs_credentials)},
          {"missing", lacking(source, declared)},
          {"first_import_at", or_null(source.first_import_at)},
          {"last_sync_at", or_null(source.last_sync_at)},
          {"created_at", format_rfc3339(source.created_at)},
          {"updated_at", format_rfc3339(source.updated_at)},
          {"settings", std::move(settings)}};
}

}  // namespace weir::tenancy
