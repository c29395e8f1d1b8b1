// What a pipeline run of the queue is asked to do, as its parameters say it. Pure.
//
//   {"sources": ["github"], "scripts": ["github/issue"], "with_deps": true}           what of the tenant's; none: all
//   {"source": "github", "script": "issue", "from": "2026-01-01", "to": "2026-01-31"} a range of one script again
//
// Those of the request count before those of its pipeline, key by key.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "orchestrator/pipeline_report.hpp"
#include "orchestrator/selection.hpp"
#include "orchestrator/time_range.hpp"
#include "plugin/catalog.hpp"
#include "tenancy/data_source.hpp"

namespace weir::orchestrator {

struct BackfillOrder {
  std::string source;
  std::string script;  // SCRIPT or PROVIDER/SCRIPT
  NamedRange range;
};

struct RunParameters {
  std::optional<std::vector<std::string>> sources{};
  std::optional<std::vector<std::string>> scripts{};
  bool with_dependencies = false;
  std::optional<BackfillOrder> backfill{};
};

// invalid_input names the key and what is wanted; a key that is not known is refused. For whoever enqueues, too.
Result<RunParameters> read_run_parameters(const nlohmann::json& parameters, Instant now);

// What a backfill notes in its parameters while it runs is no parameter.
nlohmann::json without_notes(nlohmann::json parameters);

// A report (FAILED, and no retry would help) for each name that the tenant or the catalog does not have.
std::vector<ScriptReport> refuse_unknown(const Selection& selection, const std::vector<tenancy::DataSource>& sources,
                                         const plugin::PluginCatalog& catalog);

// The script that a backfill names, if the source has it and it goes by time. not_found, usage.
Result<const plugin::Script*> script_to_backfill(const BackfillOrder& order, const tenancy::DataSource& source,
                                                 const plugin::PluginCatalog& catalog);

}  // namespace weir::orchestrator
