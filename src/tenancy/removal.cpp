#include "tenancy/removal.hpp"

#include <fmt/format.h>

#include "tenancy/change.hpp"
#include "tenancy/data_source.hpp"
#include "tenancy/sql.hpp"

namespace weir::tenancy {
namespace {

// What one batch runs: the same statement until it finds nothing.
struct Batch {
  pg::Scope scope;
  pg::Statement statement;
  pg::Params params;
};

Task<std::int64_t> run_batch(pg::Database& database, Batch batch) {
  const auto rows = co_await database.query(batch.scope, batch.statement, batch.params);
  co_return rows.one().get<std::int64_t>("gone");
}

Task<> delete_in_batches(pg::Database& database, Batch batch, const RemovalSettings& settings, Removed& removed) {
  for (;;) {
    const auto attempt = [&] { return run_batch(database, batch); };
    const auto gone = co_await with_retries(attempt);
    if (gone == 0) co_return;
    removed.rows += gone;
    if (settings.on_progress) settings.on_progress(removed.rows);
  }
}

Task<> remove_files(BlockingPool& blocking, std::filesystem::path directory) {
  co_await run_blocking(blocking, [directory] { std::filesystem::remove_all(directory); });
}

// True: an earlier call had begun it already.
Task<Result<bool>> begin_tenant(pg::Database& database, Actor actor, TenantId id) {
  auto transaction = co_await database.begin(pg::Scope::control());
  const auto tenant = co_await lock_any_tenant(transaction, id);
  if (!tenant) co_return std::unexpected(tenant.error());
  if (tenant->state == TenantState::deleting) co_return true;
  co_await transaction.query(sql::set_tenant_state, pg::Params(id, name_of(TenantState::deleting)));
  co_await transaction.enter(pg::Scope::tenant(id));
  co_await transaction.query(sql::lock_claims, pg::Params(id));
  co_await transaction.query(sql::mark_sources_deleting, pg::Params(id, std::nullopt));
  co_await transaction.query(sql::replace_fences,
                             pg::Params(id, std::nullopt, "CANCELLED", "the tenant is being removed"));
  auto record = record_of(actor, *tenant, "tenant.rm", tenant->key);
  record.before = {{"state", name_of(tenant->state)}};
  record.after = {{"state", name_of(TenantState::deleting)}};
  co_await commit_with_audit(transaction, std::move(record));
  co_return false;
}

Task<std::int64_t> gone_in(pg::Transaction& transaction, pg::Statement statement, pg::Params params) {
  const auto rows = co_await transaction.query(statement, std::move(params));
  co_return rows.one().get<std::int64_t>("gone");
}

// Whoever held the tenant's row meanwhile has ended when this has locked it: what it may have written goes too.
Task<Result<>> finish_tenant(pg::Database& database, Actor actor, TenantId id, int batch_rows) {
  auto transaction = co_await database.begin(pg::Scope::control());
  const auto tenant = co_await lock_any_tenant(transaction, id);
  if (!tenant) co_return std::unexpected(tenant.error());
  while (co_await gone_in(transaction, sql::delete_control_rows, pg::Params(id, batch_rows)) > 0) {
  }
  co_await transaction.enter(pg::Scope::tenant(id));
  co_await transaction.query(sql::lock_claims, pg::Params(id));
  while (co_await gone_in(transaction, sql::delete_tenant_rows, pg::Params(id, batch_rows)) > 0) {
  }
  co_await transaction.enter(pg::Scope::control());
  co_await transaction.query(sql::delete_tenant, pg::Params(id));
  co_await commit_with_audit(transaction, record_of(actor, *tenant, "tenant.removed", tenant->key));
  co_return Result<>();
}

Task<Result<bool>> begin_source(pg::Database& database, Actor actor, TenantId id, std::string name) {
  auto transaction = co_await database.begin(pg::Scope::control());
  const auto tenant = co_await share_tenant(transaction, id);
  if (!tenant) co_return std::unexpected(tenant.error());
  const auto source = co_await lock_any_data_source(transaction, id, name);
  if (!source) co_return std::unexpected(source.error());
  if (source->is_deleting) co_return true;
  co_await transaction.query(sql::mark_sources_deleting, pg::Params(id, name));
  co_await transaction.query(sql::replace_fences,
                             pg::Params(id, name, "CANCELLED", "the data source is being removed"));
  auto record = record_of(actor, *tenant, "source.rm", fmt::format("{}/{}", tenant->key, name));
  record.before = {{"provider", source->provider}, {"is_enabled", source->is_enabled}};
  co_await commit_with_audit(transaction, std::move(record));
  co_return false;
}

Task<Result<>> finish_source(pg::Database& database, Actor actor, TenantId id, std::string name, int batch_rows) {
  auto transaction = co_await database.begin(pg::Scope::control());
  const auto tenant = co_await share_tenant(transaction, id);
  if (!tenant) co_return std::unexpected(tenant.error());
  const auto source = co_await lock_any_data_source(transaction, id, name);
  if (!source) co_return std::unexpected(source.error());
  while (co_await gone_in(transaction, sql::delete_source_rows, pg::Params(id, name, batch_rows)) > 0) {
  }
  co_await transaction.query(sql::delete_data_source, pg::Params(id, name));
  co_await commit_with_audit(transaction,
                             record_of(actor, *tenant, "source.removed", fmt::format("{}/{}", tenant->key, name)));
  co_return Result<>();
}

}  // namespace

std::filesystem::path cache_directory(const std::filesystem::path& root, TenantId tenant,
                                      std::string_view data_source) {
  return root / to_string(tenant) / data_source;
}

Task<Result<Removed>> remove_tenant(pg::Database& database, Actor actor, TenantId tenant, RemovalSettings settings) {
  const auto begin = [&] { return begin_tenant(database, actor, tenant); };
  const auto begun = co_await with_retries(begin);
  if (!begun) co_return std::unexpected(begun.error());
  Removed removed{.was_resumed = *begun};
  const auto rows = settings.batch_rows;
  co_await delete_in_batches(database, {pg::Scope::tenant(tenant), sql::delete_tenant_rows, pg::Params(tenant, rows)},
                             settings, removed);
  co_await delete_in_batches(database, {pg::Scope::control(), sql::delete_control_rows, pg::Params(tenant, rows)},
                             settings, removed);
  if (!settings.cache_root.empty()) co_await remove_files(settings.blocking, settings.cache_root / to_string(tenant));
  const auto finish = [&] { return finish_tenant(database, actor, tenant, rows); };
  const auto finished = co_await with_retries(finish);
  if (!finished) co_return std::unexpected(finished.error());
  co_return removed;
}

Task<Result<Removed>> remove_data_source(pg::Database& database, Actor actor, TenantId tenant, std::string name,
                                         RemovalSettings settings) {
  const auto begin = [&] { return begin_source(database, actor, tenant, name); };
  const auto begun = co_await with_retries(begin);
  if (!begun) co_return std::unexpected(begun.error());
  Removed removed{.was_resumed = *begun};
  const auto rows = settings.batch_rows;
  co_await delete_in_batches(database,
                             {pg::Scope::tenant(tenant), sql::delete_source_rows, pg::Params(tenant, name, rows)},
                             settings, removed);
  if (!settings.cache_root.empty())
    co_await remove_files(settings.blocking, cache_directory(settings.cache_root, tenant, name));
  const auto finish = [&] { return finish_source(database, actor, tenant, name, rows); };
  const auto finished = co_await with_retries(finish);
  if (!finished) co_return std::unexpected(finished.error());
  co_return removed;
}

}  // namespace weir::tenancy
