// The run that a path names.
#pragma once
#include <nlohmann/json.hpp>

#include "api/route.hpp"

namespace weir::api {

Uuid run_id_of(const Request& request);
// The run or pipeline run {run_id} of the request's tenant, as a document; not_found, also when it is another tenant's.
Task<Result<nlohmann::json>> find_run(Services& services, const Request& request);
bool is_over(const nlohmann::json& run);

}  // namespace weir::api
