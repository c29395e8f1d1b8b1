// Rows that the database refuses although they were mended: a check or trigger somebody added, a limit of the server.
#pragma once
#include <vector>

#include "load/checkpoint.hpp"
#include "pg/database.hpp"

namespace weir::load {

constexpr std::size_t k_refused_rows_max = 100;  // of a checkpoint

// Whether an error speaks of the rows, so that it is worth searching for them.
bool is_refusal(ErrorCode code);

struct RefusedRow {
  const StagedRows* staged;
  std::uint32_t row;
  std::string reason;
};

// Finds them by halving, in transactions that are rolled back, and moves each from `rows` to `refused`. Throws
// Failure(invalid_data) when there are more than k_refused_rows_max.
Task<std::vector<RefusedRow>> separate_refused_rows(pg::Database& database, const RunRight& right,
                                                    std::vector<StagedRows>& staged);

}  // namespace weir::load
