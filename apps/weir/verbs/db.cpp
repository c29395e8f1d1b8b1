#include "weir/verbs/db.hpp"

#include "pg/connection_info.hpp"
#include "pg/role_setup.hpp"
#include "weir/open_database.hpp"
#include "weir/table.hpp"
#include "weir/verbs.hpp"

namespace weir::app {
namespace {

int print_url(const Cli& cli) {
  const auto opened = open_database(cli);
  if (!opened) return print_error(cli, opened.error());
  auto info = pg::ConnectionInfo::parse(opened->url).value();
  const auto url = info.set_role(opened->roles.control()).url_without_password();
  if (cli.json) {
    print_json({{"url", url}});
  } else {
    print(url + "\n");
  }
  return 0;
}

Result<std::vector<pg::AppliedMigration>> migrate_external(const Cli& cli) {
  const auto url = external_url(cli);
  if (!url) return std::unexpected(url.error());
  auto session = pg::BlockingSession::open(*url);
  if (!session) return std::unexpected(session.error());
  const auto roles = pg::find_roles(*session);
  if (!roles) return std::unexpected(roles.error());
  if (auto verified = pg::verify_roles(*session, *roles); !verified) return std::unexpected(verified.error());
  return pg::migrate(*session, *roles);
}

Result<std::vector<pg::AppliedMigration>> migrate_embedded(const Cli& cli) {
  auto opened = open_database(cli);
  if (!opened) return std::unexpected(opened.error());
  return std::move(opened->applied);
}

int migrate_database(const Cli& cli) {
  const auto applied = is_embedded(cli) ? migrate_embedded(cli) : migrate_external(cli);
  if (!applied) return print_error(cli, applied.error());
  if (cli.json) {
    auto list = nlohmann::json::array();
    for (const auto& migration : *applied) list.push_back({{"number", migration.number}, {"what", migration.what}});
    print_json({{"applied", list}});
    return 0;
  }
  for (const auto& migration : *applied) print(fmt::format("applied {:04}_{}\n", migration.number, migration.what));
  if (applied->empty()) print("nothing to do: the schema is up to date\n");
  return 0;
}

int print_roles_script(const Cli& cli, const std::string& database) {
  const auto script = pg::render_roles_sql(database);
  if (!script) return print_error(cli, script.error());
  if (cli.json) {
    print_json({{"sql", *script}});
  } else {
    print(*script);
  }
  return 0;
}

int list_database_roles(const Cli& cli) {
  const auto opened = open_database(cli);
  if (!opened) return print_error(cli, opened.error());
  auto session = pg::BlockingSession::open(opened->url);
  if (!session) return print_error(cli, session.error());
  Table table({{"ROLE"}, {"USE"}});
  auto list = nlohmann::json::array();
  const auto uses = std::map<std::string, std::string>{
      {opened->roles.owner(), "owns the schemas; migrations"},
      {opened->roles.control(), "the bookkeeping of all tenants"},
      {opened->roles.tenant(), "the rows of one tenant"},
      {opened->roles.reader(), "granted to the roles of analysts"},
  };
  for (const auto& role : pg::list_roles(*session, opened->roles)) {
    const auto use = role.is_login ? "logs in, and takes one of the others for each transaction" : uses.at(role.name);
    table.add_row({role.name, use});
    list.push_back({{"name", role.name}, {"use", use}});
  }
  if (cli.json) {
    print_json(list);
  } else {
    table.print(cli);
  }
  return 0;
}

int stop_database(const Cli& cli, pg::StopMode mode) {
  if (!is_embedded(cli))
    return print_error(cli, {ErrorCode::usage, "only the private database can be stopped: leave --database-url away"});
  const auto settings = embedded_settings(cli);
  if (!settings) return print_error(cli, settings.error());
  const auto stopped = pg::stop_embedded(*settings, mode);
  if (!stopped) return print_error(cli, stopped.error());
  if (cli.json) {
    print_json({{"stopped", *stopped}});
  } else {
    print(*stopped ? "stopped\n" : "it was not running\n");
  }
  return 0;
}

void add_roles(CLI::App& db, Cli& cli) {
  auto& roles = add_command(db, "roles", "List the database's roles, or print the script that makes them",
                            {"weir db roles", "weir db roles --print --database weir | psql -d weir"});
  const auto database = std::make_shared<std::string>("weir");
  const auto is_print = std::make_shared<bool>(false);
  auto* print_option = roles.add_flag("--print", *is_print, "Print the SQL for a DBA; connects to nothing");
  roles.add_option("--database", *database, "The database's name, after which the roles are named (default weir)")
      ->needs(print_option);
  roles.callback([&cli, database, is_print] {
    cli.action = [&cli, database, is_print] {
      return *is_print ? print_roles_script(cli, *database) : list_database_roles(cli);
    };
  });
}

void add_psql(CLI::App& db, Cli& cli) {
  auto& psql = add_command(db, "psql", "Open psql with the operator's rights",
                           {"weir db psql", "weir db psql -- -c 'SELECT key, state FROM weir.tenant'"});
  const auto arguments = std::make_shared<std::vector<std::string>>();
  psql.add_option("arguments", *arguments, "Arguments for psql, after --");
  psql.callback([&cli, arguments] { cli.action = [&cli, arguments] { return run_psql(cli, *arguments); }; });
}

void add_stop(CLI::App& db, Cli& cli) {
  auto& stop = add_command(db, "stop", "Stop the private database now, instead of 10 s after its last use",
                           {"weir db stop", "weir db stop --force"});
  const auto is_forced = std::make_shared<bool>(false);
  stop.add_flag("--force", *is_forced, "Even when other weir processes use it");
  stop.callback([&cli, is_forced] {
    cli.action = [&cli, is_forced] {
      return stop_database(cli, *is_forced ? pg::StopMode::always : pg::StopMode::when_unused);
    };
  });
}

}  // namespace

void add_db(CLI::App& root, Cli& cli) {
  auto& db = add_group(root, "db", "The database: where it is, its schema and roles");
  add_command(db, "url", "Print a URL for psql and drivers, with the operator's rights",
              {"psql \"$(weir db url)\"", "weir db url --json"})
      .callback([&cli] { cli.action = [&cli] { return print_url(cli); }; });
  add_command(db, "migrate", "Bring the schema up to date (the private database does it by itself)",
              {"WEIR_DATABASE_URL=postgresql://weir_login@db/weir weir db migrate"})
      .callback([&cli] { cli.action = [&cli] { return migrate_database(cli); }; });
  add_command(db, "status", "Show where the data lives and whether it is in order",
              {"weir db status", "weir db status --json"})
      .callback([&cli] { cli.action = [&cli] { return show_database_status(cli); }; });
  add_roles(db, cli);
  add_psql(db, cli);
  add_stop(db, cli);
}

}  // namespace weir::app
