// One orchestrated pass over tenants, now: a manual pipeline run of each, several at a time. One tenant's failure
// touches no other.
#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "orchestrator/pipeline_run.hpp"

namespace weir::orchestrator {

struct ImportRequest {
  std::vector<PipelineRequest> tenants;
  int tenants_at_once = 8;
};

class Import {
 public:
  Import(RunServices& services, const plugin::PluginCatalog& catalog, ImportRequest request,
         ProgressListener* listener = nullptr);

  // Once. First frees what dead nodes left behind. Reports in the order of the request; a tenant that was not begun
  // when the import was stopped has none.
  Task<std::vector<PipelineReport>> run();
  // Nothing new starts, what runs finishes its page; the second time everything ends at once.
  void stop();

 private:
  Task<> work();

  RunServices& services_;
  const plugin::PluginCatalog& catalog_;
  ImportRequest request_;
  ProgressListener* listener_;
  std::vector<std::optional<PipelineReport>> reports_;
  std::vector<std::unique_ptr<PipelineRun>> runs_;  // by tenant, while it is worked
  std::size_t next_ = 0;
  int stops_ = 0;
  TaskGroup workers_;
};

// The exit code of an import: that of an environment that failed, else 1 when a script FAILED, else 0.
int exit_code_of(const std::vector<PipelineReport>& reports);

}  // namespace weir::orchestrator
