// What every change of a tenant's things shares.
#pragma once
#include <utility>

#include "base/task_group.hpp"
#include "pg/database.hpp"
#include "tenancy/audit.hpp"
#include "tenancy/data_source.hpp"
#include "tenancy/tenant.hpp"

namespace weir::tenancy {

// Locks the tenant's row against removal and change of state until the transaction ends (in control scope). not_found,
// or conflict when it is being removed.
Task<Result<Tenant>> share_tenant(pg::Transaction& transaction, TenantId tenant);
// The same, to change it.
Task<Result<Tenant>> lock_tenant(pg::Transaction& transaction, TenantId tenant);

// The same, also when it is being removed.
Task<Result<Tenant>> lock_any_tenant(pg::Transaction& transaction, TenantId tenant);
// Enters the tenant's scope and locks its claims: nobody else changes the data source until the transaction ends.
// not_found when there is none.
Task<Result<DataSource>> lock_any_data_source(pg::Transaction& transaction, TenantId tenant, std::string name);

// Takes the tenant's scope. Closed: its scripts are not claimed any more, and those that run lose their right for
// `reason`.
Task<> gate_claims(pg::Transaction& transaction, TenantId tenant, bool is_closed, std::string reason);

// Records the change and commits.
Task<> commit_with_audit(pg::Transaction& transaction, AuditRecord record);

// The tenant's part of a record.
AuditRecord record_of(const Actor& actor, const Tenant& tenant, std::string action, std::string target);

// Runs `attempt`, a function that returns a Task, again after a transaction conflict. A run that froze inside a
// checkpoint holds its row for longer than a statement waits for it (lock_timeout), but not for longer than two.
template <class Attempt>
auto with_retries(Attempt attempt) -> decltype(attempt()) {
  constexpr int k_attempts_max = 4;
  for (int left = k_attempts_max;; --left) {
    try {
      co_return co_await attempt();
    } catch (const Failure& failure) {
      if (failure.error().code != ErrorCode::transaction_conflict || left == 1) throw;
    }
    co_await sleep_for(std::chrono::milliseconds(50));
  }
}

}  // namespace weir::tenancy
