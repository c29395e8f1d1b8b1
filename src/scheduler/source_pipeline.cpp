#include "scheduler/source_pipeline.hpp"

#include <algorithm>

namespace weir::scheduler {
namespace {

constexpr std::chrono::minutes k_every{15};
constexpr int k_page_rows = 1000;

Task<std::vector<Pipeline>> pipelines_of(pg::Database& database, TenantId tenant, std::string source) {
  std::vector<Pipeline> found;
  std::string after;
  for (;;) {
    auto page = co_await list_pipelines(database, tenant, after, k_page_rows);
    const bool is_last = static_cast<int>(page.size()) < k_page_rows;
    if (!page.empty()) after = page.back().data.name;
    for (auto& pipeline : page)
      if (std::ranges::find(pipeline.data.data_sources, source) != pipeline.data.data_sources.end())
        found.push_back(std::move(pipeline));
    if (is_last) co_return found;
  }
}

}  // namespace

Schedule default_schedule() { return {.every = k_every, .spread = k_every}; }

Task<Result<SourcePipeline>> add_source_pipeline(pg::Database& database, tenancy::Actor actor, TenantId tenant,
                                                 std::string source, Schedule schedule) {
  PipelineData data{.name = source, .data_sources = {source}, .schedule = std::move(schedule)};
  auto added = co_await add_pipeline(database, std::move(actor), tenant, std::move(data));
  if (added) co_return SourcePipeline{std::move(*added), true};
  if (added.error().code != ErrorCode::already_exists) co_return std::unexpected(added.error());
  auto found = co_await find_pipeline(database, tenant, std::move(source));
  if (!found) co_return std::unexpected(found.error());
  co_return SourcePipeline{std::move(*found), false};
}

Task<Result<std::vector<std::string>>> leave_pipelines(pg::Database& database, tenancy::Actor actor, TenantId tenant,
                                                       std::string source) {
  std::vector<std::string> removed;
  for (auto& pipeline : co_await pipelines_of(database, tenant, source)) {
    auto& data = pipeline.data;
    const auto name = data.name;
    std::erase(data.data_sources, source);
    if (data.data_sources.empty()) {
      const auto gone = co_await remove_pipeline(database, actor, tenant, pipeline.id);
      if (!gone && gone.error().code != ErrorCode::not_found) co_return std::unexpected(gone.error());
      removed.push_back(name);
      continue;
    }
    const auto changed =
        co_await change_pipeline(database, actor, tenant, pipeline.id, pipeline.version, std::move(data));
    if (!changed) co_return std::unexpected(changed.error());
  }
  co_return removed;
}

}  // namespace weir::scheduler
