#include "tenancy/api_key.hpp"

#include <array>

#include <fmt/format.h>
#include <sodium.h>
#include <nlohmann/json.hpp>

#include "tenancy/change.hpp"
#include "tenancy/sql.hpp"
#include "tenancy/text.hpp"

namespace weir::tenancy {
namespace {

constexpr std::string_view k_beginning = "weir_";
constexpr std::size_t k_prefix_bytes = 6, k_prefix_chars = 2 * k_prefix_bytes, k_secret_bytes = 32;
constexpr std::size_t k_secret_chars = 43, k_name_bytes_max = 200;
constexpr int k_encoding = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
constexpr std::chrono::seconds k_lifetime_max = std::chrono::days(3660);

constexpr std::array k_scopes{std::pair{KeyScope::tenant_read, std::string_view("tenant:read")},
                              std::pair{KeyScope::tenant_write, std::string_view("tenant:write")},
                              std::pair{KeyScope::admin, std::string_view("admin")}};

struct KeyText {
  std::string_view prefix, secret;
};

std::optional<KeyText> split(std::string_view text) {
  if (!text.starts_with(k_beginning)) return std::nullopt;
  text.remove_prefix(k_beginning.size());
  if (text.size() != k_prefix_chars + 1 + k_secret_chars || text[k_prefix_chars] != '_') return std::nullopt;
  const auto prefix = text.substr(0, k_prefix_chars);
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (!std::ranges::all_of(prefix, is_hex)) return std::nullopt;
  return KeyText{prefix, text.substr(k_prefix_chars + 1)};
}

std::string hash_of(std::string_view secret) {
  std::string hash(crypto_generichash_BYTES, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(hash.data()), hash.size(),
                     reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), nullptr, 0);
  return hash;
}

std::string random_prefix() {
  std::array<unsigned char, k_prefix_bytes> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  std::string text(k_prefix_chars + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
  text.resize(k_prefix_chars);
  return text;
}

Secret random_secret() {
  std::array<unsigned char, k_secret_bytes> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  std::string text(k_secret_chars + 1, '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), k_encoding);
  sodium_memzero(bytes.data(), bytes.size());
  text.resize(k_secret_chars);
  return Secret(std::move(text));
}

ApiKey read_api_key(const pg::Row& row) {
  return {.id = row.get<ApiKeyId>("id"),
          .prefix = row.get<std::string>("prefix"),
          .name = row.get<std::string>("name"),
          .scope = key_scope_of(row.get<std::string_view>("scope")).value_or(KeyScope::tenant_read),
          .tenant = row.get<std::optional<TenantId>>("tenant_id"),
          .tenant_key = row.get<std::optional<std::string>>("tenant_key"),
          .created_by = row.get<std::optional<std::string>>("created_by"),
          .created_at = row.get<Instant>("created_at"),
          .expires_at = row.get<std::optional<Instant>>("expires_at"),
          .revoked_at = row.get<std::optional<Instant>>("revoked_at"),
          .is_valid = row.get<bool>("is_valid")};
}

Result<> check(const NewApiKey& data) {
  if (data.name.empty() || data.name.size() > k_name_bytes_max || !is_plain_text(data.name, LineBreaks::refused))
    return fail(ErrorCode::invalid_input, "a key's name says what it is for, in one line of 1 to 200 bytes");
  if ((data.scope == KeyScope::admin) == data.tenant.has_value())
    return fail(ErrorCode::invalid_input,
                "the scope admin is for a key without a tenant, tenant:read and tenant:write are for one with");
  if (data.lifetime && (*data.lifetime <= std::chrono::seconds(0) || *data.lifetime > k_lifetime_max))
    return fail(ErrorCode::invalid_input, "a key is valid for at least a second and at most ten years");
  return {};
}

AuditRecord record_of(const Actor& actor, const ApiKey& key, std::string action) {
  return {.actor = actor,
          .tenant_id = key.tenant,
          .tenant_key = key.tenant_key,
          .action = std::move(action),
          .target = std::string(k_beginning) + key.prefix};
}

nlohmann::json or_null(const std::optional<std::string>& text) {
  return text ? nlohmann::json(*text) : nlohmann::json();
}
nlohmann::json or_null(const std::optional<Instant>& at) {
  return at ? nlohmann::json(format_rfc3339(*at)) : nlohmann::json();
}

std::unexpected<Error> refused() {
  return fail(ErrorCode::unauthenticated,
              "the API key is missing, wrong, expired or revoked; send a valid one in X-API-Key");
}

}  // namespace

std::string_view name_of(KeyScope scope) {
  return std::ranges::find(k_scopes, scope, &std::pair<KeyScope, std::string_view>::first)->second;
}

std::optional<KeyScope> key_scope_of(std::string_view name) {
  const auto* found = std::ranges::find(k_scopes, name, &std::pair<KeyScope, std::string_view>::second);
  return found == k_scopes.end() ? std::nullopt : std::optional(found->first);
}

nlohmann::json to_document(const ApiKey& key) {
  return {{"id", to_string(key.id)},
          {"prefix", std::string(k_beginning) + key.prefix},
          {"name", key.name},
          {"scope", name_of(key.scope)},
          {"tenant", or_null(key.tenant_key)},
          {"created_by", or_null(key.created_by)},
          {"created_at", format_rfc3339(key.created_at)},
          {"expires_at", or_null(key.expires_at)},
          {"revoked_at", or_null(key.revoked_at)},
          {"is_valid", key.is_valid}};
}

Task<Result<CreatedApiKey>> create_api_key(pg::Database& database, Actor actor, NewApiKey data) {
  if (const auto good = check(data); !good) co_return std::unexpected(good.error());
  auto transaction = co_await database.begin(pg::Scope::control());
  if (data.tenant) {
    const auto tenant = co_await share_tenant(transaction, *data.tenant);
    if (!tenant) co_return std::unexpected(tenant.error());
  }
  const auto prefix = random_prefix();
  const auto secret = random_secret();
  pg::Params params(prefix);
  params.add_bytes(hash_of(secret.reveal()));
  params.add(data.name).add(name_of(data.scope)).add(data.tenant).add(actor);
  params.add(data.lifetime ? std::optional(data.lifetime->count()) : std::nullopt);
  const auto rows = co_await transaction.query(sql::insert_api_key, std::move(params));
  auto key = read_api_key(rows.one());
  auto record = record_of(actor, key, "key.create");
  record.after = {{"name", key.name}, {"scope", name_of(key.scope)}, {"expires_at", or_null(key.expires_at)}};
  co_await commit_with_audit(transaction, std::move(record));
  co_return CreatedApiKey{std::move(key), Secret(fmt::format("{}{}_{}", k_beginning, prefix, secret.reveal()))};
}

Task<std::vector<ApiKey>> list_api_keys(pg::Database& database, ApiKeyFilter filter) {
  const auto rows = co_await database.query(pg::Scope::control(), sql::list_api_keys,
                                            pg::Params(filter.tenant, filter.after, filter.limit));
  std::vector<ApiKey> keys;
  keys.reserve(rows.size());
  for (const auto row : rows) keys.push_back(read_api_key(row));
  co_return keys;
}

Task<Result<RevokedApiKey>> revoke_api_key(pg::Database& database, Actor actor, std::optional<TenantId> tenant,
                                           std::string id_or_prefix) {
  auto prefix = std::string_view(id_or_prefix);
  if (prefix.starts_with(k_beginning)) prefix.remove_prefix(k_beginning.size());
  auto transaction = co_await database.begin(pg::Scope::control());
  const auto found =
      co_await transaction.query(sql::lock_api_key, pg::Params(Uuid::parse(id_or_prefix), prefix, tenant));
  if (found.empty())
    co_return fail(ErrorCode::not_found,
                   fmt::format("there is no API key '{}'; it is named by its id or its prefix", id_or_prefix));
  auto key = read_api_key(found.one());
  if (key.revoked_at) co_return RevokedApiKey{std::move(key), Outcome::unchanged};
  const auto rows = co_await transaction.query(sql::revoke_api_key, pg::Params(key.id));
  auto record = record_of(actor, key, "key.revoke");
  record.before = {{"name", key.name}, {"scope", name_of(key.scope)}};
  co_await commit_with_audit(transaction, std::move(record));
  co_return RevokedApiKey{read_api_key(rows.one()), Outcome::changed};
}

Task<Result<ApiKey>> authenticate(pg::Database& database, Secret presented) {
  const auto text = split(presented.reveal());
  if (!text) co_return refused();
  const auto hash = hash_of(text->secret);
  const auto rows = co_await database.query(pg::Scope::control(), sql::find_api_key, pg::Params(text->prefix));
  if (rows.empty()) co_return refused();
  const auto stored = rows.one().get<pg::Bytes>("secret_hash").value;
  const bool is_same = stored.size() == hash.size() && sodium_memcmp(stored.data(), hash.data(), hash.size()) == 0;
  auto key = read_api_key(rows.one());
  if (!is_same || !key.is_valid) co_return refused();
  co_return key;
}

Task<bool> is_key_valid(pg::Database& database, ApiKeyId id) {
  const auto rows = co_await database.query(pg::Scope::control(), sql::check_api_key, pg::Params(id));
  co_return !rows.empty() && rows.one().get<bool>("is_valid");
}

Task<bool> has_admin_key(pg::Database& database) {
  const auto rows = co_await database.query(pg::Scope::control(), sql::has_admin_key);
  co_return rows.one().get<bool>("has_one");
}

}  // namespace weir::tenancy
