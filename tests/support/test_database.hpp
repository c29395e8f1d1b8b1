// A migrated database of its own for each test, on the cluster of WEIR_TEST_DATABASE_URL, cloned from a template that
// is made once per process. Dropped with the object.
//
//   test::TestDatabase database;
//   test::run([&](test::Context context) -> Task<> { pg::Pool pool(…, database.pool_settings()); … });
#pragma once
#include <string>

#include "base/strong_id.hpp"
#include "pg/pool.hpp"
#include "pg/roles.hpp"

namespace weir::test {

class TestDatabase {
 public:
  TestDatabase();
  ~TestDatabase();
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  std::string login_url() const;      // the role Weir logs in with
  std::string superuser_url() const;  // for what a DBA does
  pg::RoleNames roles() const;
  pg::PoolSettings pool_settings(std::size_t connections_max = 8) const;

  // Runs statements as the superuser, blocking; the first column of the first row of the last one.
  std::string super(const std::string& sql) const;
  // A tenant of this key.
  TenantId add_tenant(const std::string& key) const;
  // A live node (its lease runs an hour) and a data source; what a claim needs.
  Epoch add_node() const;
  void add_data_source(TenantId tenant, const std::string& name, const std::string& provider) const;

 private:
  std::string name_;
};

}  // namespace weir::test
