#include "api/removals.hpp"

#include "api/background.hpp"
#include "api/schema.hpp"

namespace weir::api {
namespace {

constexpr auto k_patience = std::chrono::seconds(10);

}  // namespace

tenancy::RemovalSettings removal_settings(Services& services) {
  return {.blocking = services.blocking, .cache_root = services.cache_root};
}

std::vector<AnswerRow> removal_answers() {
  const auto answer = schema::open_object(
      {{"is_removed", schema::boolean()}, {"rows", schema::with(schema::nullable(schema::count()), "Deleted")}});
  return {{200, "Nothing is left but the audit record", answer, {{"is_removed", true}, {"rows", 4711}}},
          {202, "It goes on here; send the request again to ask", answer, {{"is_removed", false}, {"rows", nullptr}}}};
}

Task<Result<Answer>> await_removal(Services& services, std::string name, Task<Result<tenancy::Removed>> work) {
  const auto ended = co_await services.background.run<tenancy::Removed>(std::move(name), std::move(work), k_patience);
  if (!ended) co_return Answer{.status = 202, .body = {{"is_removed", false}, {"rows", nullptr}}};
  if (!*ended) co_return std::unexpected(ended->error());
  co_return Answer{.body = {{"is_removed", true}, {"rows", (*ended)->rows}}};
}

}  // namespace weir::api
