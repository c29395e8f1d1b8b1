// /openapi.json (OpenAPI 3.1), made of the routes.
#pragma once
#include <span>
#include <string>

#include <nlohmann/json.hpp>

#include "api/route.hpp"
#include "api/schema.hpp"

namespace weir::api {

// The documents that answers are made of, by name.
const Components& components();

nlohmann::json make_openapi(std::span<const Route> routes, const std::string& version);

}  // namespace weir::api
