// Removal of a tenant or a data source: its runs lose their right, then its rows go in batches, so that no transaction
// is long. Interrupted anywhere, the next call goes on; what is being removed can do nothing else. At the end nothing
// is left but the audit record.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/blocking.hpp"
#include "pg/database.hpp"
#include "tenancy/audit.hpp"
#include "tenancy/tenant.hpp"

namespace weir::tenancy {

// Where clones and other files of a tenant's data source are cached: <root>/<tenant id>/<data source>. It may not
// exist.
std::filesystem::path cache_directory(const std::filesystem::path& root, TenantId tenant, std::string_view data_source);

struct RemovalSettings {
  BlockingPool& blocking;
  std::filesystem::path cache_root;  // empty: no cache here. Caches of other machines are theirs to evict.
  int batch_rows = 5'000;
  // After each batch, with the rows deleted so far.
  std::function<void(std::int64_t)> on_progress = {};
};

struct Removed {
  std::int64_t rows = 0;
  bool was_resumed = false;  // an earlier call had begun it
};

Task<Result<Removed>> remove_tenant(pg::Database& database, Actor actor, TenantId tenant, RemovalSettings settings);
Task<Result<Removed>> remove_data_source(pg::Database& database, Actor actor, TenantId tenant, std::string name,
                                         RemovalSettings settings);

}  // namespace weir::tenancy
