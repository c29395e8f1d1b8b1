#include "api/routes.hpp"

namespace weir::api {

Routes all_routes() {
  Routes routes;
  add_health(routes);
  add_keys(routes);
  add_audit(routes);
  add_tenants(routes);
  add_data_sources(routes);
  add_credentials(routes);
  add_runs(routes);
  add_logs(routes);
  add_cursors(routes);
  add_import_plan(routes);
  add_plans(routes);
  add_pipelines(routes);
  add_pipeline_runs(routes);
  add_scheduler(routes);
  return routes;
}

}  // namespace weir::api
