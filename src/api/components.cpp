#include "api/openapi.hpp"

namespace weir::api {
namespace {

using namespace schema;
using nlohmann::json;

std::vector<Property> api_key() {
  return {{"id", uuid()},
          {"prefix", with(text(), "The key's beginning, by which it is recognised")},
          {"name", text()},
          {"scope", word({"admin", "tenant:read", "tenant:write"})},
          {"tenant", with(nullable(text()), "The tenant's key; null: the operator's")},
          {"created_by", nullable(text())},
          {"created_at", instant()},
          {"expires_at", nullable(instant())},
          {"revoked_at", nullable(instant())},
          {"is_valid", boolean()}};
}

std::vector<Property> created_api_key() {
  auto properties = api_key();
  properties.push_back({"api_key", with(nullable(text()), "Send it in X-API-Key")});
  return properties;
}

std::vector<Property> data_source() {
  return {
      {"name", text()},
      {"provider", text()},
      {"state", with(text(), "enabled, disabled, paused, incomplete, needs credentials, unknown provider, removing")},
      {"is_enabled", boolean()},
      {"needs_credentials", with(nullable(text()), "Why it stopped")},
      {"missing", with(list(text()), "Required keys that it lacks")},
      {"first_import_at", nullable(instant())},
      {"last_sync_at", nullable(instant())},
      {"created_at", instant()},
      {"updated_at", instant()},
      {"settings", list(open_object({{"key", text()},
                                     {"value", with(text(0, 65'536), "*** for a secret")},
                                     {"is_secret", boolean()},
                                     {"set_at", instant()}}))}};
}

std::vector<Property> changed_data_source() {
  auto properties = data_source();
  properties.push_back({"changed", boolean()});
  properties.push_back({"runs_ended", with(count(), "Scripts that ran and lost the right to")});
  return properties;
}

const std::vector<std::string> k_run_states{"IDLE",   "RUNNING",   "PARKED",      "COMPLETED", "COMPLETED_WITH_GAPS",
                                            "FAILED", "CANCELLED", "INTERRUPTED", "SKIPPED"};

std::vector<Property> run() {
  return {{"id", uuid()},
          {"tenant_id", uuid()},
          {"tenant", nullable(text())},
          {"data_source", text()},
          {"script", text()},
          {"pipeline_run_id", nullable(uuid())},
          {"user_id", with(nullable(text()), "null: scheduled")},
          {"status", word(k_run_states)},
          {"reason", with(nullable(text(0, 100'000)), "Of SKIPPED, PARKED, CANCELLED, INTERRUPTED")},
          {"error", nullable(text(0, 100'000))},
          {"node_id", with(nullable(uuid()), "The process that worked on it; not for a tenant's key"), Need::optional},
          {"epoch", with(nullable(count()), "Of that process; not for a tenant's key"), Need::optional},
          {"started_at", instant()},
          {"completed_at", nullable(instant())},
          {"duration_ms", nullable(count())},
          {"records_imported", with(count(), "New or changed")},
          {"records_unchanged", count()},
          {"records_deleted", count()},
          {"records_failed", count()},
          {"records_mended", with(count(), "Imported with a value that had to be left out or cut")},
          {"requests", count()},
          {"not_modified", with(count(), "Requests that the provider answered with: nothing new")},
          {"points", with(count(), "What the provider charged against its limit")},
          {"bytes", with(count(), "Received")},
          {"waited_ms", with(count(), "For the provider's limits")},
          {"checkpoints", count()},
          {"log_lines", count()},
          {"log_dropped", with(count(), "Lines beyond those that are kept")}};
}

std::vector<Property> pipeline_run() {
  return {{"id", uuid()},
          {"tenant_id", uuid()},
          {"tenant", nullable(text())},
          {"pipeline_id", nullable(uuid())},
          {"pipeline", with(nullable(text()), "null: it belongs to none, or that is gone")},
          {"trigger", word({"manual", "schedule", "backfill"})},
          {"user_id", with(nullable(text()), "null: scheduled")},
          {"fire_at", instant()},
          {"status", word(k_run_states)},
          {"parameters", with(map(anything()), "Over those of its pipeline")},
          {"node_id", with(nullable(uuid()), "The process that works on it; not for a tenant's key"), Need::optional},
          {"epoch", with(nullable(count()), "Of that process; not for a tenant's key"), Need::optional},
          {"queued_at", nullable(instant())},
          {"started_at", nullable(instant())},
          {"completed_at", nullable(instant())},
          {"cancel_requested_at", nullable(instant())},
          {"attempts", with(count(), "That failed and were tried again")},
          {"interruptions", with(count(), "By the end of a process")},
          {"missed", with(count(), "Earlier fires that it stands for")},
          {"summary", with(nullable(list(anything(), 100'000)), "By script: status, counts, reason")},
          {"reason", with(nullable(text(0, 100'000)), "Of SKIPPED")},
          {"error", nullable(text(0, 100'000))}};
}

json ledger() {
  return open_object({{"data_source", text()},
                      {"script", text()},
                      {"partition", text()},
                      {"window_start", nullable(instant())},
                      {"window_end", nullable(instant())},
                      {"expected", with(nullable(count()), "null: the provider did not say")},
                      {"fetched", count()},
                      {"committed", count()},
                      {"rejected", count()},
                      {"skipped", count()},
                      {"is_complete", boolean()},
                      {"note", nullable(text(0, 100'000))},
                      {"updated_at", instant()}});
}

json gap() {
  return open_object({{"id", uuid()},
                      {"data_source", text()},
                      {"script", text()},
                      {"partition", text()},
                      {"kind", text()},
                      {"from_at", nullable(instant())},
                      {"to_at", nullable(instant())},
                      {"records", count()},
                      {"reason", text(0, 100'000)},
                      {"remedy", nullable(text(0, 100'000))},
                      {"attempts", count()},
                      {"run_id", nullable(uuid())},
                      {"opened_at", instant()},
                      {"seen_at", instant()},
                      {"closed_at", nullable(instant())}});
}

void add_runs(Components& made) {
  auto within = run();
  std::erase_if(within, [](const Property& property) { return property.name == "tenant"; });
  made["Run"] = open_object(run());
  made["PipelineRun"] = open_object(pipeline_run());
  auto details = run();
  details.insert(details.end(), {{"kind", word({"run"})},
                                 {"ledger", with(list(ledger()), "What there was to collect, and what was")},
                                 {"gaps", with(list(gap()), "Of its script: what is missing, and why")}});
  made["RunDetails"] = open_object(details);
  details = pipeline_run();
  details.insert(details.end(), {{"kind", word({"pipeline_run"})}, {"runs", list(open_object(within), 1'000'000)}});
  made["PipelineRunDetails"] = open_object(details);
  made["AnyRun"] = {{"anyOf", json::array({ref("RunDetails"), ref("PipelineRunDetails")})}};
}

void add_history(Components& made) {
  made["LogLine"] = open_object({{"id", with(text(), "Give it as `after`")},
                                 {"run_id", uuid()},
                                 {"line", count()},
                                 {"at", instant()},
                                 {"level", word({"debug", "info", "warning", "error"})},
                                 {"message", text(0, 100'000)},
                                 {"details", anything()},
                                 {"record_id", nullable(text())},
                                 {"data_source", text()},
                                 {"script", text()}});
  made["Cursor"] = open_object({{"id", text()},
                                {"data_source", text()},
                                {"script", text()},
                                {"partition", text()},
                                {"title", nullable(text())},
                                {"cursor_at", with(nullable(instant()), "Complete up to here; null: nothing yet")},
                                {"pass_start", with(nullable(instant()), "An open pass is about what is after this")},
                                {"pass_end", with(nullable(instant()), "null: no pass is open")},
                                {"generation", with(nullable(count()), "Of an open refresh of everything")},
                                {"declaration_hash", with(nullable(text()), "Of the script that moved it")},
                                {"unreachable", with(nullable(text(0, 100'000)), "Why it cannot be collected")},
                                {"probe_at", with(nullable(instant()), "When that is tried again")},
                                {"checked_at", nullable(instant())},
                                {"updated_at", instant()},
                                {"version", count()}});
  made["CursorChange"] = open_object({{"data_source", text()},
                                      {"script", text()},
                                      {"partition", text()},
                                      {"cursor_at", nullable(instant())},
                                      {"state", with(anything(), "What the script had noted; null: nothing")},
                                      {"version", count()},
                                      {"reason", word({"pass", "set", "reset"})},
                                      {"user_id", nullable(text())},
                                      {"run_id", nullable(uuid())},
                                      {"changed_at", instant()}});
  made["ImportPlan"] =
      open_object({{"tenant", text()},
                   {"at", instant()},
                   {"scripts", list(open_object({{"data_source", text()},
                                                 {"script", text()},
                                                 {"step", nullable(count())},
                                                 {"action", word({"run", "resume", "held", "parked", "skip", "error"})},
                                                 {"why", text()},
                                                 {"waits_for", list(text())},
                                                 {"declaration_changed", boolean()},
                                                 {"partitions", list(anything(), 1'000'000)}}))}});
}

void add_scheduling(Components& made) {
  made["Pipeline"] =
      open_object({{"id", uuid()},
                   {"name", text()},
                   {"data_sources", list(text())},
                   {"scripts", list(text())},
                   {"parameters", map(anything())},
                   {"schedule", with(map(anything()), "every_seconds, or cron with its rules; neither: by hand")},
                   {"priority", integer(-10, 10)},
                   {"class", word({"manual", "scheduled", "backfill"})},
                   {"is_enabled", boolean()},
                   {"version", with(count(), "Grows with every change")},
                   {"next_fire_at", nullable(instant())},
                   {"last_fire_at", nullable(instant())},
                   {"plan_error", with(text(0, 100'000), "Why the next fire is not known"), Need::optional},
                   {"created_at", instant()},
                   {"updated_at", instant()}});
  made["Fire"] = open_object(
      {{"at", instant()},
       {"offset_seconds", integer(-100'000, 100'000)},
       {"clock_change", with(nullable(word({"after_gap", "first_of_two", "second_of_two", "after_left_out"})),
                             "What a change of the clock does to it; null: nothing")},
       {"left_out", with(nullable(text()),
                         "With after_left_out: the local time before it that does not come, "
                         "2026-03-29T02:30:00, and that nothing runs for")}});
}

void add_queue(Components& made) {
  made["EnqueuedRun"] = open_object({{"run_id", uuid()},
                                     {"quota", open_object({{"limit", with(nullable(count()), "null: none")},
                                                            {"used", count()},
                                                            {"remaining", nullable(count())},
                                                            {"resets_at", instant()}})}});
  made["QueueEntry"] = open_object({{"pipeline_run_id", uuid()},
                                    {"tenant_id", uuid()},
                                    {"tenant_key", text()},
                                    {"pipeline_id", nullable(uuid())},
                                    {"pipeline", nullable(text())},
                                    {"class", word({"manual", "scheduled", "backfill"})},
                                    {"state", word({"scheduled", "ready", "leased", "parked"})},
                                    {"needs_quota", with(boolean(), "The day's quota has not paid for it yet")},
                                    {"quota_day", with(nullable(text()), "Of the day that has")},
                                    {"was_parked", boolean()},
                                    {"priority", integer(-10, 10)},
                                    {"due_at", instant()},
                                    {"fire_at", with(nullable(instant()), "null: asked for by hand")},
                                    {"queued_at", instant()},
                                    {"leased_at", nullable(instant())},
                                    {"attempt", with(count(), "How often it failed and was tried again")},
                                    {"interruptions", with(count(), "By the end of a process")}});
  made["Explanation"] = open_object(
      {{"run", uuid()},
       {"kind", with(word({"run", "pipeline_run"}), "run: of a script")},
       {"tenant_id", uuid()},
       {"status", text()},
       {"data_source", text(), Need::optional},
       {"script", text(), Need::optional},
       {"pipeline_run_id", uuid(), Need::optional},
       {"reasons", list(open_object({{"code", text()}, {"text", text()}, {"until", instant(), Need::optional}}))},
       {"expected_start", instant(), Need::optional}});
  made["JobResult"] = open_object({{"job", text()}, {"result", with(map(anything()), "Counts of what was done")}});
  made["ClaimedRuns"] = open_object(
      {{"is_worker", with(boolean(), "false: others were woken")},
       {"runs", list(open_object({{"run_id", uuid()}, {"is_over", with(boolean(), "It ended while this waited")}}))}});
  made["SchedulerStatus"] = open_object(
      {{"queue",
        list(open_object(
            {{"class", text()}, {"state", text()}, {"entries", count()}, {"oldest_due_at", nullable(instant())}}))},
       {"jobs", with(list(open_object({{"name", text()}})), "Those that have run: when, what came of it, when next")},
       {"worker", with(anything(), "running and free_slots; null: none here")}});
}

void add_plans(Components& made) {
  made["Plan"] = open_object({{"name", text()},
                              {"runs_per_day", nullable(count())},
                              {"concurrent_runs", count()},
                              {"weight", count()},
                              {"data_retention_days", nullable(count())},
                              {"created_at", instant()},
                              {"updated_at", instant()}});
  made["Subscription"] = open_object({{"plan", text()},
                                      {"status", word({"ACTIVE", "SUSPENDED", "CANCELLED"})},
                                      {"created_at", instant()},
                                      {"updated_at", instant()}});
  made["Quota"] = open_object({{"day", text()},
                               {"time_zone", text()},
                               {"runs_used", count()},
                               {"runs_limit", nullable(count())},
                               {"runs_remaining", nullable(count())},
                               {"resets_at", instant()}});
  made["UsageDay"] = open_object({{"day", text()},
                                  {"runs_used", with(count(), "Pipeline runs that the quota paid for")},
                                  {"runs_limit", nullable(count())},
                                  {"script_runs", count()},
                                  {"records", count()},
                                  {"requests", count()},
                                  {"not_modified", count()},
                                  {"bytes", count()},
                                  {"run_ms", count()}});
}

Components make_components() {
  Components made;
  made["Problem"] = open_object({{"type", text()},
                                 {"title", text()},
                                 {"status", integer(400, 599)},
                                 {"code", with(text(), "Stable; what a program looks at")},
                                 {"detail", with(text(), "What happened and what to do, for a person")},
                                 {"request_id", text()}});
  made["ApiKey"] = open_object(api_key());
  made["CreatedApiKey"] = open_object(created_api_key());
  made["AuditRecord"] = open_object({{"id", uuid()},
                                     {"at", instant()},
                                     {"tenant_id", nullable(uuid())},
                                     {"tenant", nullable(text())},
                                     {"actor", with(nullable(text()), "null: scheduled work")},
                                     {"action", text()},
                                     {"target", text()},
                                     {"before", anything()},
                                     {"after", anything()}});
  made["Tenant"] = open_object({{"id", uuid()},
                                {"key", text()},
                                {"name", nullable(text())},
                                {"state", word({"ACTIVE", "PAUSED", "DELETING"})},
                                {"concurrent_scripts", count()},
                                {"egress_allow", text()},
                                {"time_zone", text()},
                                {"created_at", instant()},
                                {"updated_at", instant()}});
  made["DataSource"] = open_object(data_source());
  made["ChangedDataSource"] = open_object(changed_data_source());
  made["SavedCredentials"] = open_object({{"tenant", text()},
                                          {"data_source", text()},
                                          {"provider", text()},
                                          {"keys", with(list(text()), "Of the secrets that were sent")},
                                          {"changed", boolean()},
                                          {"runs_ended", count()}});
  add_runs(made);
  add_history(made);
  add_scheduling(made);
  add_queue(made);
  add_plans(made);
  return made;
}

}  // namespace

const Components& components() {
  static const auto made = make_components();
  return made;
}

}  // namespace weir::api
