// Documents of the modules as a person reads them.
#pragma once
#include <string>

#include <nlohmann/json.hpp>

#include "weir/table.hpp"

namespace weir::app {

// The member as printable text; "-" when it is absent or null. Instants lose their fraction.
std::string text_of(const nlohmann::json& document, const char* member);
// RUNNING and COMPLETED in their colours.
Cell status_cell(const nlohmann::json& document);
// From started_at to completed_at; "-" while it runs.
std::string time_taken(const nlohmann::json& document);

}  // namespace weir::app
