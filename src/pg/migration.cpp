#include "pg/migration.hpp"

#include <sodium.h>

#include <fmt/format.h>

#include "base/log.hpp"
#include "pg/database_files.hpp"
#include "pg/role_setup.hpp"
#include "pg/sql.hpp"

namespace weir::pg {
namespace {

constexpr std::string_view k_control_marker = "-- as: control\n";

struct Applied {
  std::string checksum;
  int release;
};
using History = std::map<int, Applied>;

std::string label(const Migration& migration) { return fmt::format("{:04}_{}", migration.number, migration.what); }

// A transaction of the blocking session; rolled back unless committed.
class BlockingTransaction {
 public:
  explicit BlockingTransaction(BlockingSession& session) : session_(session) {
    session_.run_script({"pg.begin", "BEGIN ISOLATION LEVEL READ COMMITTED"});
  }
  ~BlockingTransaction() {
    if (is_done_) return;
    try {
      session_.run_script({"pg.rollback", "ROLLBACK"});
    } catch (const Failure&) {
      // The session is lost, and its transaction with it.
    }
  }
  BlockingTransaction(const BlockingTransaction&) = delete;
  BlockingTransaction& operator=(const BlockingTransaction&) = delete;

  void take_role(const std::string& role) { session_.query(sql::take_role, Params(role)); }
  void commit() {
    session_.run_script({"pg.commit", "COMMIT"});
    is_done_ = true;
  }

 private:
  BlockingSession& session_;
  bool is_done_ = false;
};

// Under a role that may read it.
History read_history(BlockingSession& session) {
  History history;
  if (!session.query(sql::has_schema_migration).one().get<bool>("found")) return history;
  const auto rows = session.query(sql::list_schema_migrations);
  for (const auto row : rows)
    history.emplace(row.get<int>("number"), Applied{row.get<std::string>("checksum"), row.get<int>("schema_release")});
  return history;
}

History read_history_as_control(BlockingSession& session, const RoleNames& roles) {
  if (!session.query(sql::has_schema_migration).one().get<bool>("found")) return {};
  BlockingTransaction transaction(session);
  transaction.take_role(roles.control());
  auto history = read_history(session);
  transaction.commit();
  return history;
}

SchemaVersion version_of(const History& history, std::span<const Migration> migrations) {
  SchemaVersion version;
  version.known = migrations.empty() ? 0 : migrations.back().number;
  for (const auto& [number, applied] : history) {
    version.applied = number;
    version.release = std::max(version.release, applied.release);
  }
  return version;
}

Result<> check_not_newer(const SchemaVersion& version) {
  if (version.release <= k_schema_release_highest) return {};
  return fail(
      ErrorCode::schema_too_new,
      fmt::format("the database has schema release {}, and this weir works on {} and {} only: install the newer "
                  "weir that migrated it",
                  version.release, k_schema_release, k_schema_release_highest));
}

Result<> check_unchanged(const History& history, std::span<const Migration> migrations) {
  for (const auto& migration : migrations) {
    const auto found = history.find(migration.number);
    if (found != history.end() && found->second.checksum != checksum_of(migration))
      return fail(ErrorCode::configuration,
                  fmt::format("migration {} is not the one that this database was migrated with: this weir was built "
                              "from other files; use the build that made the database, or a fresh database",
                              label(migration)));
  }
  return {};
}

// False when somebody else was faster.
bool apply(BlockingSession& session, const RoleNames& roles, const Migration& migration) {
  const bool is_data = migration.sql.starts_with(k_control_marker);
  BlockingTransaction transaction(session);
  session.query(sql::lock_migrations);
  transaction.take_role(roles.owner());
  if (read_history(session).contains(migration.number)) return false;
  if (!session.query(sql::has_schema_migration).one().get<bool>("found")) {
    const auto create = with_role_names(sql::create_schema_migration.sql, roles);
    session.run_script({sql::create_schema_migration.name, create});
  }
  if (is_data) transaction.take_role(roles.control());
  const auto name = label(migration);
  const auto script = with_role_names(migration.sql, roles);
  session.run_script({name, script});
  transaction.take_role(roles.owner());
  session.query(sql::insert_schema_migration,
                Params(migration.number, migration.what, checksum_of(migration), k_schema_release));
  transaction.commit();
  return true;
}

Error explain(const Migration& migration, Error error) {
  error.message = fmt::format("migration {} failed and was rolled back: {}", label(migration), error.message);
  return error;
}

}  // namespace

std::span<const Migration> built_in_migrations() { return k_migrations; }

std::string checksum_of(const Migration& migration) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
  crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(migration.sql.data()), migration.sql.size());
  std::string text;
  for (const auto byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

SchemaVersion read_schema_version(BlockingSession& session, const RoleNames& roles) {
  return version_of(read_history_as_control(session, roles), built_in_migrations());
}

Result<> check_migrations(BlockingSession& session, const RoleNames& roles) {
  return check_unchanged(read_history_as_control(session, roles), built_in_migrations());
}

Result<> check_schema_version(const SchemaVersion& version) {
  if (auto newer = check_not_newer(version); !newer) return newer;
  if (version.applied >= version.known) return {};
  return fail(ErrorCode::schema_too_old, fmt::format("the database has migration {} of {}: run `weir db migrate`",
                                                     version.applied, version.known));
}

Result<std::vector<AppliedMigration>> migrate(BlockingSession& session, const RoleNames& roles,
                                              std::span<const Migration> migrations) {
  const auto history = read_history_as_control(session, roles);
  if (auto newer = check_not_newer(version_of(history, migrations)); !newer) return std::unexpected(newer.error());
  if (auto changed = check_unchanged(history, migrations); !changed) return std::unexpected(changed.error());
  std::vector<AppliedMigration> applied;
  for (const auto& migration : migrations) {
    if (history.contains(migration.number)) continue;
    try {
      if (!apply(session, roles, migration)) continue;
    } catch (const Failure& failure) {
      return std::unexpected(explain(migration, failure.error()));
    }
    log_info("migration {} applied", label(migration));
    applied.push_back({migration.number, std::string(migration.what)});
  }
  return applied;
}

}  // namespace weir::pg
