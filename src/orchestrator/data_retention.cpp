#include "orchestrator/data_retention.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/log.hpp"
#include "orchestrator/sql.hpp"

namespace weir::orchestrator {
namespace {

using nlohmann::json;

constexpr int k_tenants_at_once = 500;

std::vector<std::string> key_of(const load::Resource& resource) {
  std::vector<std::string> key;
  for (std::size_t i = 0; i < resource.key_columns; ++i) key.push_back(resource.columns[i].name);
  return key;
}

bool begins_with(const std::vector<std::string>& key, const std::vector<std::string>& beginning) {
  return key.size() > beginning.size() &&
         std::ranges::equal(beginning,
                            std::vector(key.begin(), key.begin() + static_cast<std::ptrdiff_t>(beginning.size())));
}

// $1 the tenant, $2 before when, $3 how many at most.
std::string deletion(const AgedTable& table, const std::set<std::string>& tables) {
  const auto named = [](const std::string& name) { return pg::quote_identifier(name); };
  std::vector<std::string> columns{"data_source"};
  for (const auto& column : table.key) columns.push_back(named(column));
  const auto age =
      table.changed_at ? fmt::format("greatest(imported_at, {})", named(*table.changed_at)) : "imported_at";
  auto sql = fmt::format(
      "WITH old AS (DELETE FROM data.{0} WHERE tenant_id = $1 AND {1} < $2 AND ctid = ANY (ARRAY(SELECT ctid FROM "
      "data.{0} WHERE tenant_id = $1 AND {1} < $2 LIMIT $3 FOR UPDATE SKIP LOCKED)) RETURNING {2})",
      named(table.name), age, fmt::join(columns, ", "));
  std::vector<std::string> same;
  for (const auto& column : columns) same.push_back(fmt::format("c.{0} = o.{0}", column));
  for (const auto& child : table.with_it)
    if (tables.contains(child))
      sql += fmt::format(", {0} AS (DELETE FROM data.{1} c USING old o WHERE c.tenant_id = $1 AND {2})",
                         named("with_" + child), named(child), fmt::join(same, " AND "));
  return sql + " SELECT count(*) AS gone FROM old";
}

Task<std::int64_t> delete_old(pg::Database& database, TenantId tenant, Instant before, std::string sql,
                              int batch_rows) {
  std::int64_t total = 0;
  for (;;) {
    const auto rows = co_await database.query(pg::Scope::tenant(tenant), {"orchestrator.delete_aged_rows", sql},
                                              pg::Params(tenant, before, batch_rows));
    const auto gone = rows.one().get<std::int64_t>("gone");
    total += gone;
    if (gone < batch_rows) co_return total;
  }
}

Task<std::set<std::string>> list_tables(pg::Database& database) {
  const auto rows = co_await database.query(pg::Scope::control(), sql::list_data_tables);
  std::set<std::string> names;
  for (const auto row : rows) names.insert(row.get<std::string>("name"));
  co_return names;
}

Task<std::int64_t> retain_tenant(pg::Database& database, TenantId tenant, Instant before,
                                 const std::vector<AgedTable>& aged, const std::set<std::string>& tables,
                                 int batch_rows) {
  std::int64_t deleted = 0;
  for (const auto& table : aged) {
    if (!tables.contains(table.name)) continue;
    deleted += co_await delete_old(database, tenant, before, deletion(table, tables), batch_rows);
  }
  co_return deleted;
}

// One tenant's trouble is not that of those after it.
Task<json> retain(pg::Database& database, std::shared_ptr<const plugin::PluginCatalog> catalog, int batch_rows) {
  const auto tables = co_await list_tables(database);
  const auto aged = aged_tables(*catalog);
  std::optional<TenantId> last;
  std::int64_t tenants = 0;
  std::int64_t deleted = 0;
  std::int64_t failed = 0;
  for (;;) {
    const auto rows =
        co_await database.query(pg::Scope::control(), sql::list_retentions, pg::Params(last, k_tenants_at_once));
    for (const auto row : rows) {
      last = row.get<TenantId>("id");
      const auto before = row.get<Instant>("before");
      ++tenants;
      std::optional<Error> failure;
      try {
        deleted += co_await retain_tenant(database, *last, before, aged, tables, batch_rows);
      } catch (...) {
        failure = current_error();
      }
      if (failure && failure->code == ErrorCode::cancelled) throw Failure(*failure);
      if (failure) log_warning("data retention of tenant {}: {}", to_string(*last), failure->message);
      failed += failure ? 1 : 0;
    }
    if (rows.size() < k_tenants_at_once) break;
  }
  co_return json{{"tenants", tenants}, {"deleted", deleted}, {"failed", failed}};
}

Task<json> retain_with(pg::Database& database, const CatalogSource& source, int batch_rows) {
  auto catalog = co_await source();
  co_return co_await retain(database, std::move(catalog), batch_rows);
}

}  // namespace

std::vector<AgedTable> aged_tables(const plugin::PluginCatalog& catalog) {
  std::map<std::string, bool> goes_by_time;  // by resource: so do all scripts that provide it
  for (const auto* script : catalog.scripts())
    for (const auto& resource : script->declaration().resources) {
      const auto entry = goes_by_time.emplace(resource, true).first;
      if (script->declaration().cursor == plugin::CursorKind::full) entry->second = false;
    }
  std::vector<AgedTable> aged;
  for (const auto& [name, resource] : catalog.resources().all()) {
    const auto found = goes_by_time.find(name);
    if (found == goes_by_time.end() || !found->second) continue;
    AgedTable table{.name = name, .key = key_of(resource)};
    if (resource.updated_at) table.changed_at = resource.columns[*resource.updated_at].name;
    for (const auto& [other, child] : catalog.resources().all())
      if (begins_with(key_of(child), table.key)) table.with_it.push_back(other);
    aged.push_back(std::move(table));
  }
  const auto all = aged;
  std::erase_if(aged, [&](const AgedTable& table) {
    return std::ranges::any_of(all, [&](const AgedTable& other) { return begins_with(table.key, other.key); });
  });
  return aged;
}

scheduler::Job data_retention_job(pg::Database& database, CatalogSource catalog, RetentionSettings settings) {
  return {"data", settings.period, [&database, catalog = std::move(catalog), batch_rows = settings.batch_rows] {
            return retain_with(database, catalog, batch_rows);
          }};
}

}  // namespace weir::orchestrator
