#include "api/openapi.hpp"

namespace weir::api {
namespace {

using namespace schema;

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

void add_history(Components& made) {
  made["Run"] = open_object({{"id", uuid()},
                             {"tenant", nullable(text())},
                             {"data_source", text()},
                             {"script", text()},
                             {"status", word(k_run_states)},
                             {"user_id", with(nullable(text()), "null: scheduled")},
                             {"started_at", instant()},
                             {"completed_at", nullable(instant())},
                             {"records_imported", count()},
                             {"requests", count()},
                             {"error", nullable(text(0, 100'000))}});
  made["PipelineRun"] = open_object({{"id", uuid()},
                                     {"tenant", nullable(text())},
                                     {"pipeline", with(nullable(text()), "null: it belongs to none, or that is gone")},
                                     {"trigger", word({"manual", "schedule", "backfill"})},
                                     {"user_id", with(nullable(text()), "null: scheduled")},
                                     {"fire_at", instant()},
                                     {"status", word(k_run_states)},
                                     {"completed_at", nullable(instant())},
                                     {"missed", with(count(), "Earlier fires that it stands for")},
                                     {"error", nullable(text(0, 100'000))}});
  made["AnyRun"] =
      open_object({{"id", uuid()},
                   {"kind", word({"run", "pipeline_run"})},
                   {"tenant", nullable(text())},
                   {"status", word(k_run_states)},
                   {"ledger", with(list(anything()), "Of a run: expected, fetched, committed"), Need::optional},
                   {"gaps", with(list(anything()), "Of a run: what is missing, and why"), Need::optional},
                   {"runs", with(list(anything()), "Of a pipeline run"), Need::optional}});
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
                                {"version", count()}});
  made["CursorChange"] = open_object({{"partition", text()},
                                      {"cursor_at", nullable(instant())},
                                      {"version", count()},
                                      {"reason", word({"pass", "set", "reset"})},
                                      {"user_id", nullable(text())}});
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
                   {"created_at", instant()},
                   {"updated_at", instant()}});
  made["Fire"] = open_object({{"at", instant()},
                              {"offset_seconds", integer(-100'000, 100'000)},
                              {"clock_change", word({"none", "after_gap", "first_of_two", "second_of_two"})}});
  made["EnqueuedRun"] = open_object({{"run_id", uuid()},
                                     {"quota", open_object({{"limit", with(nullable(count()), "null: none")},
                                                            {"used", count()},
                                                            {"remaining", nullable(count())},
                                                            {"resets_at", instant()}})}});
  made["QueueEntry"] = open_object({{"pipeline_run_id", uuid()},
                                    {"tenant_id", uuid()},
                                    {"tenant_key", text()},
                                    {"pipeline", nullable(text())},
                                    {"state", word({"scheduled", "ready", "leased", "parked"})},
                                    {"due_at", instant()}});
  made["Explanation"] = open_object(
      {{"run", uuid()},
       {"tenant_id", uuid()},
       {"status", text()},
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
  add_history(made);
  add_scheduling(made);
  return made;
}

}  // namespace

const Components& components() {
  static const auto made = make_components();
  return made;
}

}  // namespace weir::api
