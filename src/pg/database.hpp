// The door to the database for every module: statements run in a transaction that begins by taking a role and, for a
// tenant's rows, that tenant. Nothing of it outlives the transaction, so poolers in transaction mode work.
//
//   const auto rows = co_await database.query(Scope::tenant(tenant), sql::list_data_sources);
#pragma once
#include <functional>
#include <vector>

#include "pg/pool.hpp"
#include "pg/roles.hpp"

namespace weir::pg {

// An open transaction on a borrowed connection; rolled back (by dropping the connection) unless committed.
class Transaction {
 public:
  Task<Rows> query(Statement statement, Params params = {});
  Task<std::vector<Rows>> batch(std::vector<Command> commands);  // one round trip
  // Runs `commands` and COMMIT in one round trip.
  Task<std::vector<Rows>> commit(std::vector<Command> commands = {});
  // Takes another scope for the rest of the transaction: a change of one tenant's rows and the record of it are one.
  Task<> enter(Scope scope);
  Connection& connection() { return *lease_; }

 private:
  friend class Database;
  Transaction(Lease lease, RoleNames roles, Deadline deadline)
      : lease_(std::move(lease)), roles_(std::move(roles)), deadline_(deadline) {}
  Lease lease_;
  RoleNames roles_;
  Deadline deadline_;
};

class Database {
 public:
  Database(Pool& pool, RoleNames roles) : pool_(pool), roles_(std::move(roles)) {}

  // One statement in a transaction of its own: one round trip.
  Task<Rows> query(Scope scope, Statement statement, Params params = {}, Deadline deadline = Deadline::never());
  // Several statements in one transaction: one round trip, all or nothing.
  Task<std::vector<Rows>> batch(Scope scope, std::vector<Command> commands, Deadline deadline = Deadline::never());
  // A transaction with statements in between.
  Task<Transaction> begin(Scope scope, Deadline deadline = Deadline::never());

  const RoleNames& roles() const { return roles_; }
  Pool& pool() { return pool_; }

 private:
  std::vector<Command> opening(const Scope& scope) const;

  Pool& pool_;
  RoleNames roles_;
};

// BEGIN and the role, for callers that hold a connection of their own.
std::vector<Command> open_transaction(const RoleNames& roles, const Scope& scope);
// The role and the tenant for the rest of an open transaction.
Command take_scope(const RoleNames& roles, const Scope& scope);
Command commit_transaction();

// "a""b": the one function that quotes identifiers.
std::string quote_identifier(std::string_view name);

}  // namespace weir::pg
