#include "scheduler/pipeline.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "scheduler/pipeline_rows.hpp"
#include "scheduler/sql.hpp"
#include "tenancy/change.hpp"

namespace weir::scheduler {
namespace {

constexpr std::size_t k_name_bytes_max = 40, k_parameters_bytes_max = 65'536, k_selection_max = 1000;
constexpr int k_priority_max = 10;

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= k_name_bytes_max &&
         std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

std::unexpected<Error> unknown(const tenancy::Tenant& tenant) {
  return fail(ErrorCode::not_found,
              fmt::format("tenant {} has no such pipeline; `weir pipeline ls {}` names them", tenant.key, tenant.key));
}

tenancy::AuditRecord record_of(const tenancy::Actor& actor, const tenancy::Tenant& tenant, std::string action,
                               const PipelineData& data) {
  return tenancy::record_of(actor, tenant, std::move(action), fmt::format("{}/{}", tenant.key, data.name));
}

std::optional<Instant> first_fire(const PipelineData& data, TenantId tenant, Instant after) {
  if (!data.is_enabled) return std::nullopt;
  return next_fire(plan_of(data.schedule, tenant).value(), after);
}

// The plan of a changed pipeline: what is due or planned stays so unless the change is about that.
std::optional<Instant> changed_fire(const Pipeline& was, const PipelineData& data, Instant now) {
  if (was.data.schedule == data.schedule && was.data.is_enabled == data.is_enabled && !was.plan_error)
    return was.next_fire_at;
  return first_fire(data, was.tenant, std::max(now, was.last_fire_at.value_or(now)));
}

}  // namespace

void to_json(nlohmann::json& json, const PipelineData& data) {
  json = {{"name", data.name},
          {"data_sources", data.data_sources},
          {"scripts", data.scripts},
          {"parameters", data.parameters},
          {"schedule", data.schedule},
          {"priority", data.priority},
          {"class", queue::name_of(data.run_class)},
          {"is_enabled", data.is_enabled}};
}

void to_json(nlohmann::json& json, const Pipeline& pipeline) {
  const auto instant = [](const std::optional<Instant>& at) {
    return at ? nlohmann::json(format_rfc3339(*at)) : nlohmann::json();
  };
  json = pipeline.data;
  json["id"] = to_string(pipeline.id);
  json["version"] = pipeline.version;
  json["next_fire_at"] = instant(pipeline.next_fire_at);
  json["last_fire_at"] = instant(pipeline.last_fire_at);
  if (pipeline.plan_error) json["plan_error"] = *pipeline.plan_error;
  json["created_at"] = format_rfc3339(pipeline.created_at);
  json["updated_at"] = format_rfc3339(pipeline.updated_at);
}

Result<> check_pipeline(const PipelineData& data, TenantId tenant) {
  if (!is_name(data.name)) return fail(ErrorCode::invalid_input, "a pipeline's name is 1 to 40 of a-z, 0-9 and -");
  if (std::abs(data.priority) > k_priority_max)
    return fail(ErrorCode::invalid_input, fmt::format("a priority is a number from -{} to {}, not {}", k_priority_max,
                                                      k_priority_max, data.priority));
  if (data.run_class == queue::RunClass::manual)
    return fail(ErrorCode::invalid_input, "a pipeline's class is scheduled or backfill");
  if (data.data_sources.size() > k_selection_max || data.scripts.size() > k_selection_max)
    return fail(ErrorCode::invalid_input,
                fmt::format("a pipeline names at most {} data sources and scripts", k_selection_max));
  if (!data.parameters.is_object() || data.parameters.dump().size() > k_parameters_bytes_max)
    return fail(ErrorCode::invalid_input, "the parameters of a pipeline are a JSON object of at most 64 KiB");
  if (const auto plan = plan_of(data.schedule, tenant); !plan) return std::unexpected(plan.error());
  return {};
}

Result<std::vector<Fire>> preview_fires(const Schedule& schedule, TenantId tenant, Instant after, std::size_t count) {
  const auto plan = plan_of(schedule, tenant);
  if (!plan) return std::unexpected(plan.error());
  if (!*plan) return std::vector<Fire>();
  return preview(**plan, std::chrono::floor<std::chrono::seconds>(after), count);
}

Task<Result<Pipeline>> add_pipeline(pg::Database& database, tenancy::Actor actor, TenantId id, PipelineData data) {
  if (const auto good = check_pipeline(data, id); !good) co_return std::unexpected(good.error());
  auto transaction = co_await database.begin(pg::Scope::control());
  const auto tenant = co_await tenancy::share_tenant(transaction, id);
  if (!tenant) co_return std::unexpected(tenant.error());
  const auto now = co_await transaction.query(sql::read_clock);
  pg::Params params(id);
  add_data(params, data, first_fire(data, id, now.one().get<Instant>("now")));
  const auto rows = co_await transaction.query(sql::insert_pipeline, std::move(params));
  if (rows.empty())
    co_return fail(ErrorCode::already_exists,
                   fmt::format("tenant {} has a pipeline '{}' already", tenant->key, data.name));
  auto added = read_pipeline(rows.one());
  auto record = record_of(actor, *tenant, "pipeline.add", data);
  record.after = data;
  co_await tenancy::commit_with_audit(transaction, std::move(record));
  co_return added;
}

Task<Result<Pipeline>> change_pipeline(pg::Database& database, tenancy::Actor actor, TenantId id, PipelineId pipeline,
                                       std::int64_t version, PipelineData data) {
  if (const auto good = check_pipeline(data, id); !good) co_return std::unexpected(good.error());
  auto transaction = co_await database.begin(pg::Scope::control());
  const auto tenant = co_await tenancy::share_tenant(transaction, id);
  if (!tenant) co_return std::unexpected(tenant.error());
  const auto found = co_await transaction.query(sql::lock_pipeline, pg::Params(id, pipeline));
  if (found.empty()) co_return unknown(*tenant);
  const auto was = read_pipeline(found.one());
  if (was.version != version)
    co_return fail(ErrorCode::conflict, fmt::format("pipeline {} of tenant {} was changed meanwhile: read it again",
                                                    was.data.name, tenant->key));
  pg::Params params(id, pipeline);
  add_data(params, data, changed_fire(was, data, found.one().get<Instant>("now")));
  const auto rows = co_await transaction.query(sql::update_pipeline, std::move(params));
  if (rows.empty())
    co_return fail(ErrorCode::already_exists,
                   fmt::format("tenant {} has a pipeline '{}' already", tenant->key, data.name));
  auto changed = read_pipeline(rows.one());
  auto record = record_of(actor, *tenant, "pipeline.set", data);
  record.before = was.data;
  record.after = data;
  co_await tenancy::commit_with_audit(transaction, std::move(record));
  co_return changed;
}

Task<Result<>> remove_pipeline(pg::Database& database, tenancy::Actor actor, TenantId id, PipelineId pipeline) {
  auto transaction = co_await database.begin(pg::Scope::control());
  const auto tenant = co_await tenancy::lock_any_tenant(transaction, id);
  if (!tenant) co_return std::unexpected(tenant.error());
  const auto found = co_await transaction.query(sql::lock_pipeline, pg::Params(id, pipeline));
  if (found.empty()) co_return unknown(*tenant);
  const auto was = read_pipeline(found.one());
  co_await transaction.query(sql::cancel_waiting_runs, pg::Params(id, pipeline));
  co_await transaction.query(sql::delete_pipeline, pg::Params(id, pipeline));
  auto record = record_of(actor, *tenant, "pipeline.rm", was.data);
  record.before = was.data;
  co_await tenancy::commit_with_audit(transaction, std::move(record));
  co_return Result<>();
}

Task<Result<Pipeline>> find_pipeline(pg::Database& database, TenantId tenant, std::string name_or_id) {
  const auto rows = co_await database.query(pg::Scope::control(), sql::find_pipeline,
                                            pg::Params(tenant, name_or_id, Uuid::parse(name_or_id)));
  if (rows.empty())
    co_return fail(ErrorCode::not_found, fmt::format("there is no pipeline '{}' of this tenant", name_or_id));
  co_return read_pipeline(rows.one());
}

Task<std::vector<Pipeline>> list_pipelines(pg::Database& database, TenantId tenant, std::string after, int limit) {
  const auto rows =
      co_await database.query(pg::Scope::control(), sql::list_pipelines, pg::Params(tenant, after, limit));
  std::vector<Pipeline> pipelines;
  for (const auto row : rows) pipelines.push_back(read_pipeline(row));
  co_return pipelines;
}

}  // namespace weir::scheduler
