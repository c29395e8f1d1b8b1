// Pipelines, their times and what the queue says to a request, as JSON and as a person reads them.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "queue/queue.hpp"
#include "scheduler/pipeline.hpp"
#include "weir/cli.hpp"
#include "weir/verbs/tenant_documents.hpp"

namespace weir::app {

void print_pipelines(const Cli& cli, const std::vector<scheduler::Pipeline>& pipelines);
void print_details(const Cli& cli, const scheduler::Pipeline& pipeline);

// {"at", "local", "clock_change"}: clock_change is null, or what a change of the clock did to that time.
nlohmann::json to_documents(const std::vector<scheduler::Fire>& fires);
void print_fires(const Cli& cli, const std::vector<scheduler::Fire>& fires, const scheduler::Schedule& schedule);

nlohmann::json to_document(const queue::QuotaState& quota);
// Why there is no run; nullopt: there is one.
std::optional<Error> refusal_of(const queue::EnqueueAnswer& answer, const std::string& tenant,
                                const std::string& pipeline);

}  // namespace weir::app
