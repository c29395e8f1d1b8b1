// All endpoints: one line per group; each lives in routes/<group>.cpp.
#pragma once
#include <vector>

#include "api/route.hpp"

namespace weir::api {

using Routes = std::vector<Route>;

void add_health(Routes& routes);
void add_keys(Routes& routes);
void add_audit(Routes& routes);
void add_tenants(Routes& routes);
void add_data_sources(Routes& routes);
void add_credentials(Routes& routes);
void add_runs(Routes& routes);
void add_logs(Routes& routes);
void add_cursors(Routes& routes);
void add_import_plan(Routes& routes);
void add_plans(Routes& routes);
void add_pipelines(Routes& routes);
void add_pipeline_runs(Routes& routes);
void add_scheduler(Routes& routes);

// Further ones (a program's own, such as /metrics) may be added before the door is made.
Routes all_routes();

}  // namespace weir::api
