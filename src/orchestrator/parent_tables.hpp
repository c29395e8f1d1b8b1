// The rows of other scripts' resources, as a run reads them for its partitions.
#pragma once
#include "load/resource.hpp"
#include "pg/database.hpp"
#include "plugin/parent_rows.hpp"

namespace weir::orchestrator {

class ParentTables final : public plugin::ParentTables {
 public:
  ParentTables(pg::Database& database, const load::ResourceCatalog& resources, TenantId tenant, std::string data_source)
      : database_(database), resources_(resources), tenant_(tenant), data_source_(std::move(data_source)) {}

  // Throws Failure(declaration_invalid) for a resource or column that is not declared.
  Task<plugin::ParentRows> read(std::string resource, std::vector<std::string> columns) override;

 private:
  pg::Database& database_;
  const load::ResourceCatalog& resources_;
  TenantId tenant_;
  std::string data_source_;
};

}  // namespace weir::orchestrator
