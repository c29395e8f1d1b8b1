#include "orchestrator/parent_tables.hpp"

#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "orchestrator/sql.hpp"

namespace weir::orchestrator {
namespace {

// Identifiers come from declarations and are quoted; values are parameters.
std::string select_rows(const load::Resource& resource, const std::vector<std::string>& columns) {
  std::vector<std::string> selected, keys;
  for (const auto& column : columns) {
    if (!resource.find(column))
      throw Failure(
          {ErrorCode::declaration_invalid, fmt::format("the resource '{}' has no column '{}'", resource.name, column)});
    selected.push_back(pg::quote_identifier(column));
  }
  for (std::size_t i = 0; i < resource.key_columns; ++i) keys.push_back(pg::quote_identifier(resource.columns[i].name));
  return fmt::format(
      "SELECT script, (SELECT to_jsonb(one) FROM (SELECT {}) one) AS document FROM data.{} "
      "WHERE tenant_id = $1 AND data_source = $2 AND deleted_at IS NULL ORDER BY {}",
      fmt::join(selected, ", "), pg::quote_identifier(resource.name), fmt::join(keys, ", "));
}

}  // namespace

Task<plugin::ParentRows> ParentTables::read(std::string resource, std::vector<std::string> columns) {
  const auto* declared = resources_.find(resource);
  if (declared == nullptr)
    throw Failure({ErrorCode::declaration_invalid, fmt::format("the resource '{}' is not declared", resource)});
  const auto sql = select_rows(*declared, columns);
  const auto rows = co_await database_.query(pg::Scope::tenant(tenant_), {"orchestrator.read_parent_rows", sql},
                                             pg::Params(tenant_, data_source_));
  plugin::ParentRows parents;
  std::set<std::string> scripts;
  for (const auto row : rows) {
    scripts.insert(row.get<std::string>("script"));
    parents.rows.push_back(row.get<nlohmann::json>("document"));
  }
  if (scripts.empty()) co_return parents;
  pg::Params params(tenant_, data_source_);
  params.add_array({scripts.begin(), scripts.end()});
  const auto times = co_await database_.query(pg::Scope::tenant(tenant_), sql::read_parent_time, std::move(params));
  parents.read_at = times.one().get<std::optional<Instant>>("read_at");
  co_return parents;
}

}  // namespace weir::orchestrator
