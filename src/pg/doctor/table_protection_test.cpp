#include "pg/doctor/table_protection.hpp"

#include <gtest/gtest.h>

namespace weir::pg {
namespace {

const RoleNames k_roles{"w"};
constexpr auto k_tenant =
    "(tenant_id = ( SELECT (NULLIF(current_setting('weir.tenant_id'::text, true), ''::text))::uuid AS \"nullif\"))";
constexpr auto k_reader = "(tenant_id = ( SELECT weir.reader_tenant() AS reader_tenant))";

TableProtection good_table() {
  return {.name = "data.commit",
          .is_data = true,
          .owner = "w_owner",
          .has_row_security = true,
          .is_forced = true,
          .has_tenant = true,
          .is_granted = true,
          .policies = {{"control_rows", "*", true, {"w_control"}, "true", "true"},
                       {"reader_rows", "r", true, {"w_reader"}, k_reader, ""},
                       {"tenant_rows", "*", true, {"w_tenant"}, k_tenant, k_tenant}}};
}

// What is said of a table after `change`; empty when it is content.
template <class Change>
std::string said_of(TableProtection table, Change change) {
  change(table);
  const auto findings = judge_table_protection({table}, k_roles);
  EXPECT_EQ(findings.size(), 1U);
  const auto& finding = findings.front();
  if (finding.verdict == Verdict::ok) return "";
  EXPECT_EQ(finding.verdict, Verdict::problem);
  EXPECT_NE(finding.remedy, "");
  return finding.reason;
}

template <class Change>
std::string said(Change change) {
  return said_of(good_table(), change);
}

TEST(TableProtection, AGuardedTableIsFine) {
  EXPECT_EQ(said([](auto&) {}), "");
}

TEST(TableProtection, RowLevelSecurityMustBeOnAndForced) {
  EXPECT_EQ(said([](auto& t) { t.has_row_security = false; }), "data.commit has no row-level security");
  EXPECT_TRUE(said([](auto& t) { t.is_forced = false; }).contains("does not force"));
  EXPECT_TRUE(said([](auto& t) { t.has_tenant = false; }).contains("has no tenant_id"));
}

TEST(TableProtection, ThePoliciesMustBeExactlyTheseThree) {
  EXPECT_TRUE(said([](auto& t) { t.policies.pop_back(); }).contains("lacks the policy tenant_rows"));
  EXPECT_TRUE(said([](auto& t) {
                t.policies.push_back({"extra", "r", true, {"public"}, "true", ""});
              }).contains("a policy extra more than it should"));
  const auto changed = [](auto change) {
    return said([change](auto& t) { change(t.policies[2]); }).contains("a policy tenant_rows that is not Weir's");
  };
  EXPECT_TRUE(changed([](Policy& p) { p.condition = "true"; }));
  EXPECT_TRUE(changed([](Policy& p) { p.check = ""; }));
  EXPECT_TRUE(changed([](Policy& p) { p.roles = {"public"}; }));
  EXPECT_TRUE(changed([](Policy& p) { p.roles.push_back("w_reader"); }));
  EXPECT_TRUE(changed([](Policy& p) { p.command = "r"; }));
  EXPECT_TRUE(changed([](Policy& p) { p.is_permissive = false; }));
  EXPECT_TRUE(changed([](Policy& p) { p.condition = fmt::format("({} OR true)", k_tenant); }));
}

TEST(TableProtection, OwnerAndPublic) {
  EXPECT_TRUE(said([](auto& t) { t.owner = "postgres"; }).contains("belongs to postgres, not to w_owner"));
  EXPECT_TRUE(said([](auto& t) { t.is_public = true; }).contains("gives rights to PUBLIC"));
}

TEST(TableProtection, GroupsOfSchemaWeir) {
  TableProtection audit{.name = "weir.audit_log", .owner = "w_owner", .comment = "control: x", .has_tenant = true};
  EXPECT_EQ(said_of(audit, [](auto&) {}), "");
  EXPECT_TRUE(said_of(audit, [](auto& t) { t.is_granted = true; }).contains("have rights on it"));
  EXPECT_TRUE(said_of(audit, [](auto& t) { t.comment = ""; }).contains("has no row-level security"));
  EXPECT_TRUE(said_of(audit, [](auto& t) { t.comment = "home: x"; }).contains("has no row-level security"));
  TableProtection node{.name = "weir.node", .owner = "w_owner", .comment = "control: x", .is_granted = true};
  EXPECT_EQ(said_of(node, [](auto&) {}), "");
}

TEST(TableProtection, PartitionsAreForBackupsAlone) {
  TableProtection week{.name = "weir.run_20260101",
                       .is_partition = true,
                       .owner = "w_owner",
                       .has_row_security = true,
                       .is_forced = true,
                       .has_tenant = true,
                       .policies = {{"backup_rows", "r", true, {"w_control"}, "true", ""}}};
  EXPECT_EQ(said_of(week, [](auto&) {}), "");
  EXPECT_TRUE(said_of(week, [](auto& t) { t.is_granted = true; }).contains("by its own name"));
  EXPECT_TRUE(said_of(week, [](auto& t) { t.policies.clear(); }).contains("lacks the policy backup_rows"));
}

TEST(TableProtection, Views) {
  TableProtection view{.name = "data.v", .is_data = true, .is_table = false, .owner = "bob", .is_invoker = true};
  EXPECT_EQ(said_of(view, [](auto&) {}), "");
  EXPECT_TRUE(said_of(view, [](auto& t) { t.is_invoker = false; }).contains("owner's rights"));
  EXPECT_TRUE(said_of(view, [](auto& t) { t.is_materialized = true; }).contains("materialized"));
}

}  // namespace
}  // namespace weir::pg
