#include "tenancy/environment.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tenancy/data_source.hpp"
#include "tenancy/sealed_secret.hpp"
#include "tenancy/sql.hpp"

namespace weir::tenancy {
namespace {

Result<> check_complete(const DataSource& source, const std::vector<ConfigKey>& declared) {
  const auto missing = missing_keys(source, declared);
  if (missing.empty()) return {};
  const bool lacks_secret =
      std::ranges::any_of(missing, [&](const auto& name) { return find_key(declared, name)->is_secret; });
  return fail(
      lacks_secret ? ErrorCode::needs_credentials : ErrorCode::invalid_input,
      fmt::format("data source {} lacks {}; give it with `weir source set`", source.name, fmt::join(missing, ", ")));
}

}  // namespace

Task<Result<Environment>> load_environment(Vault& vault, TenantId tenant, std::string data_source,
                                           std::vector<ConfigKey> declared) {
  const auto source = co_await find_data_source(vault.database(), tenant, data_source);
  if (!source) co_return std::unexpected(source.error());
  if (const auto complete = check_complete(*source, declared); !complete) co_return std::unexpected(complete.error());

  Environment environment;
  for (const auto& key : declared)
    if (key.default_value && !key.is_secret) environment.set(key.name, *key.default_value);
  bool has_secrets = false;
  for (const auto& setting : source->settings) {
    const auto* key = find_key(declared, setting.key);
    if (key == nullptr) continue;
    has_secrets |= setting.is_secret;
    if (!setting.is_secret) environment.set(setting.key, setting.value.value_or(""));
  }
  if (!has_secrets) co_return environment;

  const auto rows = co_await vault.database().query(pg::Scope::tenant(tenant), sql::list_sealed_secrets,
                                                    pg::Params(tenant, data_source));
  SecretOpener opener(vault, tenant);
  for (const auto& sealed : read_sealed_secrets(rows)) {
    if (find_key(declared, sealed.key) == nullptr) continue;
    auto secret = co_await opener.open(sealed);
    if (!secret) co_return std::unexpected(secret.error());
    environment.set_secret(sealed.key, std::move(*secret));
  }
  co_return environment;
}

}  // namespace weir::tenancy
