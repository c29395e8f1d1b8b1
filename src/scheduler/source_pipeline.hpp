// The pipeline that a data source brings along: of this source alone, and named after it. It goes with the source.
#pragma once
#include <string>
#include <vector>

#include "scheduler/pipeline.hpp"

namespace weir::scheduler {

// Every fifteen minutes, each tenant at its own time.
Schedule default_schedule();

struct SourcePipeline {
  Pipeline pipeline;
  bool is_new = false;
};
// Unless the tenant has a pipeline of that name, which then stays as it is. Errors as of add_pipeline().
Task<Result<SourcePipeline>> add_source_pipeline(pg::Database& database, tenancy::Actor actor, TenantId tenant,
                                                 std::string source, Schedule schedule);

// Before a source goes: pipelines of it alone are removed, the others go on without it. The names of those removed.
// conflict: somebody changed one meanwhile; ask again.
Task<Result<std::vector<std::string>>> leave_pipelines(pg::Database& database, tenancy::Actor actor, TenantId tenant,
                                                       std::string source);

}  // namespace weir::scheduler
