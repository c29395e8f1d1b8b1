// A request that was let in: who asks, for which tenant, and what was checked against the route's declaration.
#pragma once
#include <map>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "api/message.hpp"
#include "base/error.hpp"
#include "tenancy/api_key.hpp"
#include "tenancy/tenant.hpp"

namespace weir::api {

struct Request {
  std::string id;                              // X-Request-Id, or one of ours
  std::optional<tenancy::ApiKey> key{};        // none: the route is open
  std::optional<std::string> user{};           // X-User-ID
  std::optional<tenancy::Tenant> tenant{};     // of a path with {tenant_id}
  std::map<std::string, std::string> path{};   // the other parameters of the path
  std::map<std::string, std::string> query{};  // as the route declares it
  nlohmann::json body = nlohmann::json::object();
  std::optional<std::string> last_event_id{};

  // Who is written down for a change: the user, or else the key.
  tenancy::Actor actor() const;
  std::optional<std::string> query_text(const std::string& name) const;
  int query_number(const std::string& name, int absent) const;  // the schema said that it is one
  bool query_flag(const std::string& name) const;
};

struct Answer {
  int status = 200;
  nlohmann::json body = nlohmann::json::object();
  Headers headers{};
  std::optional<std::string> text{};       // instead of the body
  std::string content_type{};              // of the text
  EventStream events{};                    // instead of the body
  std::optional<nlohmann::json> stored{};  // what a repetition of the request is answered with, if not the body
  std::optional<TenantId> tenant{};        // that the request made: what is kept of the answer goes with it
};

}  // namespace weir::api
