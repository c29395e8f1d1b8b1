// Two tenants with one row in every home table, found in the catalogue, and the sessions that must not see both.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "pg/blocking_session.hpp"
#include "tests/support/test_database.hpp"

namespace weir::test {

// What a session is told: a value, a refusal, or how many rows it touched. Nothing it does stays.
class ProbeSession {
 public:
  explicit ProbeSession(const std::string& url, const std::string& prepare = "SELECT 1");
  std::string value(const std::string& sql);    // the first column of the first row
  std::string refusal(const std::string& sql);  // the SQLSTATE; empty when it was not refused
  std::int64_t touched(const std::string& sql);

 private:
  pg::BlockingSession session_;
};

class IsolationWorld {
 public:
  IsolationWorld();
  ~IsolationWorld();
  IsolationWorld(const IsolationWorld&) = delete;
  IsolationWorld& operator=(const IsolationWorld&) = delete;

  TenantId mine() const { return mine_; }
  TenantId theirs() const { return theirs_; }
  pg::RoleNames roles() const { return database_.roles(); }
  std::string super(const std::string& sql) const { return database_.super(sql); }

  // Every table whose comment begins with "home:", as schema.table.
  const std::vector<std::string>& home_tables() const { return home_tables_; }
  bool is_readable(const std::string& table) const;  // by analysts
  // A tenant's row as the text of a composite value, and the statement that would insert it again.
  std::string row_of(const std::string& table, TenantId tenant) const;
  static std::string insert_copy(const std::string& table, const std::string& row);

  ProbeSession tenant_session(const std::string& setting) const;  // the login role that took the tenant role
  ProbeSession reader_session(const std::string& setting) const;  // an analyst of mine()
  ProbeSession stranger_session() const;                          // an analyst of no tenant
  ProbeSession login_session() const;

 private:
  void insert_row(const std::string& table, TenantId tenant) const;
  std::vector<std::string> lines(const std::string& sql) const;

  TestDatabase database_;
  TenantId mine_;
  TenantId theirs_;
  std::vector<std::string> home_tables_;
};

}  // namespace weir::test
