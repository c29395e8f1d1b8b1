#include "load/resource_tables.hpp"

#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/retry.hpp"
#include "load/sql.hpp"
#include "pg/wire.hpp"

namespace weir::load {
namespace {

// Ten attempts of a second each (the lock time-out), and pauses of up to half a second in between.
constexpr RetrySettings k_retry{.attempts_max = 10, .first_delay = 8s, .delay_max = 8s};

struct FoundTable {
  std::map<std::string, pg::Oid> columns;
  std::map<std::int64_t, std::string> key;  // by place, tenant_id and data_source included
  bool is_protected = false;
};
using FoundTables = std::map<std::string, FoundTable>;

pg::Oid oid_of(ColumnType type) {
  switch (type) {
    case ColumnType::text: return pg::k_oid_text;
    case ColumnType::bigint: return pg::k_oid_int8;
    case ColumnType::numeric: return pg::k_oid_numeric;
    case ColumnType::double_precision: return pg::k_oid_float8;
    case ColumnType::boolean: return pg::k_oid_bool;
    case ColumnType::timestamptz: return pg::k_oid_timestamptz;
    case ColumnType::date: return pg::k_oid_date;
    case ColumnType::jsonb: return pg::k_oid_jsonb;
    case ColumnType::text_array: return pg::k_oid_text_array;
  }
  return pg::k_oid_text;
}

FoundTables read_tables(const pg::Rows& rows) {
  FoundTables tables;
  for (const auto row : rows) {
    auto& table = tables[row.get<std::string>("table_name")];
    const auto column = row.get<std::string>("column_name");
    table.columns[column] = static_cast<pg::Oid>(row.get<std::int64_t>("type"));
    table.is_protected = row.get<bool>("is_protected");
    if (const auto place = row.get<std::optional<std::int64_t>>("key_position")) table.key[*place] = column;
  }
  return tables;
}

Result<> check_key(const Resource& resource, const FoundTable& table) {
  std::vector<std::string> expected{"tenant_id", "data_source"};
  for (std::size_t i = 0; i < resource.key_columns; ++i) expected.push_back(resource.columns[i].name);
  std::vector<std::string> found;
  for (const auto& [place, column] : table.key) found.push_back(column);
  if (found == expected) return {};
  return fail(ErrorCode::configuration,
              fmt::format("the table data.{} has the primary key ({}), its resource declares ({}); change the "
                          "declaration back, or rename the table and import again",
                          resource.name, fmt::join(found, ", "), fmt::join(expected, ", ")));
}

// Whether the table lacks columns; an error when what is there contradicts the declaration.
Result<bool> lacks_columns(const Resource& resource, const FoundTable& table) {
  if (!table.is_protected)
    return fail(ErrorCode::configuration,
                fmt::format("the table data.{} has no forced row-level security, so Weir did not make it; rename it, "
                            "and Weir creates its own",
                            resource.name));
  if (auto key = check_key(resource, table); !key) return std::unexpected(key.error());
  bool lacks = false;
  for (const auto& column : resource.columns) {
    const auto found = table.columns.find(column.name);
    if (found == table.columns.end())
      lacks = true;
    else if (found->second != oid_of(column.type))
      return fail(ErrorCode::configuration,
                  fmt::format("the column data.{0}.{1} is not {2}, as its resource declares; change the declaration "
                              "back, or give the column another name there, or rename the one in the table",
                              resource.name, column.name, sql_name(column.type)));
  }
  return lacks;
}

// The resources whose tables are missing or lack columns.
Result<std::vector<const Resource*>> find_work(const ResourceCatalog& catalog, const FoundTables& tables) {
  std::vector<const Resource*> work;
  for (const auto& [name, resource] : catalog.all()) {
    const auto found = tables.find(name);
    if (found == tables.end()) {
      work.push_back(&resource);
      continue;
    }
    const auto lacks = lacks_columns(resource, found->second);
    if (!lacks) return std::unexpected(lacks.error());
    if (*lacks) work.push_back(&resource);
  }
  return work;
}

pg::Command ensure_table(const Resource& resource) {
  std::vector<std::string> key;
  std::vector<std::string> columns;
  std::vector<std::string> types;
  std::vector<std::string> descriptions;
  for (const auto& column : resource.columns) {
    if (key.size() < resource.key_columns) key.push_back(column.name);
    columns.push_back(column.name);
    types.emplace_back(sql_name(column.type));
    descriptions.push_back(column.description);
  }
  pg::Params params(resource.name, resource.description);
  params.add_array(key).add_array(columns).add_array(types).add_array(descriptions);
  return {sql::ensure_resource_table, std::move(params)};
}

// One transaction for each table, so that none waits for the lock of another one.
Task<std::optional<Error>> try_to_ensure(pg::Database& database, const Resource& resource) {
  std::vector<pg::Command> commands{{sql::lock_resource_tables, {}}, ensure_table(resource)};
  try {
    co_await database.batch(pg::Scope::owner(), std::move(commands));
  } catch (const Failure& failure) {
    if (failure.error().code != ErrorCode::transaction_conflict) throw;
    co_return failure.error();
  }
  co_return std::nullopt;
}

Task<> ensure_with_retries(pg::Database& database, const Resource& resource) {
  auto random = Random::from_system();
  Retry retry(k_retry, random);
  for (;;) {
    const auto conflict = co_await try_to_ensure(database, resource);
    if (!conflict) co_return;
    const auto given_up = co_await retry.pause({conflict->code}, Deadline::never());
    if (given_up)
      throw Failure({conflict->code,
                     fmt::format("the table data.{} cannot be changed: a long transaction holds it; end that "
                                 "transaction and try again",
                                 resource.name),
                     conflict->detail});
  }
}

}  // namespace

Task<Result<>> ensure_resource_tables(pg::Database& database, const ResourceCatalog& catalog) {
  const auto found = co_await database.query(pg::Scope::owner(), sql::list_resource_columns);
  const auto work = find_work(catalog, read_tables(found));
  if (!work) co_return std::unexpected(work.error());
  for (const auto* resource : *work) co_await ensure_with_retries(database, *resource);
  co_return Result<>{};
}

}  // namespace weir::load
