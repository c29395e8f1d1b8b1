// An endpoint as data: the router, the checks of a request and the OpenAPI document are all made of these rows.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "api/request.hpp"
#include "api/schema.hpp"
#include "api/services.hpp"

namespace weir::api {

// Who may. A tenant's key never reaches another tenant: a path naming one is 404.
enum class Access { open, tenant_read, tenant_write, admin };
std::string_view name_of(Access access);

struct Parameter {
  std::string name;
  std::string meaning;
  nlohmann::json schema;
  Need need = Need::optional;
};

struct AnswerRow {
  int status = 200;
  std::string meaning;
  nlohmann::json schema{};  // null: no JSON
  nlohmann::json example{};
  std::string content_type = "application/json";
};

struct BodyRow {
  nlohmann::json schema;
  nlohmann::json example;
};

using Handler = Task<Result<Answer>> (*)(Services& services, Request request);
// Headers that say what the body of an answer says, for clients that look at nothing else.
using HeadersOf = Headers (*)(const nlohmann::json& body);

struct Route {
  std::string operation;  // list_tenants
  std::string method;     // GET, POST, PUT, PATCH, DELETE
  std::string path;       // /api/v1/tenants/{tenant_id}
  Access access = Access::admin;
  std::string summary;
  std::vector<Parameter> query{};
  std::optional<BodyRow> body{};
  std::vector<AnswerRow> answers{};
  std::vector<ErrorCode> errors{};  // besides those that any request can meet
  Handler handler = nullptr;
  HeadersOf headers = nullptr;  // of answers that are no errors, repetitions too

  std::string group() const;  // tenants, of /api/v1/tenants/…
  bool has_tenant() const { return path.contains("{tenant_id}"); }
};

// What {name} in a path is.
const std::vector<Parameter>& path_parameters();

// Errors that a request can meet before its handler is asked.
std::vector<ErrorCode> errors_of(const Route& route);

}  // namespace weir::api
