#include "orchestrator/pipeline_report.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace weir::orchestrator {
namespace {

using nlohmann::json;

struct CountName {
  const char* name;
  std::int64_t load::RunCounts::* member;
};
constexpr CountName k_counts[] = {{"records_imported", &load::RunCounts::imported},
                                  {"records_unchanged", &load::RunCounts::unchanged},
                                  {"records_deleted", &load::RunCounts::deleted},
                                  {"records_failed", &load::RunCounts::failed},
                                  {"requests", &load::RunCounts::requests},
                                  {"not_modified", &load::RunCounts::not_modified},
                                  {"points", &load::RunCounts::points},
                                  {"bytes", &load::RunCounts::bytes},
                                  {"waited_ms", &load::RunCounts::waited_ms}};

}  // namespace

void to_json(json& out, const ScriptReport& report) {
  out = {{"data_source", report.id.data_source}, {"script", report.id.script}, {"status", report.status}};
  for (const auto& count : k_counts) out[count.name] = report.counts.*count.member;
  out["duration_ms"] = report.duration.count();
  if (!report.reason.empty()) out["reason"] = report.reason;
  if (report.skipped) out["skipped"] = name_of(*report.skipped);
  if (report.may_retry) out["may_retry"] = true;
  if (report.run) out["run"] = to_string(*report.run);
  if (report.wake_at) out["wake_at"] = format_rfc3339(*report.wake_at);
}

void to_json(json& out, const PipelineReport& report) {
  out = {{"id", report.id ? json(to_string(*report.id)) : json()},
         {"tenant", report.tenant_key},
         {"status", report.status},
         {"scripts", report.scripts}};
  if (report.error) out["error"] = *report.error;
}

ScriptReport read_script_report(const json& in) {
  ScriptReport report{.id = {in.value("data_source", ""), in.value("script", "")},
                      .status = in.value("status", ""),
                      .reason = in.value("reason", ""),
                      .skipped = skip_code_of(in.value("skipped", "")),
                      .may_retry = in.value("may_retry", false)};
  for (const auto& count : k_counts) report.counts.*count.member = in.value(count.name, std::int64_t{0});
  report.duration = std::chrono::milliseconds(in.value("duration_ms", std::int64_t{0}));
  if (const auto run = Uuid::parse(in.value("run", ""))) report.run = RunId(*run);
  report.wake_at = parse_rfc3339(in.value("wake_at", ""));
  return report;
}

bool is_settled(const ScriptReport& report) {
  if (report.status == "COMPLETED" || report.status == "COMPLETED_WITH_GAPS") return true;
  if (report.status == "FAILED") return !report.may_retry;
  if (report.status != "SKIPPED" || !report.skipped) return false;
  switch (*report.skipped) {
    case SkipCode::ancestor:
    case SkipCode::parked:
    case SkipCode::stopped:
    case SkipCode::cancelled: return false;
    default: return true;
  }
}

std::vector<ScriptReport> without_earlier(std::vector<ScriptReport> reports, const std::vector<ScriptReport>& earlier) {
  std::vector<ScriptReport> own;
  for (auto& report : reports) {
    const auto before = std::ranges::find(earlier, report.id, &ScriptReport::id);
    if (before != earlier.end()) {
      if (before->run == report.run && before->status == report.status) continue;
      load::subtract_counts(report.counts, before->counts);
      report.duration -= before->duration;
    }
    own.push_back(std::move(report));
  }
  return own;
}

bool has_status(const std::vector<ScriptReport>& reports, std::string_view status) {
  return std::ranges::any_of(reports, [&](const ScriptReport& report) { return report.status == status; });
}

std::optional<Instant> earliest_wake(const std::vector<ScriptReport>& reports) {
  std::optional<Instant> earliest;
  for (const auto& report : reports)
    if (report.status == "PARKED" && report.wake_at && (!earliest || *report.wake_at < *earliest))
      earliest = report.wake_at;
  return earliest;
}

std::optional<std::string> worst_reason(const std::vector<ScriptReport>& reports) {
  for (const std::string_view status : {"FAILED", "INTERRUPTED", "PARKED", "CANCELLED"}) {
    const ScriptReport* first = nullptr;
    int more = -1;
    for (const auto& report : reports) {
      if (report.status != status) continue;
      if (first == nullptr) first = &report;
      ++more;
    }
    if (first == nullptr) continue;
    const auto text = fmt::format("{}: {}", label(first->id), first->reason);
    return more == 0 ? text : fmt::format("{} (and {} more)", text, more);
  }
  return std::nullopt;
}

}  // namespace weir::orchestrator
