#include "load/child_sets.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "load/run_writer.hpp"
#include "pg/wire.hpp"

namespace weir::load {
namespace {

constexpr std::size_t k_first_parameter = 5;  // after tenant, data source, script, run

using Parents = std::map<std::vector<std::string_view>, std::uint32_t>;

Parents last_sets(const RowStore& store) {
  Parents parents;
  for (const auto& set : store.sets()) {
    std::vector<std::string_view> parent(set.parent.begin(), set.parent.end());
    parents[std::move(parent)] = set.first_row;
  }
  return parents;
}

// `first, second, …` of what `format` makes of the key's columns up to `count`.
template <class Format>
std::string list(const Resource& resource, std::size_t count, std::string_view between, Format format) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) out += between;
    out += format(pg::quote_identifier(resource.columns[i].name), i);
  }
  return out;
}

// OFFSET 0 keeps the search a probe of the primary key for each parent, whatever the planner believes of the table.
std::string shrink_sql(const Resource& resource, std::size_t parent_columns) {
  const auto keys = resource.key_columns;
  const auto plain = [](const std::string& column, std::size_t) { return column; };
  const auto of_table = [](const std::string& column, std::size_t) { return "t." + column; };
  const auto same_parent = [](const std::string& column, std::size_t) { return fmt::format("t.{0} = p.{0}", column); };
  const auto same_key = [](const std::string& column, std::size_t) { return fmt::format("d.{0} = gone.{0}", column); };
  const auto unnest_from = [](std::size_t first) {
    return [first](const std::string& column, std::size_t i) {
      return fmt::format("unnest(${}::text[]) AS {}", first + i, column);
    };
  };
  return fmt::format(
      "WITH there AS (SELECT c.* FROM (SELECT {parents}) p CROSS JOIN LATERAL (SELECT {of_table} FROM data.{table} t "
      "WHERE t.tenant_id = $1::uuid AND t.data_source = $2::text AND {same_parent} AND t.script = $3::text "
      "AND t.deleted_at IS NULL OFFSET 0) c), "
      "gone AS (SELECT {keys} FROM there EXCEPT SELECT {keys} FROM (SELECT {shown}) s), "
      "deleted AS (UPDATE data.{table} d SET deleted_at = now(), imported_at = now(), run_id = $4::uuid FROM gone "
      "WHERE d.tenant_id = $1::uuid AND d.data_source = $2::text AND {same_key} RETURNING 1) "
      "SELECT weir.tally('deleted', count(*)) AS deleted FROM deleted",
      fmt::arg("keys", list(resource, keys, ", ", plain)),
      fmt::arg("parents", list(resource, parent_columns, ", ", unnest_from(k_first_parameter))),
      fmt::arg("of_table", list(resource, keys, ", ", of_table)),
      fmt::arg("table", pg::quote_identifier(resource.name)),
      fmt::arg("same_parent", list(resource, parent_columns, " AND ", same_parent)),
      fmt::arg("shown", list(resource, keys, ", ", unnest_from(k_first_parameter + parent_columns))),
      fmt::arg("same_key", list(resource, keys, " AND ", same_key)));
}

}  // namespace

RowOrder without_replaced(const RowStore& store, RowOrder rows) {
  if (store.sets().empty()) return rows;
  const auto parents = last_sets(store);
  const auto columns = store.sets().front().parent.size();
  std::vector<std::string_view> parent(columns);
  std::erase_if(rows, [&](std::uint32_t row) {
    for (std::size_t i = 0; i < columns; ++i) parent[i] = *store.at(row, i);
    const auto set = parents.find(parent);
    return set != parents.end() && row < set->second;
  });
  return rows;
}

ChildSetStatement::ChildSetStatement(const Resource& resource, std::size_t parent_columns)
    : name_(fmt::format("load.shrink_{}_{}", resource.name, parent_columns)),
      sql_(shrink_sql(resource, parent_columns)) {}

pg::Command ChildSetStatement::shrink(const RunRight& right, const RowStore& store,
                                      std::span<const std::uint32_t> rows) const {
  pg::Params params(right.tenant, right.data_source, right.script, right.run);
  const auto parents = last_sets(store);
  for (std::size_t i = 0; i < store.sets().front().parent.size(); ++i) {
    pg::ArrayWriter array(pg::k_oid_text, parents.size(), 0);
    for (const auto& [parent, first_row] : parents) array.add(parent[i]);
    params.add_binary(pg::k_oid_text_array, std::move(array).finish());
  }
  for (std::size_t i = 0; i < store.resource().key_columns; ++i) {
    pg::ArrayWriter array(pg::k_oid_text, rows.size(), 0);
    for (const auto row : rows) array.add(*store.at(row, i));
    params.add_binary(pg::k_oid_text_array, std::move(array).finish());
  }
  return {{name_, sql_}, std::move(params)};
}

}  // namespace weir::load
