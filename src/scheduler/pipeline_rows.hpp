// Rows of weir.tenant_pipeline_configs. Private to this module.
#pragma once
#include "pg/rows.hpp"
#include "scheduler/pipeline.hpp"

namespace weir::scheduler {

Schedule read_schedule(const pg::Row& row);
Pipeline read_pipeline(const pg::Row& row);
// $first… of insert_pipeline.sql and update_pipeline.sql: name, data sources, …, is_enabled, next_fire_at.
void add_data(pg::Params& params, const PipelineData& data, std::optional<Instant> next_fire_at);

}  // namespace weir::scheduler
