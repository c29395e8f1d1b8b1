// What guards the rows of every table of Weir: row-level security, exactly the policies it must have, nobody's rights
// but those. read_… asks the catalogue, judge_… is pure.
#pragma once
#include <string>
#include <vector>

#include "base/finding.hpp"
#include "pg/blocking_session.hpp"
#include "pg/roles.hpp"

namespace weir::pg {

struct Policy {
  std::string name{};
  std::string command{};  // as in pg_policy: '*' all, 'r' SELECT, …
  bool is_permissive = true;
  std::vector<std::string> roles{};
  std::string condition{};  // USING, as PostgreSQL prints it
  std::string check{};      // WITH CHECK
};

struct TableProtection {
  std::string name{};  // weir.run
  bool is_data = false;
  bool is_table = true;  // else a view
  bool is_materialized = false;
  bool is_partition = false;
  std::string owner{};
  bool has_row_security = false;
  bool is_forced = false;
  std::string comment{};  // of a table of schema weir it begins with its group, "home:" or "control:"
  bool has_tenant = false;
  bool is_invoker = false;  // a view with security_invoker
  bool is_public = false;   // PUBLIC has rights on it
  bool is_granted = false;  // the tenants' or the readers' role has
  std::vector<Policy> policies{};
};

std::vector<TableProtection> read_table_protection(BlockingSession& session, const RoleNames& roles);
// One ok for all, or a problem for each table that is not as it must be.
Findings judge_table_protection(const std::vector<TableProtection>& tables, const RoleNames& roles);

}  // namespace weir::pg
