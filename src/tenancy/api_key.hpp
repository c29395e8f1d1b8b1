// Keys of the HTTP API. A key is shown once, when it is made; the database has a hash of its secret, and the prefix by
// which people recognise it. Every request is judged by the database's present state: a revoked key is refused by all
// nodes at once.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/secret.hpp"
#include "base/time.hpp"
#include "pg/database.hpp"
#include "tenancy/audit.hpp"
#include "tenancy/tenant.hpp"

namespace weir::tenancy {

// Each allows what those before it do; a tenant's key only for that tenant.
enum class KeyScope { tenant_read, tenant_write, admin };
std::string_view name_of(KeyScope scope);  // tenant:read, tenant:write, admin
std::optional<KeyScope> key_scope_of(std::string_view name);

using ApiKeyId = StrongId<struct ApiKeyTag, Uuid>;

struct ApiKey {
  ApiKeyId id;
  std::string prefix;  // weir_<prefix>_<secret>
  std::string name;
  KeyScope scope = KeyScope::tenant_read;
  std::optional<TenantId> tenant;  // none: the operator's
  std::optional<std::string> tenant_key;
  std::optional<std::string> created_by;
  Instant created_at;
  std::optional<Instant> expires_at;
  std::optional<Instant> revoked_at;
  bool is_valid = true;  // neither revoked nor expired, by the database's clock
};
nlohmann::json to_document(const ApiKey& key);

struct NewApiKey {
  std::string name;  // what it is for
  KeyScope scope = KeyScope::tenant_read;
  std::optional<TenantId> tenant{};  // none: the operator's, with the scope admin
  std::optional<std::chrono::seconds> lifetime{};
};
struct CreatedApiKey {
  ApiKey key;
  Secret text;  // the only time it is seen
};

// invalid_input; not_found or conflict (the tenant).
Task<Result<CreatedApiKey>> create_api_key(pg::Database& database, Actor actor, NewApiKey data);

struct ApiKeyFilter {
  std::optional<TenantId> tenant{};  // none: all
  std::optional<ApiKeyId> after{};   // the last one of the page before
  int limit = 1000;
};
// Oldest first, revoked ones too.
Task<std::vector<ApiKey>> list_api_keys(pg::Database& database, ApiKeyFilter filter);

// By id or prefix; with a tenant only that tenant's. unchanged when it was revoked before; not_found.
struct RevokedApiKey {
  ApiKey key;
  Outcome outcome;
};
Task<Result<RevokedApiKey>> revoke_api_key(pg::Database& database, Actor actor, std::optional<TenantId> tenant,
                                           std::string id_or_prefix);

// Whose key it is, now. unauthenticated otherwise, with the same message for whatever is wrong.
Task<Result<ApiKey>> authenticate(pg::Database& database, Secret presented);
// Whether a key that was let in still is: asked again and again by what takes long.
Task<bool> is_key_valid(pg::Database& database, ApiKeyId id);
// Whether anybody may do everything: there is a valid key with the scope admin.
Task<bool> has_admin_key(pg::Database& database);

}  // namespace weir::tenancy
