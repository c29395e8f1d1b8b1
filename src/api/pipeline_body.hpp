// Pipelines in the bodies of requests.
#pragma once
#include <vector>

#include "api/route.hpp"
#include "api/schema.hpp"
#include "scheduler/pipeline.hpp"

namespace weir::api {

std::vector<Property> pipeline_properties(Need name);
// `data` with what the body says; of a schedule, too, what is not said stays. The body has the form of
// pipeline_properties().
Result<scheduler::PipelineData> pipeline_data(const nlohmann::json& body, scheduler::PipelineData data = {});
nlohmann::json pipeline_example();

}  // namespace weir::api
