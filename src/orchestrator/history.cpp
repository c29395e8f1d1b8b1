#include "orchestrator/history.hpp"

#include <map>
#include <set>

#include <fmt/format.h>

#include "orchestrator/sql.hpp"
#include "pg/documents.hpp"
#include "tenancy/change.hpp"

namespace weir::orchestrator {
namespace {

using nlohmann::json;

TenantId tenant_of(const json& document) {
  return TenantId(Uuid::parse(document.at("tenant_id").get<std::string>()).value_or(Uuid{}));
}

// "tenant": the key, in place of nothing when the tenant is gone.
Task<> add_tenant_keys(pg::Database& database, json& list) {
  std::set<std::string> ids;
  for (const auto& document : list) ids.insert(document.at("tenant_id").get<std::string>());
  pg::Params params;
  params.add_array({ids.begin(), ids.end()});
  const auto rows = co_await database.query(pg::Scope::control(), sql::list_tenant_keys, std::move(params));
  std::map<std::string, std::string> keys;
  for (const auto row : rows) keys[row.get<std::string>("id")] = row.get<std::string>("key");
  for (auto& document : list) {
    const auto found = keys.find(document.at("tenant_id").get<std::string>());
    document["tenant"] = found == keys.end() ? json() : json(found->second);
  }
}

Error no_such_run(Uuid id) {
  return {ErrorCode::not_found, fmt::format("there is no run {}; `weir runs` lists them", id.to_string())};
}

Task<json> describe_script_run(pg::Database& database, json document) {
  const auto tenant = tenant_of(document);
  const auto ledger = co_await database.query(pg::Scope::tenant(tenant), sql::list_ledger,
                                              pg::Params(tenant, document.at("id").get<std::string>()));
  const auto gaps = co_await database.query(
      pg::Scope::tenant(tenant), sql::list_open_gaps,
      pg::Params(tenant, document.at("data_source").get<std::string>(), document.at("script").get<std::string>()));
  document["kind"] = "run";
  document["ledger"] = pg::read_documents(ledger);
  document["gaps"] = pg::read_documents(gaps);
  co_return document;
}

Task<json> describe_pipeline_run(pg::Database& database, json document) {
  const auto tenant = tenant_of(document);
  const auto runs = co_await database.query(pg::Scope::tenant(tenant), sql::list_runs_of_pipeline,
                                            pg::Params(tenant, document.at("id").get<std::string>()));
  document["kind"] = "pipeline_run";
  document["runs"] = pg::read_documents(runs);
  co_return document;
}

// The run, or else the pipeline run, of this id; null when there is neither.
Task<json> find_any_run(pg::Database& database, Uuid id, std::string& kind) {
  std::vector<pg::Command> commands;
  commands.push_back({sql::find_run, pg::Params(id)});
  commands.push_back({sql::find_pipeline_run, pg::Params(id)});
  const auto answers = co_await database.batch(pg::Scope::control(), std::move(commands));
  kind = answers[0].empty() ? "pipeline_run" : "run";
  const auto& rows = answers[answers[0].empty() ? 1 : 0];
  if (rows.empty()) co_return json();
  json list = pg::read_documents(rows);
  co_await add_tenant_keys(database, list);
  co_return list[0];
}

struct HeldScript {
  std::string data_source, script;
};

std::vector<HeldScript> held_scripts(const pg::Rows& rows) {
  std::vector<HeldScript> held;
  for (const auto row : rows) held.push_back({row.get<std::string>("data_source"), row.get<std::string>("script")});
  return held;
}

tenancy::AuditRecord cancel_record(const tenancy::Actor& actor, const json& document) {
  tenancy::AuditRecord record{actor, tenant_of(document), std::nullopt, "run.cancel", document.at("id")};
  if (document.at("tenant").is_string()) record.tenant_key = document.at("tenant").get<std::string>();
  record.before = {{"status", document.at("status")}};
  record.after = {{"status", "CANCELLED"}};
  return record;
}

}  // namespace

Task<json> list_pipeline_runs(pg::Database& database, PipelineRunFilter filter) {
  const auto rows = co_await database.query(
      pg::Scope::control(), sql::list_pipeline_runs,
      pg::Params(filter.tenant, filter.pipeline, filter.trigger, filter.status, filter.limit, filter.after));
  json list = pg::read_documents(rows);
  co_await add_tenant_keys(database, list);
  co_return list;
}

Task<json> list_runs(pg::Database& database, RunFilter filter) {
  const auto rows = co_await database.query(
      pg::Scope::control(), sql::list_runs,
      pg::Params(filter.tenant, filter.data_source, filter.script, filter.status, filter.limit, filter.after));
  json list = pg::read_documents(rows);
  co_await add_tenant_keys(database, list);
  co_return list;
}

Task<Result<json>> describe_run(pg::Database& database, Uuid id) {
  std::string kind;
  auto document = co_await find_any_run(database, id, kind);
  if (document.is_null()) co_return std::unexpected(no_such_run(id));
  if (kind == "run")
    document = co_await describe_script_run(database, std::move(document));
  else
    document = co_await describe_pipeline_run(database, std::move(document));
  co_return document;
}

Task<json> list_log_lines(pg::Database& database, TenantId tenant, RunId run, int after) {
  const auto rows =
      co_await database.query(pg::Scope::tenant(tenant), sql::list_log_lines, pg::Params(tenant, run, after));
  co_return pg::read_documents(rows);
}

Task<Result<>> cancel_run(pg::Database& database, tenancy::Actor actor, Uuid id) {
  std::string kind;
  const auto document = co_await find_any_run(database, id, kind);
  if (document.is_null()) co_return std::unexpected(no_such_run(id));
  const auto tenant = tenant_of(document);
  auto transaction = co_await database.begin(pg::Scope::control());
  const auto reason = fmt::format("cancelled by {}", actor.value_or("the operator"));
  bool was_open = false;
  if (kind == "pipeline_run") {
    const auto rows = co_await transaction.query(sql::cancel_pipeline_run, pg::Params(id, reason));
    was_open = !rows.empty();
  }
  co_await transaction.enter(pg::Scope::tenant(tenant));
  const auto statement = kind == "run" ? sql::find_running_script : sql::list_scripts_of_pipeline;
  const auto rows = co_await transaction.query(statement, pg::Params(tenant, id));
  for (const auto& held : held_scripts(rows)) {
    co_await transaction.query(sql::cancel_script, pg::Params(tenant, held.data_source, held.script, reason));
    was_open = true;
  }
  if (!was_open)
    co_return fail(ErrorCode::conflict,
                   fmt::format("run {} is over already: {}", id.to_string(), document.at("status").get<std::string>()));
  co_await tenancy::commit_with_audit(transaction, cancel_record(actor, document));
  co_return Result<>{};
}

}  // namespace weir::orchestrator
