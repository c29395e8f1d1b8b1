// Rows that are documents: made by to_jsonb() and the like in the column `document`.
#pragma once
#include <nlohmann/json.hpp>

#include "pg/rows.hpp"

namespace weir::pg {

// Instants, which are its members `at`, `…_at`, `…_start` and `…_end`, are in UTC and end in Z.
nlohmann::json read_document(const Row& row);
nlohmann::json read_documents(const Rows& rows);  // an array

}  // namespace weir::pg
