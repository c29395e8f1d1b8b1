#include "base/time.hpp"
#include "tenancy/rotation.hpp"
#include "tenancy/secrets_status.hpp"
#include "weir/master_key.hpp"
#include "weir/table.hpp"
#include "weir/verbs.hpp"
#include "weir/verbs/tenant.hpp"
#include "weir/verbs/tenant_documents.hpp"

namespace weir::app {
namespace {

struct SecretsOptions : ActorOption {
  bool is_lost = false;
  bool is_data_keys = false;
  std::string older_than = "0s";
  int oldest_max = 20;
};
using Options = std::shared_ptr<SecretsOptions>;

// The keys of this command, and the vault on them.
struct Keys {
  Keys(Session& session, tenancy::KeyFileSettings settings)
      : file(session.blocking, std::move(settings)), vault(session.database, file) {}
  tenancy::KeyFile file;
  tenancy::Vault vault;
};

Task<int> init(Session& session, Options options) {
  auto settings = key_file_settings(session.opened);
  if (settings.path.empty())
    co_return print_error(session.cli, {ErrorCode::configuration,
                                        "set WEIR_MASTER_KEY_FILE to where the key file shall be, for example "
                                        "/etc/weir/master.key; every Weir process needs the same file"});
  settings.makes_first_key = true;
  Keys keys(session, settings);
  std::int64_t sources = 0;
  if (options->is_lost) {
    const auto replaced = co_await tenancy::replace_lost_master_keys(keys.vault, options->actor());
    if (!replaced) co_return print_error(session.cli, replaced.error());
    sources = *replaced;
  } else if (const auto made = co_await tenancy::init_master_key(keys.vault, options->actor()); !made) {
    co_return print_error(session.cli, made.error());
  }
  const auto now = co_await keys.file.keys();
  if (!now) co_return print_error(session.cli, now.error());
  if (session.cli.json) {
    print_json(
        {{"file", settings.path.string()}, {"active", now->front().id}, {"sources_that_need_credentials", sources}});
    co_return 0;
  }
  print(
      fmt::format("{} holds the master key {}; keep a copy in a safe place\n", keys.file.describe(), now->front().id));
  if (sources > 0) print(fmt::format("{} data sources need their secrets again: weir source set\n", sources));
  co_return 0;
}

nlohmann::json to_document(const tenancy::SecretsStatus& status) {
  auto master_keys = nlohmann::json::array();
  const auto time = [](const std::optional<Instant>& at) {
    return at ? nlohmann::json(format_rfc3339(*at)) : nlohmann::json();
  };
  for (const auto& key : status.master_keys)
    master_keys.push_back({{"id", key.id},
                           {"is_active", key.is_active},
                           {"is_at_hand", key.is_at_hand},
                           {"data_keys", key.data_keys},
                           {"created_at", time(key.created_at)},
                           {"retired_at", time(key.retired_at)}});
  auto oldest = nlohmann::json::array();
  for (const auto& secret : status.oldest)
    oldest.push_back({{"tenant", secret.tenant_key},
                      {"data_source", secret.data_source},
                      {"key", secret.key},
                      {"set_at", format_rfc3339(secret.set_at)}});
  return {{"place", status.place},         {"master_keys", std::move(master_keys)},
          {"data_keys", status.data_keys}, {"oldest_data_key", time(status.oldest_data_key)},
          {"secrets", status.secrets},     {"oldest", std::move(oldest)}};
}

Cell key_state(const tenancy::MasterKeyStatus& key) {
  if (key.is_active) return {"active", Colour::green};
  if (key.retired_at && key.is_at_hand && key.data_keys == 0) return {"retired; only old backups need it", Colour::dim};
  if (key.retired_at) return {"retired", Colour::dim};
  return key.is_at_hand ? Cell("being replaced", Colour::yellow) : Cell("missing", Colour::red);
}

std::string age_of(Instant since) {
  const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(system_clock().now() - since);
  return format_duration(std::max(age, std::chrono::milliseconds(0)));
}

Task<int> show_status(Session& session, Options options) {
  Keys keys(session, key_file_settings(session.opened));
  const auto status = co_await tenancy::read_secrets_status(keys.vault, options->oldest_max);
  if (!status) co_return print_error(session.cli, status.error());
  if (session.cli.json) {
    print_json(to_document(*status));
    co_return 0;
  }
  Table masters({{"MASTER KEY"}, {"STATE"}, {"DATA KEYS", Align::right}, {"SINCE"}});
  for (const auto& key : status->master_keys)
    masters.add_row({key.id, key_state(key), std::to_string(key.data_keys),
                     key.created_at ? short_time(key.created_at) : "not used yet"});
  print(fmt::format("{}\n", status->place));
  if (!masters.empty()) masters.print(session.cli);
  print(fmt::format(
      "\n{} secrets under {} data keys{}\n", status->secrets, status->data_keys,
      status->oldest_data_key ? fmt::format(", the oldest of them {} old", age_of(*status->oldest_data_key)) : ""));
  Table secrets({{"TENANT"}, {"DATA SOURCE"}, {"SECRET"}, {"SET AT"}, {"AGE", Align::right}});
  for (const auto& secret : status->oldest)
    secrets.add_row(
        {secret.tenant_key, secret.data_source, secret.key, short_time(secret.set_at), age_of(secret.set_at)});
  if (!secrets.empty()) secrets.print(session.cli);
  co_return 0;
}

// What stays as it was is an error of its own, once the rest is done.
int report_unreadable(const Cli& cli, const std::vector<tenancy::UnreadableKey>& unreadable) {
  if (unreadable.empty()) return 0;
  return print_error(cli,
                     {ErrorCode::wrong_key,
                      fmt::format("{} data keys or secrets could not be opened and stay as they were; the first: {}",
                                  unreadable.size(), unreadable.front().reason)});
}

Task<int> rotate_master(Session& session, Options options) {
  Keys keys(session, key_file_settings(session.opened));
  const auto done = co_await tenancy::rotate_master_key(keys.vault, options->actor(), {});
  if (!done) co_return print_error(session.cli, done.error());
  if (session.cli.json) {
    print_json({{"active", done->active},
                {"resumed", done->was_resumed},
                {"rewrapped", done->rewrapped},
                {"retired", done->retired},
                {"unreadable", done->unreadable.size()}});
  } else {
    print(fmt::format("{}master key {} is active; {} data keys wrapped with it\n",
                      done->was_resumed ? "went on with an earlier rotation: " : "", done->active, done->rewrapped));
    for (const auto& id : done->retired)
      print(fmt::format("master key {} is retired; remove its line from {} when no backup made before now is needed\n",
                        id, keys.file.describe()));
  }
  co_return report_unreadable(session.cli, done->unreadable);
}

Task<int> rotate_data(Session& session, Options options, std::chrono::seconds age) {
  Keys keys(session, key_file_settings(session.opened));
  const auto done = co_await tenancy::rotate_data_keys(keys.vault, options->actor(), age, {});
  if (!done) co_return print_error(session.cli, done.error());
  if (session.cli.json)
    print_json({{"tenants", done->tenants}, {"secrets", done->secrets}, {"unreadable", done->unreadable.size()}});
  else
    print(fmt::format("{} secrets of {} tenants sealed with new data keys\n", done->secrets, done->tenants));
  co_return report_unreadable(session.cli, done->unreadable);
}

Task<int> rotate(Session& session, Options options) {
  const auto age = parse_duration(options->older_than);
  if (!age)
    co_return print_error(session.cli, {ErrorCode::usage, fmt::format("--older-than is '{}', which is no duration such "
                                                                      "as 90d or 12h",
                                                                      options->older_than)});
  if (options->is_data_keys) co_return co_await rotate_data(session, options, *age);
  co_return co_await rotate_master(session, options);
}

template <class Work>
void run_with(CLI::App& command, Cli& cli, const Options& options, Work work) {
  command.callback([&cli, options, work] {
    cli.action = [&cli, options, work] {
      return run_session(cli, [options, work](Session& session) { return work(session, options); });
    };
  });
}

void add_rotate(CLI::App& secrets, Cli& cli) {
  auto& rotating =
      add_command(secrets, "rotate",
                  "Replace the master key, or the tenants' data keys, while everything runs; again when it "
                  "was interrupted",
                  {"weir secrets rotate", "weir secrets rotate --data-keys --older-than 90d"});
  const auto rotated = std::make_shared<SecretsOptions>();
  auto* data_keys = rotating.add_flag("--data-keys", rotated->is_data_keys,
                                      "New data keys instead, and all secrets sealed with them");
  rotating.add_option("--older-than", rotated->older_than, "Only data keys of at least this age")
      ->type_name("DURATION")
      ->needs(data_keys);
  add_actor_option(rotating, *rotated);
  run_with(rotating, cli, rotated, rotate);
}

}  // namespace

void add_secrets(CLI::App& root, Cli& cli) {
  auto& secrets = add_group(root, "secrets", "The keys that seal the tenants' secrets");
  auto& making =
      add_command(secrets, "init",
                  "Make the first master key in WEIR_MASTER_KEY_FILE (the private database "
                  "makes its own when it is needed)",
                  {"WEIR_MASTER_KEY_FILE=/etc/weir/master.key weir secrets init", "weir secrets init --replace-lost"});
  const auto made = std::make_shared<SecretsOptions>();
  making.add_flag("--replace-lost", made->is_lost,
                  "The master key in use is lost for good: begin anew; its secrets must be entered again");
  add_actor_option(making, *made);
  run_with(making, cli, made, init);

  auto& showing = add_command(secrets, "status", "Show the keys and the oldest secrets",
                              {"weir secrets status", "weir secrets status --oldest 100 --json"});
  const auto shown = std::make_shared<SecretsOptions>();
  showing.add_option("--oldest", shown->oldest_max, "How many of the oldest secrets (default 20)")
      ->type_name("N")
      ->check(CLI::Range(0, 100'000));
  run_with(showing, cli, shown, show_status);
  add_rotate(secrets, cli);
}

}  // namespace weir::app
