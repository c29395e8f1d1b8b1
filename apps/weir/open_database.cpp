#include "weir/open_database.hpp"

#include <cstdlib>

#include "base/time.hpp"
#include "pg/connection_info.hpp"
#include "pg/role_setup.hpp"

namespace weir::app {
namespace {

constexpr int k_server_version_min = 150000;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

Result<> check_server_version(const pg::BlockingSession& session) {
  if (session.server_version() >= k_server_version_min) return {};
  return fail(ErrorCode::configuration, fmt::format("the database server is PostgreSQL {}, and Weir needs 15 or later",
                                                    session.server_version() / 10000));
}

// What both kinds of database have in common; `opened` has its URL.
Result<> adopt(OpenedDatabase& opened) {
  auto session = pg::BlockingSession::open(opened.url);
  if (!session) return std::unexpected(session.error());
  if (auto fits = check_server_version(*session); !fits) return fits;
  auto roles = pg::find_roles(*session);
  if (!roles) return std::unexpected(roles.error());
  opened.roles = *roles;
  if (auto verified = pg::verify_roles(*session, *roles); !verified) return verified;
  if (!opened.embedded) return pg::check_schema_version(pg::read_schema_version(*session, *roles));
  auto applied = pg::migrate(*session, *roles);
  if (!applied) return std::unexpected(applied.error());
  opened.applied = std::move(*applied);
  return {};
}

}  // namespace

bool is_embedded(const Cli& cli) { return cli.database_url.empty(); }

Result<pg::EmbeddedSettings> embedded_settings(const Cli& cli) {
  pg::EmbeddedSettings settings;
  auto home =
      cli.home.empty() ? pg::default_home() : Result<std::filesystem::path>(std::filesystem::absolute(cli.home));
  if (!home) return std::unexpected(home.error());
  settings.home = home->lexically_normal();
  if (!settings.home.has_filename()) settings.home = settings.home.parent_path();  // a slash at the end
  settings.account = variable("WEIR_PG_USER");
  settings.programs = variable("WEIR_PG_BIN");
  if (variable("WEIR_EMBEDDED_FSYNC") == "off") settings.durability = pg::Durability::none;
  if (const auto linger = variable("WEIR_EMBEDDED_LINGER"); !linger.empty()) {
    const auto duration = parse_duration(linger);
    if (!duration)
      return fail(ErrorCode::configuration,
                  fmt::format("WEIR_EMBEDDED_LINGER is '{}', which is no duration such as 10s or 5m", linger));
    settings.linger = *duration;
  }
  return settings;
}

Result<std::string> external_url(const Cli& cli) {
  const auto info = pg::ConnectionInfo::parse(cli.database_url);
  if (!info) return std::unexpected(info.error());
  if (info->has_password() && cli.database_url != variable("WEIR_DATABASE_URL"))
    return fail(ErrorCode::usage,
                "a password in --database-url can be read by every account of this machine: give the URL in "
                "WEIR_DATABASE_URL, or the password in ~/.pgpass");
  return cli.database_url;
}

Result<OpenedDatabase> open_database(const Cli& cli) {
  OpenedDatabase opened;
  if (is_embedded(cli)) {
    const auto settings = embedded_settings(cli);
    if (!settings) return std::unexpected(settings.error());
    auto server = pg::start_or_join_embedded(*settings);
    if (!server) return std::unexpected(server.error());
    opened.embedded = std::move(*server);
    opened.url = opened.embedded->login_url();
  } else {
    const auto url = external_url(cli);
    if (!url) return std::unexpected(url.error());
    opened.url = *url;
  }
  if (auto adopted = adopt(opened); !adopted) return std::unexpected(adopted.error());
  return opened;
}

}  // namespace weir::app
