// The database that a command works on: the one of --database-url, or the private one of --home.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "pg/embedded/embedded_server.hpp"
#include "pg/migration.hpp"
#include "pg/roles.hpp"
#include "weir/cli.hpp"

namespace weir::app {

struct OpenedDatabase {
  std::unique_ptr<pg::EmbeddedServer> embedded;  // keeps the private server up; null with a database URL
  std::string url;                               // of the login role; may hold a password: never print it
  pg::RoleNames roles;
  std::vector<pg::AppliedMigration> applied;  // just now; only ever of the private database
};

// Starts or joins the private server and migrates it, or connects to the database of the URL; then proves that the
// roles are as they must be and that the schema is one this binary works on. Blocking; call it before the event loop
// runs. Errors: configuration, schema_too_old, schema_too_new (exit 3), database_unreachable, disk_full (exit 4).
Result<OpenedDatabase> open_database(const Cli& cli);

// The parts of it.
bool is_embedded(const Cli& cli);
// --home and the WEIR_* variables about the private server.
Result<pg::EmbeddedSettings> embedded_settings(const Cli& cli);
// --database-url, checked; usage error when it carries a password on the command line, where everybody can read it.
Result<std::string> external_url(const Cli& cli);

}  // namespace weir::app
