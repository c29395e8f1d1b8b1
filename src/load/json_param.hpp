// JSON values on their way into jsonb columns.
#pragma once
#include <string>

#include <nlohmann/json.hpp>

#include "pg/params.hpp"

namespace weir::load {

// As compact text, mended so that jsonb takes it.
std::string json_text(const nlohmann::json& value);

// Null becomes SQL's null.
void add_json(pg::Params& params, const nlohmann::json& value);

// How many bytes PostgreSQL's text form of it has at least: what the 64 KiB bounds of cursors count.
std::size_t jsonb_bytes(const nlohmann::json& value);

}  // namespace weir::load
