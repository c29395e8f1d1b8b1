#include "tenancy/reader.hpp"

#include "pg/blocking_session.hpp"
#include "weir/tenant_lookup.hpp"
#include "weir/verbs/tenant.hpp"
#include "weir/verbs/tenant_documents.hpp"

namespace weir::app {
namespace {

struct ReaderOptions : ActorOption {
  std::string tenant;
  std::string role;
  bool is_print = false;
};
using Options = std::shared_ptr<ReaderOptions>;

// The private database is ours: the role is made. Of another one the DBA makes it.
Task<Result<>> make_role(Session& session, std::string role) {
  if (!session.opened.embedded) co_return Result<>();
  const auto& roles = session.database.roles();
  if (const auto good = tenancy::check_reader_role(roles, role); !good) co_return good;
  const auto script = tenancy::reader_role_sql(roles, role);
  const auto url = session.opened.embedded->superuser_url();
  co_return co_await run_blocking(session.blocking, [script, url]() -> Result<> {
    auto superuser = pg::BlockingSession::open(url);
    if (!superuser) return std::unexpected(superuser.error());
    superuser->run_script({"tenancy.reader_role", script});
    return {};
  });
}

Task<int> add(Session& session, Options options) {
  const auto tenant = co_await look_up_tenant(session.database, options->tenant);
  if (!tenant) co_return print_error(session.cli, tenant.error());
  if (options->is_print) {
    const auto good = tenancy::check_reader_role(session.database.roles(), options->role);
    if (!good) co_return print_error(session.cli, good.error());
    print(tenancy::reader_role_sql(session.database.roles(), options->role));
    co_return 0;
  }
  if (const auto made = co_await make_role(session, options->role); !made)
    co_return print_error(session.cli, made.error());
  const auto added = co_await tenancy::add_reader(session.database, options->actor(), tenant->id, options->role);
  if (!added) co_return print_error(session.cli, added.error());
  const bool is_changed = *added == tenancy::Outcome::changed;
  if (session.cli.json)
    print_json({{"role", options->role}, {"tenant", tenant->key}, {"changed", is_changed}});
  else
    print(fmt::format("role {} reads tenant {}{}\n", options->role, tenant->key, is_changed ? "" : " already"));
  co_return 0;
}

Task<int> list(Session& session, Options options) {
  std::optional<TenantId> only;
  if (!options->tenant.empty()) {
    const auto tenant = co_await look_up_tenant(session.database, options->tenant);
    if (!tenant) co_return print_error(session.cli, tenant.error());
    only = tenant->id;
  }
  const auto readers = co_await tenancy::list_readers(session.database, only);
  auto documents = nlohmann::json::array();
  Table table({{"TENANT"}, {"ROLE"}, {"SINCE"}, {"STATE"}});
  for (const auto& reader : readers) {
    documents.push_back({{"tenant", reader.tenant_key},
                         {"role", reader.role},
                         {"created_at", format_rfc3339(reader.created_at)},
                         {"is_there", reader.is_there}});
    table.add_row({reader.tenant_key, reader.role, short_time(reader.created_at),
                   reader.is_there ? Cell("ok", Colour::green) : Cell("no such database role", Colour::red)});
  }
  if (session.cli.json)
    print_json(documents);
  else if (readers.empty())
    print_notice(session.cli, "no role reads a tenant yet; weir tenant reader add TENANT ROLE");
  else
    table.print(session.cli);
  co_return 0;
}

Task<int> remove(Session& session, Options options) {
  const auto tenant = co_await look_up_tenant(session.database, options->tenant);
  if (!tenant) co_return print_error(session.cli, tenant.error());
  const auto removed = co_await tenancy::remove_reader(session.database, options->actor(), tenant->id, options->role);
  if (!removed) co_return print_error(session.cli, removed.error());
  if (session.cli.json)
    print_json({{"role", options->role}, {"tenant", tenant->key}, {"removed", true}});
  else
    print(fmt::format("role {} reads no tenant any more; the database role itself is left to you\n", options->role));
  co_return 0;
}

template <class Work>
void run_with(CLI::App& command, Cli& cli, const Options& options, Work work) {
  command.callback([&cli, options, work] {
    cli.action = [&cli, options, work] {
      return run_session(cli, [options, work](Session& session) { return work(session, options); });
    };
  });
}

Options add_arguments(CLI::App& command) {
  auto options = std::make_shared<ReaderOptions>();
  command.add_option("tenant", options->tenant, "Its key or id")->required();
  command.add_option("role", options->role, "The database role the analyst logs in with")->required();
  add_actor_option(command, *options);
  return options;
}

}  // namespace

void add_tenant_reader(CLI::App& tenant, Cli& cli) {
  auto& reader = add_group(tenant, "reader", "Database roles of analysts, each of which reads one tenant");
  auto& adding = add_command(reader, "add", "Let a database role read a tenant; the private database makes the role",
                             {"weir tenant reader add acme analyst_acme",
                              "weir tenant reader add acme analyst_acme --print | psql -U postgres weir"});
  const auto added = add_arguments(adding);
  adding.add_flag("--print", added->is_print, "Print the SQL that makes the role, for a DBA, and change nothing");
  run_with(adding, cli, added, add);

  auto& listing = add_command(reader, "ls", "List the roles and their tenants", {"weir tenant reader ls"});
  const auto listed = std::make_shared<ReaderOptions>();
  listing.add_option("tenant", listed->tenant, "Only of this one");
  run_with(listing, cli, listed, list);

  auto& removing = add_command(reader, "rm", "Let a role read no more", {"weir tenant reader rm acme analyst_acme"});
  run_with(removing, cli, add_arguments(removing), remove);
}

}  // namespace weir::app
