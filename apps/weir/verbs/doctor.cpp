#include "base/time.hpp"
#include "orchestrator/health.hpp"
#include "pg/connection_info.hpp"
#include "pg/doctor/server_health.hpp"
#include "pg/doctor/session_trial.hpp"
#include "pg/doctor/table_protection.hpp"
#include "pg/embedded/home_health.hpp"
#include "pg/migration.hpp"
#include "pg/role_setup.hpp"
#include "pg/server_facts.hpp"
#include "tenancy/health.hpp"
#include "weir/findings.hpp"
#include "weir/import_settings.hpp"
#include "weir/master_key.hpp"
#include "weir/plugins.hpp"
#include "weir/table.hpp"
#include "weir/verbs.hpp"

namespace weir::app {
namespace {

struct Examination {
  std::chrono::seconds transaction_age_max;
  Findings findings{};
  bool is_reachable = true;

  void add(Finding finding) { findings.push_back(std::move(finding)); }
  void add(Findings more) { add_findings(findings, std::move(more)); }
  // A check whose question failed is a finding too, and the others go on.
  template <class Ask>
  void ask(const std::string& check, Ask question) {
    try {
      add(question());
    } catch (const Failure& failure) {
      add(problem_of(check, failure.error()));
    }
  }
};

void examine_plugins(const Cli& cli, Examination& found) {
  const auto catalog = read_plugins(cli);
  for (const auto& problem : catalog.problems())
    found.add({"plugins", problem.is_disabling ? Verdict::problem : Verdict::warning,
               printable(problem.place.to_string()), "weir plugins check"});
  if (catalog.problems().empty())
    found.add({"plugins", Verdict::ok,
               fmt::format("{} providers with {} scripts", catalog.providers().size(), catalog.scripts().size())});
}

void examine_settings(Examination& found) {
  const auto node = node_settings();
  if (!node) found.add(problem_of("settings", node.error()));
  if (const auto run = run_settings(); !run) found.add(problem_of("settings", run.error()));
}

void examine_session(const std::string& url, Examination& found) {
  const char* direct = std::getenv("WEIR_DATABASE_DIRECT_URL");
  const bool has_direct = direct != nullptr && *direct != '\0';
  const auto trial = pg::try_session(has_direct ? std::string(direct) : url);
  if (!trial) return found.add(problem_of("sessions", trial.error()));
  found.add(pg::judge_session(*trial, has_direct ? pg::UrlUse::direct : pg::UrlUse::main));
}

void examine_server(pg::BlockingSession& session, Examination& found) {
  const auto login = pg::read_server_facts(session).login;
  found.add(pg::judge_server(pg::read_server_health(session)));
  found.add(pg::judge_clock(pg::read_clock_offset(session, system_clock())));
  found.add(pg::judge_transactions(pg::read_transactions(session, found.transaction_age_max), login));
}

// False when what comes after would only fail for the same reason.
bool examine_schema(pg::BlockingSession& session, const pg::RoleNames& roles, Examination& found) {
  if (const auto verified = pg::verify_roles(session, roles); !verified) {
    found.add(problem_of("roles", verified.error()));
    return false;
  }
  found.add(
      {"roles", Verdict::ok, fmt::format("{} has no right of its own, and may take what it needs", roles.login())});
  const auto version = pg::read_schema_version(session, roles);
  if (const auto fits = pg::check_schema_version(version); !fits) {
    found.add(problem_of("schema", fits.error()));
    return false;
  }
  if (const auto same = pg::check_migrations(session, roles); !same)
    found.add(problem_of("schema", same.error()));
  else
    found.add({"schema", Verdict::ok, fmt::format("migration {} of {}", version.applied, version.known)});
  return true;
}

void examine_contents(const pg::RoleNames& roles, pg::BlockingSession& session,
                      const tenancy::KeyFileSettings& key_file, Examination& found) {
  found.ask("isolation", [&] { return pg::judge_table_protection(pg::read_table_protection(session, roles), roles); });
  found.ask("partitions", [&] { return pg::judge_weekly_partitions(pg::read_weekly_partitions(session)); });
  found.ask("vacuum", [&] { return pg::judge_bloat(pg::read_bloat(session)); });
  found.ask("secrets", [&] {
    const auto secrets = tenancy::read_secrets_health(session, roles);
    auto findings = tenancy::judge_master_keys(secrets, key_file, tenancy::read_master_keys(key_file));
    add_findings(findings, tenancy::judge_secret_ages(secrets, system_clock().now()));
    add_findings(findings, tenancy::judge_stopped_sources(secrets));
    return findings;
  });
  found.ask("nodes", [&] { return orchestrator::judge_runs(orchestrator::read_runs_health(session, roles)); });
}

void examine_database(const std::string& url, const tenancy::KeyFileSettings& key_file, Examination& found) {
  auto session = pg::BlockingSession::open(url);
  if (!session) {
    found.is_reachable = false;
    return found.add(problem_of("database", session.error()));
  }
  examine_server(*session, found);
  examine_session(url, found);
  const auto roles = pg::find_roles(*session);
  if (!roles) return found.add(problem_of("roles", roles.error()));
  if (examine_schema(*session, *roles, found)) examine_contents(*roles, *session, key_file, found);
}

void examine_embedded(const Cli& cli, Examination& found) {
  const auto settings = embedded_settings(cli);
  if (!settings) return found.add(problem_of("home", settings.error()));
  found.add(pg::judge_home(pg::look_at_home(*settings)));
  if (!pg::inspect_embedded(*settings).data)
    return found.add(
        {"database", Verdict::ok,
         fmt::format("none yet: the first command that needs one makes it in {}", settings->home.native())});
  if (worst_of(found.findings) == Verdict::problem) return;
  auto server = pg::start_or_join_embedded(*settings);
  if (!server) {
    found.is_reachable = server.error().exit_code() != traits(ErrorCode::database_unreachable).exit_code;
    return found.add(problem_of("database", server.error()));
  }
  OpenedDatabase opened;
  opened.embedded = std::move(*server);
  examine_database(opened.embedded->login_url(), key_file_settings(opened), found);
}

Examination examine(const Cli& cli, std::chrono::seconds transaction_age_max) {
  Examination found{.transaction_age_max = transaction_age_max};
  if (is_embedded(cli)) {
    examine_embedded(cli, found);
  } else if (const auto url = external_url(cli); !url) {
    found.add(problem_of("database", url.error()));
  } else {
    examine_database(*url, key_file_settings({}), found);
  }
  examine_settings(found);
  examine_plugins(cli, found);
  return found;
}

int see_doctor(const Cli& cli, const std::string& old_transaction) {
  const auto age = parse_duration(old_transaction);
  if (!age)
    return print_error(cli, {ErrorCode::usage, fmt::format("--old-transaction: '{}' is no duration, such as 10m",
                                                           printable(old_transaction))});
  const auto found = examine(cli, *age);
  if (cli.json)
    print_json(to_document(found.findings));
  else
    print_findings(cli, found.findings);
  if (!found.is_reachable) return traits(ErrorCode::database_unreachable).exit_code;
  return exit_code_of(found.findings);
}

}  // namespace

void add_doctor(CLI::App& root, Cli& cli) {
  auto& doctor = add_command(root, "doctor",
                             "Check the database, keys, plugins and this machine; changes nothing. Exit 0 when nothing "
                             "is a problem, 3 when something is, 4 when the database cannot be reached",
                             {"weir doctor", "weir doctor --json"});
  const auto old_transaction = std::make_shared<std::string>("10m");
  doctor.add_option("--old-transaction", *old_transaction, "Report transactions open for longer")
      ->type_name("DURATION")
      ->capture_default_str();
  doctor.callback(
      [&cli, old_transaction] { cli.action = [&cli, old_transaction] { return see_doctor(cli, *old_transaction); }; });
}

}  // namespace weir::app
