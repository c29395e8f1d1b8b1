#include "scheduler/pipeline_rows.hpp"

namespace weir::scheduler {
namespace {

// Written by us and checked by the table.
template <class Rule>
Rule trusted(Result<Rule> rule) {
  if (!rule) throw Failure(rule.error());
  return *rule;
}

}  // namespace

Schedule read_schedule(const pg::Row& row) {
  Schedule schedule{.cron = row.get<std::optional<std::string>>("cron"),
                    .time_zone = row.get<std::string>("time_zone")};
  if (const auto every = row.get<std::optional<int>>("every_seconds")) schedule.every = std::chrono::seconds(*every);
  schedule.clock_changes.gap = trusted(gap_rule_of(row.get<std::string_view>("gap_rule")));
  schedule.clock_changes.overlap = trusted(overlap_rule_of(row.get<std::string_view>("overlap_rule")));
  schedule.days = trusted(day_rule_of(row.get<std::string_view>("day_rule")));
  schedule.missed = trusted(missed_rule_of(row.get<std::string_view>("missed")));
  schedule.spread = std::chrono::seconds(row.get<int>("spread_seconds"));
  return schedule;
}

Pipeline read_pipeline(const pg::Row& row) {
  return {.id = row.get<PipelineId>("id"),
          .tenant = row.get<TenantId>("tenant_id"),
          .data = {.name = row.get<std::string>("name"),
                   .data_sources = row.get<std::vector<std::string>>("data_sources"),
                   .scripts = row.get<std::vector<std::string>>("scripts"),
                   .parameters = row.get<nlohmann::json>("parameters"),
                   .schedule = read_schedule(row),
                   .priority = row.get<int>("priority"),
                   .run_class = static_cast<queue::RunClass>(row.get<int>("class")),
                   .is_enabled = row.get<bool>("is_enabled")},
          .version = row.get<std::int64_t>("version"),
          .next_fire_at = row.get<std::optional<Instant>>("next_fire_at"),
          .last_fire_at = row.get<std::optional<Instant>>("last_fire_at"),
          .plan_error = row.get<std::optional<std::string>>("plan_error"),
          .created_at = row.get<Instant>("created_at"),
          .updated_at = row.get<Instant>("updated_at")};
}

void add_data(pg::Params& params, const PipelineData& data, std::optional<Instant> next_fire_at) {
  const auto& schedule = data.schedule;
  const auto every = schedule.every ? std::optional(schedule.every->count()) : std::nullopt;
  params.add(data.name);
  params.add_array(data.data_sources).add_array(data.scripts);
  params.add(data.parameters).add(every).add(schedule.cron).add(schedule.time_zone);
  params.add(name_of(schedule.clock_changes.gap)).add(name_of(schedule.clock_changes.overlap));
  params.add(name_of(schedule.days)).add(name_of(schedule.missed)).add(schedule.spread.count());
  params.add(data.priority).add(static_cast<int>(data.run_class)).add(data.is_enabled).add(next_fire_at);
}

}  // namespace weir::scheduler
