// The JSON of a request.
#pragma once
#include <string>

#include <nlohmann/json.hpp>

#include "api/message.hpp"
#include "base/error.hpp"

namespace weir::api {

// unsupported_media_type unless it is application/json; usage when it is no JSON, nested deeper than 32, or has an
// object with a name given twice.
Result<nlohmann::json> read_json(const HttpRequest& request);

}  // namespace weir::api
