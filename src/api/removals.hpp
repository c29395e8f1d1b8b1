// How removals are answered: 200 when nothing is left, 202 when it takes longer than a client should wait.
#pragma once
#include "api/route.hpp"
#include "tenancy/removal.hpp"

namespace weir::api {

tenancy::RemovalSettings removal_settings(Services& services);
std::vector<AnswerRow> removal_answers();
Task<Result<Answer>> await_removal(Services& services, std::string name, Task<Result<tenancy::Removed>> work);

}  // namespace weir::api
