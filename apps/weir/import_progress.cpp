#include "weir/import_progress.hpp"

#include <unistd.h>

#include <cstdio>

#include <fmt/format.h>

#include "base/task_group.hpp"
#include "base/time.hpp"
#include "weir/table.hpp"

namespace weir::app {
namespace {

constexpr auto k_redraw_interval = 250ms;
constexpr std::size_t k_lines_max = 20;

std::string key_of(const orchestrator::ScriptProgress& script) { return script.tenant_key + " " + label(script.id); }

// "12,345 rows, 1,400/s, 3 of 10 partitions: owner/name"
std::string describe(const orchestrator::ScriptProgress& script) {
  const auto rows = script.counts.imported + script.counts.unchanged;
  auto text = fmt::format("{} rows", rows);
  if (script.started_at) {
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - *script.started_at;
    if (rows > 0 && taken.count() > 0) text += fmt::format(", {:.0f}/s", static_cast<double>(rows) / taken.count());
  }
  if (script.partitions > 1) text += fmt::format(", {} of {} partitions", script.partitions_done, script.partitions);
  if (!script.doing.empty()) text += ": " + printable(script.doing);
  return text;
}

}  // namespace

ImportProgress::ImportProgress(const Cli& cli) : cli_(cli), is_terminal_(!cli.json && ::isatty(STDERR_FILENO) != 0) {}

void ImportProgress::state_changed(const orchestrator::ScriptProgress& script) {
  const bool is_running = script.state == "RUNNING";
  if (is_running)
    running_[key_of(script)] = &script;
  else
    running_.erase(key_of(script));
  if (cli_.json || is_terminal_ || script.state == "WAITING") return;
  const auto text = is_running ? std::string("begins") : fmt::format("{}: {}", script.state, describe(script));
  fmt::print(stderr, "{} {}\n", printable(key_of(script)), text);
}

void ImportProgress::moved(const orchestrator::ScriptProgress&) {}

Task<> ImportProgress::show() {
  while (is_terminal_) {
    draw();
    co_await sleep_for(k_redraw_interval);
  }
}

void ImportProgress::clear() {
  for (; lines_drawn_ > 0; --lines_drawn_) fmt::print(stderr, "\x1b[1A\x1b[2K");
  std::fflush(stderr);
}

void ImportProgress::draw() {
  clear();
  for (const auto& [key, script] : running_) {
    if (lines_drawn_ == k_lines_max) break;
    auto line = fmt::format("{}  {}", printable(key), describe(*script));
    constexpr std::size_t k_columns = 110;  // bytes: a wrapped line would not be taken away
    if (line.size() > k_columns) line.resize(k_columns);
    fmt::print(stderr, "{}\n", line);
    ++lines_drawn_;
  }
  std::fflush(stderr);
}

}  // namespace weir::app
