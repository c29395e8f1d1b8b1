#include "api/pipeline_body.hpp"

#include "orchestrator/run_parameters.hpp"

namespace weir::api {
namespace {

using nlohmann::json;
using scheduler::ScheduleChange;

constexpr int k_spread_max = 86'400;
constexpr std::int64_t k_every_max = std::int64_t{3660} * 86'400;

json schedule_schema() {
  return schema::object(
      {{"every", schema::with(schema::duration(), "Run so often; or give cron"), Need::optional},
       {"every_seconds", schema::with(schema::integer(1, k_every_max), "The same as a number, as it is answered"),
        Need::optional},
       {"cron", schema::with(schema::text(1, 200), "Five fields, names, ranges, steps, or @hourly and the like"),
        Need::optional},
       {"time_zone", schema::with(schema::text(1, 100), "Of cron: Europe/Berlin; default UTC"), Need::optional},
       {"gap_rule", schema::with(schema::word({"after", "skip"}), "A time that a clock change leaves out"),
        Need::optional},
       {"overlap_rule", schema::with(schema::word({"first", "both"}), "A time that comes twice"), Need::optional},
       {"day_rule", schema::with(schema::word({"either", "both"}), "Day of month and of week"), Need::optional},
       {"missed", schema::with(schema::word({"once", "skip"}), "Fires that nobody was there for"), Need::optional},
       {"spread_seconds",
        schema::with(schema::integer(0, k_spread_max),
                     "Fires move by the tenant's share of it; default: of every the interval, of cron 0"),
        Need::optional}});
}

template <class Rule>
Result<> read_rule(const json& body, const char* name, Result<Rule> (*rule_of)(std::string_view),
                   std::optional<Rule>& rule) {
  if (!body.contains(name)) return {};
  const auto read = rule_of(body[name].get<std::string>());
  if (!read) return std::unexpected(read.error());
  rule = *read;
  return {};
}

Result<ScheduleChange> change_in(const json& body) {
  ScheduleChange change{.is_by_hand = body.is_null()};
  if (change.is_by_hand) return change;
  if (body.contains("every")) change.every = parse_duration(body["every"].get<std::string>());
  if (body.contains("every_seconds")) {
    if (change.every) return fail(ErrorCode::invalid_input, "a schedule has every or every_seconds, not both");
    change.every = std::chrono::seconds(body["every_seconds"].get<std::int64_t>());
  }
  if (body.contains("cron")) change.cron = body["cron"].get<std::string>();
  if (body.contains("time_zone")) change.time_zone = body["time_zone"].get<std::string>();
  if (body.contains("spread_seconds")) change.spread = std::chrono::seconds(body["spread_seconds"].get<int>());
  for (const auto& read : {read_rule(body, "gap_rule", scheduler::gap_rule_of, change.gap),
                           read_rule(body, "overlap_rule", scheduler::overlap_rule_of, change.overlap),
                           read_rule(body, "day_rule", scheduler::day_rule_of, change.days),
                           read_rule(body, "missed", scheduler::missed_rule_of, change.missed)})
    if (!read) return std::unexpected(read.error());
  return change;
}

}  // namespace

std::vector<Property> pipeline_properties(Need name) {
  return {
      {"name", schema::name(), name},
      {"data_sources", schema::with(schema::list(schema::name(), 100), "Absent or empty: all of the tenant's"),
       Need::optional},
      {"scripts", schema::with(schema::list(schema::text(1, 100), 100), "provider/script; absent or empty: all"),
       Need::optional},
      {"parameters", schema::map(schema::anything(), 50), Need::optional},
      {"schedule", schema::with(schema::nullable(schedule_schema()), "null, or neither every nor cron: by hand only"),
       Need::optional},
      {"priority", schema::integer(-10, 10), Need::optional},
      {"class", schema::word({"scheduled", "backfill"}), Need::optional},
      {"is_enabled", schema::boolean(), Need::optional}};
}

Result<scheduler::PipelineData> pipeline_data(const json& body, scheduler::PipelineData data) {
  data.name = body.value("name", data.name);
  data.data_sources = body.value("data_sources", data.data_sources);
  data.scripts = body.value("scripts", data.scripts);
  data.parameters = body.value("parameters", data.parameters);
  data.priority = body.value("priority", data.priority);
  data.is_enabled = body.value("is_enabled", data.is_enabled);
  if (const auto good = orchestrator::read_run_parameters(data.parameters, system_clock().now()); !good)
    return std::unexpected(good.error());
  if (body.contains("class")) data.run_class = *queue::run_class_of(body["class"].get<std::string>());
  if (!body.contains("schedule")) return data;
  const auto change = change_in(body["schedule"]);
  if (!change) return std::unexpected(change.error());
  auto schedule = scheduler::changed_schedule(std::move(data.schedule), *change);
  if (!schedule) return std::unexpected(schedule.error());
  data.schedule = std::move(*schedule);
  return data;
}

json pipeline_example() {
  return {{"id", "0197a000-0000-7000-8000-000000000004"},
          {"name", "nightly"},
          {"data_sources", {"github"}},
          {"scripts", json::array()},
          {"parameters", json::object()},
          {"schedule",
           {{"cron", "0 3 * * *"},
            {"time_zone", "Europe/Berlin"},
            {"gap_rule", "after"},
            {"overlap_rule", "first"},
            {"day_rule", "either"},
            {"missed", "once"},
            {"spread_seconds", 0}}},
          {"priority", 0},
          {"class", "scheduled"},
          {"is_enabled", true},
          {"version", 1},
          {"next_fire_at", "2026-02-01T02:00:00Z"},
          {"last_fire_at", nullptr},
          {"created_at", "2026-01-31T12:00:00Z"},
          {"updated_at", "2026-01-31T12:00:00Z"}};
}

}  // namespace weir::api
