#include "weir/verbs/pipeline_documents.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "weir/schedule_options.hpp"

namespace weir::app {
namespace {

using scheduler::Fire;
using scheduler::FireNote;
using scheduler::Pipeline;

std::string joined(const std::vector<std::string>& names) {
  return names.empty() ? "all" : fmt::format("{}", fmt::join(names, " "));
}

Cell state_cell(const Pipeline& pipeline) {
  if (pipeline.plan_error) return {"broken", Colour::red};
  return pipeline.data.is_enabled ? Cell("enabled", Colour::green) : Cell("disabled", Colour::yellow);
}

std::string offset_text(std::chrono::seconds offset) {
  const auto minutes = std::abs(offset.count()) / 60;
  return fmt::format("{}{:02}:{:02}", offset.count() < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

// 2026-03-29T03:00:00+02:00
std::string local_time(const Fire& fire) {
  auto text = format_rfc3339(Instant(fire.at + fire.offset));
  if (text.ends_with('Z')) text.pop_back();
  return text + offset_text(fire.offset);
}

// 2026-03-29 02:30
std::string local_text(std::chrono::local_seconds local) {
  constexpr std::size_t k_day = 10, k_minute = 16;
  const auto text = format_rfc3339(Instant(local.time_since_epoch()));
  return text.substr(0, k_day) + ' ' + text.substr(k_day + 1, k_minute - k_day - 1);
}

// What the clock did to a time, or between it and the one before.
std::string clock_note(const Fire& fire, const Fire* before) {
  switch (fire.note) {
    case FireNote::after_gap: return "its time is left out that day: right after the change";
    case FireNote::first_of_two: return "its time comes twice that day: the first";
    case FireNote::second_of_two: return "its time comes twice that day: the second";
    case FireNote::after_left_out:
      return fmt::format("{} is left out: nothing runs for it", local_text(*fire.left_out));
    case FireNote::none: break;
  }
  if (before == nullptr || before->offset == fire.offset) return {};
  return fmt::format("the clock has changed, {} to {}", offset_text(before->offset), offset_text(fire.offset));
}

}  // namespace

void print_pipelines(const Cli& cli, const std::vector<Pipeline>& pipelines) {
  Table table({{"NAME"}, {"SOURCES"}, {"SCRIPTS"}, {"WHEN"}, {"STATE"}, {"LAST"}, {"NEXT"}});
  for (const auto& pipeline : pipelines)
    table.add_row({pipeline.data.name, joined(pipeline.data.data_sources), joined(pipeline.data.scripts),
                   describe_schedule(pipeline.data.schedule), state_cell(pipeline), short_time(pipeline.last_fire_at),
                   pipeline.next_fire_at ? short_time(pipeline.next_fire_at) : "-"});
  table.print(cli);
}

void print_details(const Cli& cli, const Pipeline& pipeline) {
  const auto& data = pipeline.data;
  Table table({{"PIPELINE"}, {data.name}});
  table.add_row({"id", to_string(pipeline.id)});
  table.add_row({"state", state_cell(pipeline)});
  if (pipeline.plan_error) table.add_row({"why", *pipeline.plan_error});
  table.add_row({"data sources", joined(data.data_sources)});
  table.add_row({"scripts", joined(data.scripts)});
  table.add_row({"when", describe_schedule(data.schedule)});
  if (data.schedule.spread.count() > 0) table.add_row({"spread over", format_duration(data.schedule.spread)});
  table.add_row(
      {"clock changes", fmt::format("left out: {}; twice: {}", scheduler::name_of(data.schedule.clock_changes.gap),
                                    scheduler::name_of(data.schedule.clock_changes.overlap))});
  table.add_row({"missed", std::string(scheduler::name_of(data.schedule.missed))});
  table.add_row({"priority", std::to_string(data.priority)});
  table.add_row({"class", std::string(queue::name_of(data.run_class))});
  table.add_row({"parameters", data.parameters.dump()});
  table.add_row({"last", short_time(pipeline.last_fire_at)});
  table.add_row({"next", pipeline.next_fire_at ? short_time(pipeline.next_fire_at) : "-"});
  table.print(cli);
}

nlohmann::json to_documents(const std::vector<Fire>& fires) {
  auto documents = nlohmann::json::array();
  const Fire* before = nullptr;
  for (const auto& fire : fires) {
    const auto note = clock_note(fire, before);
    documents.push_back({{"at", format_rfc3339(fire.at)},
                         {"local", local_time(fire)},
                         {"clock_change", note.empty() ? nlohmann::json() : nlohmann::json(note)}});
    before = &fire;
  }
  return documents;
}

void print_fires(const Cli& cli, const std::vector<Fire>& fires, const scheduler::Schedule& schedule) {
  Table table({{schedule.cron ? "LOCAL TIME, " + schedule.time_zone : "LOCAL TIME"}, {"UTC"}, {"CLOCK"}});
  const Fire* before = nullptr;
  for (const auto& fire : fires) {
    table.add_row({local_time(fire), format_rfc3339(fire.at), Cell(clock_note(fire, before), Colour::yellow)});
    before = &fire;
  }
  table.print(cli);
}

nlohmann::json to_document(const queue::QuotaState& quota) {
  const auto or_null = [](const std::optional<int>& number) {
    return number ? nlohmann::json(*number) : nlohmann::json();
  };
  return {{"limit", or_null(quota.limit)},
          {"used", quota.used},
          {"remaining", or_null(quota.remaining())},
          {"resets_at", format_rfc3339(quota.resets_at)}};
}

std::optional<Error> refusal_of(const queue::EnqueueAnswer& answer, const std::string& tenant,
                                const std::string& pipeline) {
  using enum queue::EnqueueOutcome;
  switch (answer.outcome) {
    case enqueued: return std::nullopt;
    case active:
      return Error{ErrorCode::conflict, fmt::format("pipeline {}/{} has a run that is not over: {}", tenant, pipeline,
                                                    to_string(*answer.run))};
    case quota_spent:
      return Error{ErrorCode::quota_spent,
                   fmt::format("the {} runs of the day of tenant {} are used up; the next day begins at {}",
                               answer.quota.limit.value_or(0), tenant, format_rfc3339(answer.quota.resets_at))};
    case subscription_inactive:
      return Error{ErrorCode::subscription_inactive,
                   fmt::format("the subscription of tenant {} is not active", tenant)};
    case paused:
      return Error{ErrorCode::conflict,
                   fmt::format("tenant {} is paused; `weir tenant resume {}` lets it run", tenant, tenant)};
    case deleting: return Error{ErrorCode::conflict, fmt::format("tenant {} is being removed", tenant)};
    case unknown_tenant: return Error{ErrorCode::not_found, fmt::format("there is no tenant '{}'", tenant)};
    case unknown_pipeline:
      return Error{ErrorCode::not_found, fmt::format("tenant {} has no pipeline '{}'", tenant, pipeline)};
  }
  return std::nullopt;
}

}  // namespace weir::app
