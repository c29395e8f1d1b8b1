#include "api/runs.hpp"

#include <fmt/format.h>

#include "orchestrator/history.hpp"

namespace weir::api {

Uuid run_id_of(const Request& request) { return Uuid::parse(request.path.at("run_id")).value_or(Uuid{}); }

Task<Result<nlohmann::json>> find_run(Services& services, const Request& request) {
  const auto id = run_id_of(request);
  const auto tenant = to_string(request.tenant->id);
  auto run = co_await orchestrator::describe_run(services.database, id);
  if (!run && run.error().code != ErrorCode::not_found) co_return run;
  if (!run || run->at("tenant_id") != tenant)
    co_return fail(ErrorCode::not_found, fmt::format("there is no run {}", id.to_string()));
  co_return run;
}

void hide_process(const Request& request, nlohmann::json& run) {
  if (!request.key || !request.key->tenant) return;
  for (const auto* name : {"node_id", "epoch"}) run.erase(name);
  if (const auto within = run.find("runs"); within != run.end())
    for (auto& one : *within) hide_process(request, one);
}

bool is_over(const nlohmann::json& run) {
  const auto& status = run.at("status").get_ref<const std::string&>();
  return status != "RUNNING" && status != "PARKED" && status != "IDLE";
}

}  // namespace weir::api
