#include "orchestrator/plan.hpp"

#include <limits>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "orchestrator/schedule.hpp"
#include "orchestrator/sql.hpp"
#include "orchestrator/tenant_scripts.hpp"
#include "pg/documents.hpp"

namespace weir::orchestrator {
namespace {

using nlohmann::json;

struct ScriptStanding {
  std::string status;
  std::optional<Instant> wake_at{};
  bool is_held = false;
};
using Standings = std::map<ScriptId, ScriptStanding>;

Standings standings_of(const pg::Rows& rows) {
  Standings standings;
  for (const auto row : rows)
    standings[{row.get<std::string>("data_source"), row.get<std::string>("script")}] = {
        row.get<std::string>("status"), row.get<std::optional<Instant>>("wake_at"),
        row.get<std::optional<bool>>("is_held").value_or(false)};
  return standings;
}

json instant(std::optional<Instant> value) { return value ? json(format_rfc3339(*value)) : json(); }

// The range the next pass of a partition would cover.
json plan_of_partition(const json& cursor, const plugin::ScriptDeclaration& script, Instant now) {
  const bool is_resumed = cursor.at("pass_end").is_string();
  std::optional<Instant> from, to = now - script.settle;
  if (is_resumed) {
    from = cursor.at("pass_start").is_string() ? parse_rfc3339(cursor["pass_start"].get<std::string>()) : std::nullopt;
    to = parse_rfc3339(cursor["pass_end"].get<std::string>());
  } else if (cursor.at("cursor_at").is_string()) {
    from = parse_rfc3339(cursor["cursor_at"].get<std::string>());
    if (from) *from -= script.lookback;
  } else if (script.import_window_days) {
    from = now - std::chrono::days(*script.import_window_days);
  }
  return {{"partition", cursor.at("partition")},
          {"title", cursor.at("title")},
          {"from", instant(from)},
          {"to", instant(to)},
          {"is_resumed", is_resumed},
          {"unreachable", cursor.at("unreachable")}};
}

void add_partitions(json& entry, const json& cursors, const plugin::ScriptDeclaration& script, Instant now) {
  bool is_changed = false;
  auto& partitions = entry["partitions"] = json::array();
  for (const auto& cursor : cursors) {
    if (cursor.at("data_source") != entry["data_source"] || cursor.at("script") != entry["script"]) continue;
    partitions.push_back(plan_of_partition(cursor, script, now));
    is_changed |= cursor.at("declaration_hash").is_string() && cursor["declaration_hash"] != script.hash;
  }
  entry["declaration_changed"] = is_changed;
}

struct Judgement {
  std::string action;
  std::string why;
};

Judgement judge(const ScriptStanding& standing, Instant now) {
  if (standing.is_held) return {"held", "it runs now, on another node or in another command"};
  if (standing.status == "PARKED" && standing.wake_at && *standing.wake_at > now)
    return {"parked", fmt::format("its provider said to wait until {}", format_rfc3339(*standing.wake_at))};
  if (standing.status == "RUNNING") return {"resume", "its node is gone; it goes on from the last checkpoint"};
  if (standing.status == "INTERRUPTED") return {"resume", "it was interrupted; it goes on from the last checkpoint"};
  if (standing.status.empty()) return {"run", "it has never run"};
  return {"run", ""};
}

json entry_of(const GraphNode& node) {
  return {{"data_source", node.id.data_source},
          {"script", node.id.script},
          {"step", nullptr},
          {"action", "skip"},
          {"why", ""},
          {"waits_for", json::array()},
          {"partitions", json::array()},
          {"declaration_changed", false}};
}

// Runs the schedule dry: every script that can run is done at once.
std::vector<json> run_dry(Schedule& schedule, const Standings& standings, const json& cursors,
                          const plugin::PluginCatalog& catalog, Instant now) {
  std::vector<json> entries(schedule.size());
  for (int step = 1;; ++step) {
    const auto ready = schedule.ready();
    if (ready.empty()) break;
    for (const auto i : ready) {
      const auto& node = schedule.node(i);
      const auto found = standings.find(node.id);
      const auto judgement = judge(found == standings.end() ? ScriptStanding{} : found->second, now);
      auto& entry = entries[i] = entry_of(node);
      entry["action"] = judgement.action;
      entry["why"] = judgement.why;
      for (const auto other : node.waits_for) entry["waits_for"].push_back(label(schedule.node(other).id));
      add_partitions(entry, cursors, catalog.find(node.id.script)->declaration(), now);
      schedule.start(i);
      if (judgement.action == "held" || judgement.action == "parked") {
        schedule.skip(i, judgement.action == "held" ? SkipCode::held : SkipCode::parked,
                      fmt::format("{} is {}", label(node.id), judgement.action));
      } else {
        entry["step"] = step;
        schedule.done(i);
      }
    }
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!entries[i].is_null()) continue;
    entries[i] = entry_of(schedule.node(i));
    entries[i]["action"] = schedule.state(i) == NodeState::failed ? "error" : "skip";
    entries[i]["why"] = schedule.reason(i);
  }
  return entries;
}

void add_obstructed(std::vector<json>& entries, const std::vector<tenancy::DataSource>& sources,
                    const plugin::PluginCatalog& catalog) {
  for (const auto& source : sources) {
    const auto obstacle = obstacle_of(source, catalog);
    if (!obstacle) continue;
    entries.push_back({{"data_source", source.name},
                       {"script", source.provider + "/*"},
                       {"step", nullptr},
                       {"action", "skip"},
                       {"why", *obstacle},
                       {"waits_for", json::array()},
                       {"partitions", json::array()},
                       {"declaration_changed", false}});
  }
}

void add_broken_scripts(std::vector<json>& entries, const std::vector<tenancy::DataSource>& sources,
                        const plugin::PluginCatalog& catalog) {
  for (const auto& problem : catalog.problems())
    for (const auto& source : sources)
      if (problem.is_disabling && problem.provider == source.provider && !problem.script.empty())
        entries.push_back({{"data_source", source.name},
                           {"script", source.provider + "/" + problem.script},
                           {"step", nullptr},
                           {"action", "error"},
                           {"why", "its file is broken; see `weir plugins check`"},
                           {"waits_for", json::array()},
                           {"partitions", json::array()},
                           {"declaration_changed", false}});
}

}  // namespace

Task<json> plan_tenant(pg::Database& database, const plugin::PluginCatalog& catalog, tenancy::Tenant tenant) {
  const auto sources = co_await tenancy::list_data_sources(database, tenant.id);
  std::vector<pg::Command> commands;
  commands.push_back({sql::list_script_states, pg::Params(tenant.id)});
  commands.push_back({sql::list_cursors, pg::Params(tenant.id, std::nullopt, std::nullopt, std::nullopt)});
  const auto answers = co_await database.batch(pg::Scope::tenant(tenant.id), std::move(commands));
  const auto cursors = pg::read_documents(answers[1]);
  const auto now = system_clock().now();
  Schedule schedule(build_graph(scripts_of(sources, catalog), known_resources(catalog)));
  auto entries = run_dry(schedule, standings_of(answers[0]), cursors, catalog, now);
  add_obstructed(entries, sources, catalog);
  add_broken_scripts(entries, sources, catalog);
  std::ranges::sort(entries, {}, [](const json& entry) {
    const auto step = entry.at("step").is_null() ? std::numeric_limits<int>::max() : entry["step"].get<int>();
    return std::tuple(step, entry.at("data_source").get<std::string>(), entry.at("script").get<std::string>());
  });
  co_return json{{"tenant", tenant.key}, {"at", format_rfc3339(now)}, {"scripts", entries}};
}

}  // namespace weir::orchestrator
