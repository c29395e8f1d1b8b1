#include "base/time.hpp"
#include "tenancy/api_key.hpp"
#include "weir/table.hpp"
#include "weir/tenant_lookup.hpp"
#include "weir/verbs.hpp"
#include "weir/verbs/tenant.hpp"
#include "weir/verbs/tenant_documents.hpp"

namespace weir::app {
namespace {

struct KeyOptions : ActorOption {
  std::string key, name, tenant, scope, expires_in;
};
using Options = std::shared_ptr<KeyOptions>;

Result<tenancy::NewApiKey> read_new_key(const KeyOptions& options) {
  const auto named = options.scope.empty() ? (options.tenant.empty() ? "admin" : "tenant:write") : options.scope;
  const auto scope = tenancy::key_scope_of(named);
  if (!scope)
    return fail(ErrorCode::usage, fmt::format("--scope is '{}'; it can be admin, tenant:read or tenant:write", named));
  tenancy::NewApiKey data{.name = options.name, .scope = *scope};
  if (options.expires_in.empty()) return data;
  data.lifetime = parse_duration(options.expires_in);
  if (!data.lifetime)
    return fail(ErrorCode::usage,
                fmt::format("--expires-in is '{}', which is no duration such as 90d or 12h", options.expires_in));
  return data;
}

Task<int> create(Session& session, Options options) {
  auto data = read_new_key(*options);
  if (!data) co_return print_error(session.cli, data.error());
  if (!options->tenant.empty()) {
    const auto tenant = co_await look_up_tenant(session.database, options->tenant);
    if (!tenant) co_return print_error(session.cli, tenant.error());
    data->tenant = tenant->id;
  }
  const auto created = co_await tenancy::create_api_key(session.database, options->actor(), std::move(*data));
  if (!created) co_return print_error(session.cli, created.error());
  if (session.cli.json) {
    auto document = to_document(created->key);
    document["api_key"] = created->text.reveal();
    print_json(document);
    co_return 0;
  }
  print_notice(session.cli, "keep the key: it is not shown again. Requests send it in the header X-API-Key");
  print(fmt::format("{}\n", created->text.reveal()));
  co_return 0;
}

Cell state_of(const tenancy::ApiKey& key) {
  if (key.revoked_at) return {"revoked", Colour::dim};
  return key.is_valid ? Cell("valid", Colour::green) : Cell("expired", Colour::yellow);
}

Task<int> list(Session& session, Options options) {
  tenancy::ApiKeyFilter filter{.limit = 1'000'000};
  if (!options->tenant.empty()) {
    const auto tenant = co_await look_up_tenant(session.database, options->tenant);
    if (!tenant) co_return print_error(session.cli, tenant.error());
    filter.tenant = tenant->id;
  }
  const auto keys = co_await tenancy::list_api_keys(session.database, filter);
  auto documents = nlohmann::json::array();
  Table table({{"KEY"}, {"NAME"}, {"SCOPE"}, {"TENANT"}, {"STATE"}, {"CREATED"}, {"EXPIRES"}});
  for (const auto& key : keys) {
    documents.push_back(to_document(key));
    table.add_row({documents.back()["prefix"].get<std::string>(), printable(key.name),
                   std::string(tenancy::name_of(key.scope)), key.tenant_key.value_or("-"), state_of(key),
                   short_time(key.created_at), short_time(key.expires_at)});
  }
  if (session.cli.json)
    print_json(documents);
  else if (keys.empty())
    print_notice(session.cli, "there is no API key yet; make one: weir key create NAME");
  else
    table.print(session.cli);
  co_return 0;
}

Task<int> revoke(Session& session, Options options) {
  const auto revoked = co_await tenancy::revoke_api_key(session.database, options->actor(), std::nullopt, options->key);
  if (!revoked) co_return print_error(session.cli, revoked.error());
  const bool is_changed = revoked->outcome == tenancy::Outcome::changed;
  if (session.cli.json) {
    auto document = to_document(revoked->key);
    document["changed"] = is_changed;
    print_json(document);
  } else {
    print(fmt::format("key weir_{} ({}) {}\n", revoked->key.prefix, printable(revoked->key.name),
                      is_changed ? "is revoked: no server takes it any more" : "was revoked already"));
  }
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

}  // namespace

void add_key(CLI::App& root, Cli& cli) {
  auto& key = add_group(root, "key", "Keys of the HTTP API");
  auto& creating = add_command(key, "create", "Make an API key; it is shown once",
                               {"weir key create deployment",
                                "weir key create 'acme, read only' --tenant acme --scope "
                                "tenant:read --expires-in 90d"});
  const auto created = std::make_shared<KeyOptions>();
  creating.add_option("name", created->name, "What it is for")->required();
  creating.add_option("--tenant", created->tenant, "It reaches only this tenant (key or id; default: everything)")
      ->type_name("T");
  creating.add_option("--scope", created->scope, "admin, tenant:read or tenant:write (default for a tenant)")
      ->type_name("admin|tenant:read|tenant:write");
  creating.add_option("--expires-in", created->expires_in, "Until when it is valid (default: for ever)")
      ->type_name("DURATION");
  add_actor_option(creating, *created);
  run_with(creating, cli, created, create);

  auto& listing =
      add_command(key, "ls", "List the keys, without their secrets", {"weir key ls", "weir key ls --tenant acme"});
  const auto listed = std::make_shared<KeyOptions>();
  listing.add_option("--tenant", listed->tenant, "Only this tenant's (key or id)")->type_name("T");
  run_with(listing, cli, listed, list);

  auto& revoking =
      add_command(key, "revoke", "Revoke a key, at once and on all servers", {"weir key revoke weir_0123456789ab"});
  const auto revoked = std::make_shared<KeyOptions>();
  revoking.add_option("key", revoked->key, "Its beginning (weir_ and 12 digits) or its id")->required();
  add_actor_option(revoking, *revoked);
  run_with(revoking, cli, revoked, revoke);
}

}  // namespace weir::app
