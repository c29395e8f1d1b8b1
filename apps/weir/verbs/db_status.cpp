#include "base/time.hpp"
#include "pg/connection_info.hpp"
#include "pg/role_setup.hpp"
#include "pg/server_facts.hpp"
#include "weir/open_database.hpp"
#include "weir/table.hpp"
#include "weir/verbs/db.hpp"

namespace weir::app {
namespace {

struct DatabaseStatus {
  std::string location;  // a directory, or a URL without its password
  pg::ServerFacts server;
  pg::RoleNames roles;
  pg::SchemaVersion schema;
  std::optional<Error> problem;  // why Weir could not work with it
};

// Unlike open_database it also answers about a database that Weir would refuse.
Result<DatabaseStatus> read_status(const std::string& url, std::string location) {
  auto session = pg::BlockingSession::open(url);
  if (!session) return std::unexpected(session.error());
  DatabaseStatus status{std::move(location), pg::read_server_facts(*session), {}, {}, std::nullopt};
  const auto note = [&status](const Result<>& outcome) {
    if (!outcome && !status.problem) status.problem = outcome.error();
    return outcome.has_value();
  };
  const auto roles = pg::find_roles(*session);
  if (!roles) {
    status.problem = roles.error();
    return status;
  }
  status.roles = *roles;
  if (!note(pg::verify_roles(*session, *roles))) return status;
  status.schema = pg::read_schema_version(*session, *roles);
  note(pg::check_schema_version(status.schema));
  return status;
}

std::string format_bytes(std::int64_t bytes) {
  constexpr std::array k_units{"B", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1000 && unit + 1 < k_units.size(); ++unit) value /= 1000;
  return fmt::format("{:.{}f} {}", value, unit == 0 ? 0 : 1, k_units[unit]);
}

nlohmann::json to_document(const DatabaseStatus& status, bool is_private) {
  const auto& server = status.server;
  return {{"state", "running"},
          {"is_embedded", is_private},
          {"location", status.location},
          {"database", server.database},
          {"login", server.login},
          {"server_version", server.version},
          {"started_at", format_rfc3339(server.started_at)},
          {"size_bytes", server.size_bytes},
          {"sessions", server.sessions},
          {"sessions_max", server.sessions_max},
          {"role_prefix", status.roles.prefix},
          {"schema",
           {{"applied", status.schema.applied}, {"known", status.schema.known}, {"release", status.schema.release}}},
          {"problem", status.problem ? nlohmann::json(*status.problem) : nlohmann::json()}};
}

void print_status(const Cli& cli, const DatabaseStatus& status) {
  const auto& server = status.server;
  Table table({{"WHAT"}, {"VALUE"}});
  table.add_row({"location", status.location});
  table.add_row({"database", fmt::format("{} as {}", server.database, server.login)});
  table.add_row(
      {"server", fmt::format("PostgreSQL {}, up since {}", server.version, format_rfc3339(server.started_at))});
  table.add_row({"size", format_bytes(server.size_bytes)});
  table.add_row({"sessions", fmt::format("{} of {}", server.sessions, server.sessions_max)});
  table.add_row({"schema", fmt::format("migration {} of {}", status.schema.applied, status.schema.known)});
  table.add_row({"problem", status.problem ? Cell(status.problem->message, Colour::red) : Cell("none")});
  table.print(cli);
}

int show_nothing_yet(const Cli& cli, const std::filesystem::path& home) {
  if (cli.json) {
    print_json({{"state", "absent"}, {"is_embedded", true}, {"location", home.native()}});
  } else {
    print(fmt::format("no database yet: the first command that needs one makes it in {}\n", home.native()));
  }
  return 0;
}

int show(const Cli& cli, const Result<DatabaseStatus>& status) {
  if (!status) return print_error(cli, status.error());
  if (cli.json) {
    print_json(to_document(*status, is_embedded(cli)));
  } else {
    print_status(cli, *status);
  }
  return status->problem ? status->problem->exit_code() : 0;
}

int show_embedded(const Cli& cli) {
  const auto settings = embedded_settings(cli);
  if (!settings) return print_error(cli, settings.error());
  const auto state = pg::inspect_embedded(*settings);
  if (!state.data) return show_nothing_yet(cli, state.home);
  const auto server = pg::start_or_join_embedded(*settings);
  if (!server) return print_error(cli, server.error());
  return show(cli, read_status((*server)->login_url(), state.data->native()));
}

}  // namespace

int show_database_status(const Cli& cli) {
  if (is_embedded(cli)) return show_embedded(cli);
  const auto url = external_url(cli);
  if (!url) return print_error(cli, url.error());
  return show(cli, read_status(*url, pg::ConnectionInfo::parse(*url).value().url_without_password()));
}

}  // namespace weir::app
