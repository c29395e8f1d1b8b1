// The database's schema: migrations db/migrations/NNNN_what.sql, built into the binary, applied in order and once.
//
// Each runs in a transaction of its own as the owner role (with the first line `-- as: control` as the control role:
// data migrations, which the forced row-level security would hide from the owner), under one advisory lock, and leaves
// its checksum in weir.schema_migration. {{owner}}, {{control}}, {{tenant}} and {{reader}} in it are the roles' names.
//
// Several migrations make one schema release. A binary of release N runs on a database of release N or N+1, so that
// machines can be updated one by one after the database.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "pg/blocking_session.hpp"
#include "pg/roles.hpp"

namespace weir::pg {

struct Migration {
  int number;
  std::string_view what;
  std::string_view sql;
};

// The release of the newest migration below; raised by one when a release of Weir brings the first new migration.
constexpr int k_schema_release = 1;
constexpr int k_schema_release_highest = k_schema_release + 1;

std::span<const Migration> built_in_migrations();

struct SchemaVersion {
  int applied = 0;  // the number of the newest migration that the database has; 0: none
  int known = 0;    // the newest that this binary has
  int release = 0;  // of the database
};

SchemaVersion read_schema_version(BlockingSession& session, const RoleNames& roles);

// Whether this binary may work on it: schema_too_old (run `weir db migrate`), schema_too_new (update Weir).
Result<> check_schema_version(const SchemaVersion& version);

// configuration when a migration was applied that is not the one this binary has.
Result<> check_migrations(BlockingSession& session, const RoleNames& roles);

struct AppliedMigration {
  int number;
  std::string what;
};

// Applies what is missing and says what that was. Errors: schema_too_new; configuration when a migration that was
// applied has another checksum now; the statement's meaning when one fails (it is rolled back, those before it stay).
Result<std::vector<AppliedMigration>> migrate(BlockingSession& session, const RoleNames& roles,
                                              std::span<const Migration> migrations = built_in_migrations());

// SHA-256 of the file's bytes, in hexadecimal.
std::string checksum_of(const Migration& migration);

}  // namespace weir::pg
