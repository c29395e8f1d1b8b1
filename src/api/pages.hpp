// Lists come in pages: `limit` and `after` in the query, `items` and `next` in the answer.
#pragma once
#include <vector>

#include "api/route.hpp"
#include "api/schema.hpp"

namespace weir::api {

inline constexpr int k_page_default = 100, k_page_max = 1000;
inline constexpr std::size_t k_after_max = 200;  // characters

// The two parameters, and `more` before them.
std::vector<Parameter> page_parameters(std::vector<Parameter> more = {}, std::size_t after_max = k_after_max);
int page_limit(const Request& request);
// How many to ask for: one more than is shown says whether there is a next page.
int page_rows(const Request& request);
// `items` are those of page_rows(); `key` names the member of an item that `after` is compared with.
Answer page_of(const Request& request, nlohmann::json items, const char* key);
// `after` of lists ordered by an id.
Result<std::optional<Uuid>> after_id(const Request& request);

}  // namespace weir::api
