#include "load/generation_sql.hpp"

#include <fmt/format.h>

namespace weir::load {
namespace {

// $1 to $6: tenant, data source, script, partition, generation, resource; then the partition's columns.
constexpr std::size_t k_first_column_parameter = 7;

void require_columns(const Resource& resource, const Listing& listing) {
  for (const auto& [column, value] : listing.columns) {
    const auto found = resource.find(column);
    if (found && resource.columns[*found].type == ColumnType::text) continue;
    throw Failure(
        {ErrorCode::declaration_invalid,
         fmt::format("the rows of partition '{}' are picked by {}.{}, which is no text column; declare it, or "
                     "leave {} out of what the script tombstones",
                     listing.partition, resource.name, column, resource.name)});
  }
}

std::string keys(const Resource& resource, std::string_view prefix, std::string_view between = ", ") {
  std::string out;
  for (std::size_t i = 0; i < resource.key_columns; ++i)
    out += fmt::format("{}{}{}", i == 0 ? "" : between, prefix, pg::quote_identifier(resource.columns[i].name));
  return out;
}

// The rows that this script wrote in the partition and that still exist.
std::string own_rows(const Resource& resource, const Listing& listing) {
  auto out = fmt::format(
      "FROM data.{} t WHERE t.tenant_id = $1::uuid AND t.data_source = $2::text AND t.script = $3::text "
      "AND t.deleted_at IS NULL",
      pg::quote_identifier(resource.name));
  auto parameter = k_first_column_parameter;
  for (const auto& [column, value] : listing.columns)
    out += fmt::format(" AND t.{} = ${}::text", pg::quote_identifier(column), parameter++);
  return out;
}

// OFFSET 0: one probe of the primary key for each row, as in a merge.
std::string is_unseen(const Resource& resource) {
  return fmt::format(
      "NOT EXISTS (SELECT FROM weir.generation_seen s WHERE s.tenant_id = $1::uuid AND s.data_source = $2::text "
      "AND s.script = $3::text AND s.partition = $4::text AND s.generation = $5::bigint AND s.resource = $6::text "
      "AND s.key = ARRAY[{}]::text OFFSET 0)",
      keys(resource, "t."));
}

}  // namespace

GenerationStatements::GenerationStatements(const Resource& resource, const Listing& listing)
    : resource_(resource), listing_(listing) {
  require_columns(resource, listing);
  const auto own = own_rows(resource, listing);
  const auto unseen = is_unseen(resource);
  const auto run = k_first_column_parameter + listing.columns.size();
  count_name_ = "load.count_missing_" + resource.name;
  count_sql_ = fmt::format("SELECT count(*) AS total, count(*) FILTER (WHERE {}) AS missing {}", unseen, own);
  tombstone_name_ = "load.tombstone_" + resource.name;
  // Found by their place in the table, so that no join between the two sides can be planned badly.
  tombstone_sql_ = fmt::format(
      "WITH deleted AS (UPDATE data.{table} d SET deleted_at = now(), imported_at = now(), run_id = ${run}::uuid "
      "WHERE d.tenant_id = $1::uuid AND d.ctid = ANY (ARRAY(SELECT t.ctid {own} AND {unseen} "
      "ORDER BY {order} COLLATE \"C\" LIMIT ${limit}::bigint FOR UPDATE)) RETURNING 1) "
      "SELECT weir.tally('deleted', count(*)) AS deleted FROM deleted",
      fmt::arg("own", own), fmt::arg("unseen", unseen), fmt::arg("order", keys(resource, "t.", " COLLATE \"C\", ")),
      fmt::arg("limit", run + 1), fmt::arg("table", pg::quote_identifier(resource.name)), fmt::arg("run", run));
}

pg::Params GenerationStatements::params(const RunRight& right) const {
  pg::Params params(right.tenant, right.data_source, right.script, listing_.partition, listing_.generation,
                    resource_.name);
  for (const auto& [column, value] : listing_.columns) params.add(value);
  return params;
}

pg::Command GenerationStatements::count(const RunRight& right) const {
  return {{count_name_, count_sql_}, params(right)};
}

pg::Command GenerationStatements::tombstone(const RunRight& right, std::int64_t rows_max) const {
  return {{tombstone_name_, tombstone_sql_}, params(right).add(right.run).add(rows_max)};
}

}  // namespace weir::load
