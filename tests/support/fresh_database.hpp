// A database with Weir's roles and no schema, on the cluster of WEIR_TEST_DATABASE_URL. The database and its roles are
// dropped with the object.
#pragma once
#include <string>

#include "pg/blocking_session.hpp"
#include "pg/roles.hpp"

namespace weir::test {

class FreshDatabase {
 public:
  FreshDatabase();
  ~FreshDatabase();
  FreshDatabase(const FreshDatabase&) = delete;
  FreshDatabase& operator=(const FreshDatabase&) = delete;

  pg::RoleNames roles() const { return {name_}; }
  std::string login_url() const;
  std::string superuser_url() const;
  pg::BlockingSession login() const;
  pg::BlockingSession superuser() const;

 private:
  std::string name_;
};

// The cluster's URL with another user and database; throws when WEIR_TEST_DATABASE_URL is not set.
std::string cluster_url(const std::string& user, const std::string& database);

}  // namespace weir::test
