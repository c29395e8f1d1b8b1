// The tables of resources: created and widened by Weir, never narrowed.
#pragma once
#include "base/asio.hpp"
#include "load/resource.hpp"
#include "pg/database.hpp"

namespace weir::load {

// Makes schema data agree with the catalog: creates missing tables (policies, grants and comments included) and adds
// missing columns, nullable, under lock_timeout 1 s with retries. A column whose type differs is an error that names
// the remedy. One node at a time; a second call finds nothing to do and takes no lock.
Task<Result<>> ensure_resource_tables(pg::Database& database, const ResourceCatalog& catalog);

}  // namespace weir::load
