#include "tests/support/claimed_run.hpp"

#include <stdexcept>

#include <fmt/format.h>

#include "load/resource_tables.hpp"
#include "tests/support/run.hpp"

namespace weir::test {

const load::ResourceCatalog& shipped_resources() {
  static const auto catalog =
      load::ResourceCatalog::read({std::string(WEIR_SOURCE_DIR) + "/plugins/resources"}).value();
  return catalog;
}

ClaimedRuns::ClaimedRuns(TestDatabase& database, const load::ResourceCatalog& catalog)
    : database_(database), tenant_(database.add_tenant("acme")), epoch_(database.add_node()) {
  database.add_data_source(tenant_, "src", "test");
  run([&](Context context) -> Task<> {
    pg::Pool pool(context.executor(), context.blocking, database.pool_settings(1));
    pg::Database door(pool, database.roles());
    const auto made = co_await load::ensure_resource_tables(door, catalog);
    if (!made) throw Failure(made.error());
  });
}

load::RunRight ClaimedRuns::claim(const std::string& script) const {
  const auto claimed = database_.super(
      fmt::format("SELECT outcome || ' ' || run_id || ' ' || fence FROM weir.claim_script('{}', 'src', '{}', "
                  "weir.uuid_v7(), {}, NULL, 100, false)",
                  to_string(tenant_), script, epoch_.value()));
  if (!claimed.starts_with("claimed ")) throw std::runtime_error("not claimed: " + claimed);
  return {.tenant = tenant_,
          .data_source = "src",
          .script = script,
          .run = RunId(*Uuid::parse(claimed.substr(8, 36))),
          .fence = Fence(std::stoll(claimed.substr(45)))};
}

void ClaimedRuns::replace_fence(const std::string& script) const {
  database_.super(
      fmt::format("SELECT weir.replace_fence('{}', 'src', '{}', 'CANCELLED', 'reset')", to_string(tenant_), script));
}

void ClaimedRuns::expire_lease() const {
  database_.super(
      fmt::format("UPDATE weir.node SET lease_until = now() - interval '1 second' WHERE epoch = {}", epoch_.value()));
}

}  // namespace weir::test
