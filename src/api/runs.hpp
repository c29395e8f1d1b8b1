// The run that a path names.
#pragma once
#include <nlohmann/json.hpp>

#include "api/route.hpp"

namespace weir::api {

Uuid run_id_of(const Request& request);
// The run or pipeline run {run_id} of the request's tenant, as a document; not_found, also when it is another tenant's.
Task<Result<nlohmann::json>> find_run(Services& services, const Request& request);
// Which process works on a run, and on those within it, is the operator's business: a tenant's key is not told.
void hide_process(const Request& request, nlohmann::json& run);
bool is_over(const nlohmann::json& run);

}  // namespace weir::api
