// A row that waits to be written, as JSON.
#pragma once
#include <nlohmann/json.hpp>

#include "load/row_store.hpp"

namespace weir::plugin {

// The columns that are not null; instants and dates as text, numeric as text.
nlohmann::json row_document(const load::RowStore& store, std::size_t row);

}  // namespace weir::plugin
