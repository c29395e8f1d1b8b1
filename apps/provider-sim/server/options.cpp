#include "provider-sim/server/options.hpp"

#include <fstream>
#include <iostream>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/time.hpp"

namespace weir::sim {
namespace {

struct Text {
  std::string now{};
  std::string tokens_file{};
  std::string app_key_file{};
  std::string installations{};
  std::string secondary_form = "403";
  std::int64_t secondary_wait_s = 60;
  std::int64_t latency_ms = 0;
  std::int64_t jitter_ms = 0;
  std::int64_t app_token_s = 3'600;
  std::size_t cache_mb = 256;
};

void add_world(CLI::App& app, WorldOptions& world, Text& text) {
  auto* group = app.add_option_group("World", "What there is; the same seed, sizes and --now give the same world");
  group->add_option("--seed", world.seed, "Of everything that is drawn")->capture_default_str();
  group->add_option("--now", text.now, "The instant it starts at, RFC 3339 (default: now)");
  group->add_option("--org", world.organization, "The organization's login")->capture_default_str();
  group->add_option("--repos", world.repositories, "Repositories")->capture_default_str();
  group->add_option("--commits", world.commits, "Commits on each default branch")->capture_default_str();
  group->add_option("--pulls", world.pulls, "Pull requests of each")->capture_default_str();
  group->add_option("--issues", world.issues, "Issues of each")->capture_default_str();
  group->add_option("--releases", world.releases, "Releases of each")->capture_default_str();
  group->add_option("--runs", world.runs, "Workflow runs of each")->capture_default_str();
  group->add_option("--branches", world.branches, "Branches of each, besides the default one")->capture_default_str();
  group->add_option("--branch-commits", world.branch_commits, "Commits of their own on each of those")
      ->capture_default_str();
  group->add_option("--reviews", world.reviews, "Reviews of a pull request, on average")->capture_default_str();
  group->add_option("--users", world.accounts, "People")->capture_default_str()->check(CLI::Range(5, 100'000));
  group->add_option("--teams", world.teams, "Teams")->capture_default_str();
  group
      ->add_option(
          "--list-items", world.list_items,
          "Members of the first team, reviews of the first two pull requests, labels of the first two issues of "
          "each repository; 0: as drawn")
      ->capture_default_str();
  group->add_option("--days", world.history_days, "How far the past reaches")->capture_default_str();
  group->add_option("--specials", world.has_specials, "Add one repository of each awkward kind (0 or 1)")
      ->capture_default_str();
}

void add_limits(CLI::App& app, Options& options, Text& text) {
  auto* group = app.add_option_group("Limits and credentials");
  group->add_option("--token", options.default_token, "The default token; empty: none")->capture_default_str();
  group->add_option("--core", options.limits.per_window[0], "Its REST requests in a window")->capture_default_str();
  group->add_option("--core-seconds", options.limits.window_seconds[0], "The window's length")->capture_default_str();
  group->add_option("--graphql", options.limits.per_window[1], "Its GraphQL points in a window")->capture_default_str();
  group->add_option("--graphql-seconds", options.limits.window_seconds[1], "The window's length")
      ->capture_default_str();
  group->add_option("--tokens-file", text.tokens_file, "More tokens: a JSON array, see the README");
  group->add_option("--concurrency", options.secondary.concurrency_max, "Requests at once of one identity; 0: any")
      ->capture_default_str();
  group
      ->add_option("--rest-points", options.secondary.rest_points_per_minute,
                   "REST points in a minute; 0: any (GitHub: 900)")
      ->capture_default_str();
  group
      ->add_option("--graphql-points", options.secondary.graphql_points_per_minute,
                   "GraphQL points in a minute; 0: any (GitHub: 2000)")
      ->capture_default_str();
  group->add_option("--secondary-form", text.secondary_form, "How a secondary limit is told")
      ->capture_default_str()
      ->check(CLI::IsMember({"403", "429", "403-date", "429-date", "403-bare", "429-bare", "abuse"}));
  group->add_option("--secondary-wait", text.secondary_wait_s, "For how many seconds")->capture_default_str();
  group->add_option("--primary-status", options.primary_status, "Of an exhausted budget")
      ->capture_default_str()
      ->check(CLI::IsMember({403, 429}));
  group->add_option("--graphql-limit-type", options.graphql_limit_type, "The error's type")
      ->capture_default_str()
      ->check(CLI::IsMember({"RATE_LIMITED", "RATE_LIMIT"}));
  group
      ->add_option("--pagination-limit", options.rest.pagination_limit,
                   "Pages beyond so many items answer 422; 0: as GitHub")
      ->capture_default_str();
  group
      ->add_option("--run-results", options.rest.run_results_max,
                   "Workflow runs that a query with filters shows at most")
      ->capture_default_str();
  group->add_option("--run-pages", options.rest.run_unfiltered_max, "Pages of workflow runs beyond so many answer 422")
      ->capture_default_str();
  group->add_option("--app-id", options.app.id, "A GitHub App's id; its JWTs must name it as issuer");
  group->add_option("--app-key", text.app_key_file, "The App's key, PEM, public or private");
  group->add_option("--app-installations", text.installations, "Installation ids, comma-separated")
      ->capture_default_str();
  group->add_option("--app-token-seconds", text.app_token_s, "The life of an installation token")
      ->capture_default_str();
}

void add_server(CLI::App& app, Options& options, Text& text) {
  auto* group = app.add_option_group("Server");
  group->add_option("--listen", options.address, "Address")->capture_default_str();
  group->add_option("--port", options.port, "Port; 0: one that is free")->capture_default_str();
  group->add_option("--port-file", options.port_file, "Where to write the port once it listens");
  group->add_option("--base-url", options.base_url, "What links begin with (default: its own address)");
  group->add_option("--latency-ms", text.latency_ms, "Of every answer")->capture_default_str();
  group->add_option("--jitter-ms", text.jitter_ms, "At most so much more")->capture_default_str();
  group->add_option("--cache-mb", text.cache_mb, "Rendered bodies kept")->capture_default_str();
  group->add_flag("--gzip", options.compresses, "Compress for clients that accept it");
  group->add_flag("--enterprise", options.is_enterprise,
                  "An Enterprise Server: no limits, no limit headers; also under /api/v3");
  group->add_flag("--frozen", options.is_frozen, "The clock stands still between jumps");
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw CLI::ValidationError(path, "cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

void take_text(Options& options, const Text& text) {
  const auto now = text.now.empty() ? std::optional(system_clock().now()) : parse_rfc3339(text.now);
  if (!now) throw CLI::ValidationError("--now", "is not a time such as 2026-01-31T12:00:00Z");
  options.world.now = std::chrono::floor<std::chrono::seconds>(*now);
  options.secondary.form = *parse_refusal_form(text.secondary_form);
  options.secondary.wait = std::chrono::seconds(text.secondary_wait_s);
  options.latency = std::chrono::milliseconds(text.latency_ms);
  options.latency_jitter = std::chrono::milliseconds(text.jitter_ms);
  options.cache_bytes_max = text.cache_mb << 20;
  options.app.token_life = std::chrono::seconds(text.app_token_s);
  if (!text.app_key_file.empty()) options.app.public_key = read_file(text.app_key_file);
  std::string_view ids = text.installations;
  while (!ids.empty()) {
    const auto id = ids.substr(0, ids.find(','));
    ids.remove_prefix(std::min(ids.size(), id.size() + 1));
    const auto number = parse_integer(id);
    if (!number) throw CLI::ValidationError("--app-installations", fmt::format("\"{}\" is not a number", id));
    options.app.installations.push_back({.id = *number});
  }
  if (text.tokens_file.empty()) return;
  const auto json = nlohmann::json::parse(read_file(text.tokens_file), nullptr, false);
  if (!json.is_array()) throw CLI::ValidationError("--tokens-file", "is not a JSON array");
  for (const auto& entry : json) {
    auto spec = parse_token(entry);
    if (!spec) throw CLI::ValidationError("--tokens-file", spec.error().message);
    options.tokens.push_back(std::move(*spec));
  }
}

}  // namespace

std::expected<Options, int> parse_command_line(int argc, char** argv) {
  CLI::App app{"A simulated GitHub for tests, the demo and benchmarks"};
  Options options;
  Text text;
  add_world(app, options.world, text);
  add_limits(app, options, text);
  add_server(app, options, text);
  try {
    app.parse(argc, argv);
    take_text(options, text);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error, std::cout, std::cerr);
    return std::unexpected(code == 0 ? 0 : 2);
  }
  return options;
}

}  // namespace weir::sim
