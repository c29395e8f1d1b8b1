#include "api/known_names.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "tenancy/data_source.hpp"

namespace weir::api {
namespace {

using orchestrator::RunParameters;
using Names = std::vector<std::string>;

void add_names(Names& names, const nlohmann::json& parameters, const char* list, const char* one) {
  if (parameters.contains(list)) std::ranges::copy(parameters[list].get<Names>(), std::back_inserter(names));
  if (parameters.contains(one)) names.push_back(parameters[one].get<std::string>());
}

Names sources_of(const scheduler::PipelineData& data) {
  auto names = data.data_sources;
  add_names(names, data.parameters, "sources", "source");
  return names;
}

Names scripts_of(const scheduler::PipelineData& data) {
  auto names = data.scripts;
  add_names(names, data.parameters, "scripts", "script");
  std::erase_if(names, [](const std::string& name) { return !name.contains('/'); });  // of a backfill: of its source
  return names;
}

Names added(Names names, const Names& before) {
  std::erase_if(names, [&](const std::string& name) { return std::ranges::find(before, name) != before.end(); });
  return names;
}

std::unexpected<Error> refused(std::string_view name, std::string_view why) {
  return fail(ErrorCode::invalid_input, fmt::format("'{}': {}", name, why));
}

Result<> check_backfill(const orchestrator::BackfillOrder& order, const std::vector<tenancy::DataSource>& sources,
                        const plugin::PluginCatalog& catalog) {
  const auto source = std::ranges::find(sources, order.source, &tenancy::DataSource::name);
  if (source == sources.end()) return refused(order.source, "the tenant has no such data source");
  const auto script = orchestrator::script_to_backfill(order, *source, catalog);
  return script ? Result<>() : refused(order.script, script.error().message);
}

}  // namespace

Task<Result<>> check_names(Services& services, TenantId tenant, scheduler::PipelineData wanted,
                           scheduler::PipelineData now) {
  for (const auto& name : added(sources_of(wanted), sources_of(now))) {
    const auto source = co_await tenancy::find_data_source(services.database, tenant, name);
    if (!source) co_return refused(name, "the tenant has no such data source");
  }
  const auto catalog = services.plugins();
  for (const auto& name : added(scripts_of(wanted), scripts_of(now)))
    if (catalog->find(name) == nullptr && catalog->problem_of(name) == nullptr)
      co_return refused(name, "there is no such script here");
  co_return Result<>();
}

Task<Result<>> check_run_names(Services& services, TenantId tenant, RunParameters parameters) {
  if (!parameters.sources && !parameters.scripts && !parameters.backfill) co_return Result<>();
  const auto sources = co_await tenancy::list_data_sources(services.database, tenant);
  const auto catalog = services.plugins();
  if (parameters.backfill) co_return check_backfill(*parameters.backfill, sources, *catalog);
  const auto unknown = orchestrator::refuse_unknown(
      {.sources = parameters.sources.value_or(Names{}), .scripts = parameters.scripts.value_or(Names{})}, sources,
      *catalog);
  if (unknown.empty()) co_return Result<>();
  const auto& [source, script] = unknown.front().id;
  co_return refused(source == "*" ? script : source, unknown.front().reason);
}

}  // namespace weir::api
