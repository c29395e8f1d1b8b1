// Which partitions a run has: rows of another script's resource, items of a list, or one without a key.
#pragma once
#include "plugin/declarative/plan.hpp"
#include "plugin/script.hpp"

namespace weir::plugin::declarative {

// `scope` has env and now. `parents`: of the plan's resource; ignored for a list.
Result<std::vector<Partition>> route_partitions(const PartitionPlan& plan, const ParentRows& parents, Scope scope);

}  // namespace weir::plugin::declarative
