#include "api/admission.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "tenancy/text.hpp"

namespace weir::api {
namespace {

constexpr std::size_t k_user_bytes_max = 200;

tenancy::KeyScope needed_scope(Access access) {
  if (access == Access::tenant_read) return tenancy::KeyScope::tenant_read;
  return access == Access::tenant_write ? tenancy::KeyScope::tenant_write : tenancy::KeyScope::admin;
}

// Actors that Weir writes down itself: nobody may pass for one of them, in letters of either case.
bool is_reserved(std::string_view user) {
  std::string beginning(user.substr(0, 4));
  std::ranges::transform(beginning, beginning.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return beginning == "key:" || beginning == "cli:";
}

Result<std::optional<std::string>> read_user(const HttpRequest& raw) {
  auto user = raw.header("X-User-ID");
  if (!user) return user;
  if (is_reserved(*user))
    return fail(ErrorCode::usage, "X-User-ID is the id of a person: what begins with key: or cli: is written by Weir");
  if (!user->empty() && user->size() <= k_user_bytes_max && tenancy::is_plain_text(*user, tenancy::LineBreaks::refused))
    return user;
  return fail(ErrorCode::usage, "X-User-ID is the id of a person: plain text of 1 to 200 bytes");
}

std::unexpected<Error> no_tenant(std::string_view name) {
  return fail(ErrorCode::not_found, fmt::format("there is no tenant '{}'", name));
}

Task<Result<tenancy::Tenant>> find_tenant_for(pg::Database& database, const tenancy::ApiKey& key, std::string name) {
  auto tenant = co_await tenancy::find_tenant(database, name);
  if (!tenant && tenant.error().code != ErrorCode::not_found) co_return tenant;
  if (!tenant || (key.tenant && *key.tenant != tenant->id)) co_return no_tenant(name);
  co_return tenant;
}

}  // namespace

Task<Result<Request>> admit(pg::Database& database, const Route& route, HttpRequest raw, std::string tenant,
                            Request request) {
  if (route.access == Access::open) co_return request;
  auto key = co_await tenancy::authenticate(database, Secret(raw.header("X-API-Key").value_or("")));
  if (!key) co_return std::unexpected(key.error());
  request.key = std::move(*key);
  auto user = read_user(raw);
  if (!user) co_return std::unexpected(user.error());
  request.user = std::move(*user);
  if (route.has_tenant()) {
    auto found = co_await find_tenant_for(database, *request.key, tenant);
    if (!found) co_return std::unexpected(found.error());
    request.tenant = std::move(*found);
  }
  const auto needed = needed_scope(route.access);
  if (request.key->scope < needed)
    co_return fail(ErrorCode::forbidden, fmt::format("this needs an API key with the scope {}; the one sent has {}",
                                                     tenancy::name_of(needed), tenancy::name_of(request.key->scope)));
  co_return request;
}

}  // namespace weir::api
