#include "pg/doctor/table_protection.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "pg/sql.hpp"

namespace weir::pg {
namespace {

constexpr std::string_view k_tenant_condition = "tenant_id=SELECTNULLIFcurrent_setting'weir.tenant_id',true,''::uuid";
constexpr std::string_view k_reader_condition = "tenant_id=SELECTweir.reader_tenant";

struct ExpectedPolicy {
  std::string name;
  std::string command;
  std::string role;
  std::string condition;
  std::string check;
};

void erase_all(std::string& text, std::string_view part) {
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part)) text.erase(at, part.size());
}

// PostgreSQL prints an expression with parentheses, casts and names of columns that differ between its versions.
std::string essence_of(std::string text) {
  for (const auto* part : {" AS \"nullif\"", " AS reader_tenant", "::text", " ", "\n", "(", ")"}) erase_all(text, part);
  return text;
}

std::vector<ExpectedPolicy> policies_of_home(const RoleNames& roles) {
  const std::string tenant(k_tenant_condition);
  return {{"control_rows", "*", roles.control(), "true", "true"},
          {"reader_rows", "r", roles.reader(), std::string(k_reader_condition), ""},
          {"tenant_rows", "*", roles.tenant(), tenant, tenant}};
}

std::vector<ExpectedPolicy> policies_of_partition(const RoleNames& roles) {
  return {{"backup_rows", "r", roles.control(), "true", ""}};
}

bool is_same(const Policy& policy, const ExpectedPolicy& expected) {
  return policy.command == expected.command && policy.is_permissive && policy.roles == std::vector{expected.role} &&
         essence_of(policy.condition) == expected.condition && essence_of(policy.check) == expected.check;
}

std::vector<std::string> faults_of_policies(const TableProtection& table, const std::vector<ExpectedPolicy>& expected) {
  std::vector<std::string> faults;
  for (const auto& one : expected) {
    const auto found = std::ranges::find(table.policies, one.name, &Policy::name);
    if (found == table.policies.end())
      faults.push_back(fmt::format("lacks the policy {}", one.name));
    else if (!is_same(*found, one))
      faults.push_back(fmt::format("has a policy {} that is not Weir's", one.name));
  }
  for (const auto& policy : table.policies)
    if (std::ranges::find(expected, policy.name, &ExpectedPolicy::name) == expected.end())
      faults.push_back(fmt::format("has a policy {} more than it should", policy.name));
  return faults;
}

bool is_home(const TableProtection& table) {
  if (table.is_data || table.comment.starts_with("home:")) return true;
  return table.has_tenant && !table.comment.starts_with("control:");
}

// Of the control group, tenants may read which nodes live and which migrations ran.
bool may_be_granted(const TableProtection& table) {
  return table.name == "weir.node" || table.name == "weir.schema_migration";
}

std::vector<std::string> faults_of_guarded(const TableProtection& table, const RoleNames& roles) {
  std::vector<std::string> faults;
  if (!table.has_row_security) faults.emplace_back("has no row-level security");
  if (table.has_row_security && !table.is_forced)
    faults.emplace_back("does not force row-level security upon its owner");
  if (!table.is_partition && !table.has_tenant) faults.emplace_back("has no tenant_id");
  if (table.is_partition && table.is_granted)
    faults.emplace_back("is a partition that tenants may reach by its own name");
  const auto policies =
      faults_of_policies(table, table.is_partition ? policies_of_partition(roles) : policies_of_home(roles));
  faults.insert(faults.end(), policies.begin(), policies.end());
  return faults;
}

std::vector<std::string> faults_of(const TableProtection& table, const RoleNames& roles) {
  std::vector<std::string> faults;
  if (table.is_materialized) return {"is a materialized view, which no row-level security binds"};
  if (!table.is_table) {
    if (!table.is_invoker) faults.emplace_back("is a view that reads with its owner's rights");
    return faults;
  }
  if (table.is_partition || is_home(table))
    faults = faults_of_guarded(table, roles);
  else if (table.is_granted && !may_be_granted(table))
    faults.emplace_back("is of the control group, and tenants' or readers' roles have rights on it");
  if (table.is_public) faults.emplace_back("gives rights to PUBLIC");
  if (table.owner != roles.owner())
    faults.push_back(fmt::format("belongs to {}, not to {}", table.owner, roles.owner()));
  return faults;
}

std::string remedy_of(const TableProtection& table, const RoleNames& roles) {
  if (table.is_materialized) return fmt::format("DROP MATERIALIZED VIEW {}", table.name);
  if (!table.is_table) return fmt::format("ALTER VIEW {} SET (security_invoker = true)", table.name);
  if (table.is_partition || !is_home(table))
    return fmt::format("revoke what was granted, and compare with a fresh database; {} must own it", roles.owner());
  return fmt::format(
      "stop all imports; as {}: drop the policies of {}, SELECT weir.protect_home_table('{}'), and find out who "
      "changed "
      "it",
      roles.owner(), table.name, table.name);
}

Policy policy_of(const nlohmann::json& document) {
  return {.name = document.at("name"),
          .command = document.at("command"),
          .is_permissive = document.at("permissive"),
          .roles = document.at("roles").get<std::vector<std::string>>(),
          .condition = document.at("using"),
          .check = document.at("check")};
}

}  // namespace

std::vector<TableProtection> read_table_protection(BlockingSession& session, const RoleNames& roles) {
  std::vector<TableProtection> tables;
  const auto rows = session.query(sql::list_table_protection, Params(roles.tenant(), roles.reader()));
  for (const auto row : rows) {
    TableProtection table{.name = row.get<std::string>("name"),
                          .is_data = row.get<bool>("is_data"),
                          .is_table = row.get<bool>("is_table"),
                          .is_materialized = row.get<bool>("is_materialized"),
                          .is_partition = row.get<bool>("is_partition"),
                          .owner = row.get<std::string>("owner"),
                          .has_row_security = row.get<bool>("has_row_security"),
                          .is_forced = row.get<bool>("is_forced"),
                          .comment = row.get<std::string>("comment"),
                          .has_tenant = row.get<bool>("has_tenant"),
                          .is_invoker = row.get<bool>("is_invoker"),
                          .is_public = row.get<bool>("is_public"),
                          .is_granted = row.get<bool>("is_granted")};
    for (const auto& policy : row.get<nlohmann::json>("policies")) table.policies.push_back(policy_of(policy));
    tables.push_back(std::move(table));
  }
  return tables;
}

Findings judge_table_protection(const std::vector<TableProtection>& tables, const RoleNames& roles) {
  Findings findings;
  for (const auto& table : tables)
    if (const auto faults = faults_of(table, roles); !faults.empty())
      findings.push_back({"isolation", Verdict::problem, fmt::format("{} {}", table.name, fmt::join(faults, "; it ")),
                          remedy_of(table, roles)});
  if (findings.empty())
    findings.push_back(
        {"isolation", Verdict::ok, fmt::format("{} tables and views are guarded as they must be", tables.size())});
  return findings;
}

}  // namespace weir::pg
