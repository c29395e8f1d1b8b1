// Names of data sources and scripts in requests: what nothing has would never run, and nobody would notice.
#pragma once
#include "api/services.hpp"
#include "base/asio.hpp"
#include "base/error.hpp"
#include "orchestrator/run_parameters.hpp"
#include "scheduler/pipeline.hpp"

namespace weir::api {

// invalid_input for a data source that the tenant does not have, or a script that there is not, in `wanted` or its
// parameters; what `now` names may be gone.
Task<Result<>> check_names(Services& services, TenantId tenant, scheduler::PipelineData wanted,
                           scheduler::PipelineData now = {});
// The same for the parameters of one run; a script that no data source has and a backfill that is not possible, too.
Task<Result<>> check_run_names(Services& services, TenantId tenant, orchestrator::RunParameters parameters);

}  // namespace weir::api
