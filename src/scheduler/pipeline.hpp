// A tenant's pipelines: which data sources and scripts, when, and how urgent. Every change is recorded in the audit log
// and takes effect with the next fire, without a restart.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pg/database.hpp"
#include "queue/entry.hpp"
#include "scheduler/schedule.hpp"
#include "tenancy/audit.hpp"

namespace weir::scheduler {

using queue::PipelineId;

struct PipelineData {
  std::string name;                         // [a-z0-9-]{1,40}
  std::vector<std::string> data_sources{};  // none: all of the tenant's
  std::vector<std::string> scripts{};       // <provider>/<script>; none: all
  nlohmann::json parameters = nlohmann::json::object();
  Schedule schedule{};
  int priority = 0;  // -10 to 10
  queue::RunClass run_class = queue::RunClass::scheduled;
  bool is_enabled = true;
};
void to_json(nlohmann::json& json, const PipelineData& data);

struct Pipeline {
  PipelineId id;
  TenantId tenant;
  PipelineData data;
  std::int64_t version = 0;  // grows with every change of a person
  std::optional<Instant> next_fire_at{};
  std::optional<Instant> last_fire_at{};
  std::optional<std::string> plan_error{};  // why its next fire could not be computed
  Instant created_at{};
  Instant updated_at{};
};
void to_json(nlohmann::json& json, const Pipeline& pipeline);

// invalid_input, already_exists (the name), not_found or conflict (the tenant).
Task<Result<Pipeline>> add_pipeline(pg::Database& database, tenancy::Actor actor, TenantId tenant, PipelineData data);
// All data anew; `version` as it was read, or conflict. A fire that is due stays due unless the schedule changes.
Task<Result<Pipeline>> change_pipeline(pg::Database& database, tenancy::Actor actor, TenantId tenant, PipelineId id,
                                       std::int64_t version, PipelineData data);
// A run of it that waits is cancelled, one that runs goes on to its end.
Task<Result<>> remove_pipeline(pg::Database& database, tenancy::Actor actor, TenantId tenant, PipelineId id);

// By name or by id.
Task<Result<Pipeline>> find_pipeline(pg::Database& database, TenantId tenant, std::string name_or_id);
// By name; at most `limit` after the name `after`.
Task<std::vector<Pipeline>> list_pipelines(pg::Database& database, TenantId tenant, std::string after = "",
                                           int limit = 1000);

Result<> check_pipeline(const PipelineData& data, TenantId tenant);
// The next fires after an instant, with what a change of the clock does to them; none for a pipeline run by hand.
Result<std::vector<Fire>> preview_fires(const Schedule& schedule, TenantId tenant, Instant after, std::size_t count);

}  // namespace weir::scheduler
