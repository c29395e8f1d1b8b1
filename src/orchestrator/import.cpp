#include "orchestrator/import.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace weir::orchestrator {

Import::Import(RunServices& services, const plugin::PluginCatalog& catalog, ImportRequest request,
               ProgressListener* listener)
    : services_(services),
      catalog_(catalog),
      request_(std::move(request)),
      listener_(listener),
      reports_(request_.tenants.size()),
      runs_(request_.tenants.size()),
      workers_(services.executor) {}

Task<std::vector<PipelineReport>> Import::run() {
  const auto reaped = co_await services_.node.reaper().sweep(services_.node.epoch());
  if (reaped.scripts_freed > 0) log_info("import: {} scripts of dead nodes are free again", reaped.scripts_freed);
  const auto workers = std::min<std::size_t>(static_cast<std::size_t>(request_.tenants_at_once), runs_.size());
  for (std::size_t i = 0; i < workers; ++i) workers_.spawn("tenants", work());
  co_await workers_.wait();
  std::vector<PipelineReport> reports;
  for (auto& report : reports_)
    if (report) reports.push_back(std::move(*report));
  co_return reports;
}

Task<> Import::work() {
  while (next_ < runs_.size() && stops_ == 0) {
    const auto i = next_++;
    runs_[i] = std::make_unique<PipelineRun>(services_, catalog_, request_.tenants[i], listener_);
    reports_[i] = co_await runs_[i]->run();
    runs_[i].reset();
  }
}

void Import::stop() {
  ++stops_;
  for (const auto& run : runs_) {
    if (!run) continue;
    if (stops_ == 1)
      run->stop();
    else
      run->end(RunStatus::interrupted,
               {ErrorCode::cancelled, "stopped at once on request; the next run goes on from the last checkpoint"});
  }
}

int exit_code_of(const std::vector<PipelineReport>& reports) {
  for (const auto& report : reports)
    if (report.error) return report.error->exit_code();
  for (const auto& report : reports)
    for (const auto& script : report.scripts)
      if (script.status == "FAILED") return 1;
  return 0;
}

}  // namespace weir::orchestrator
