#include "weir/import_display.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "base/task_group.hpp"
#include "base/time.hpp"
#include "weir/table.hpp"

namespace weir::app {
namespace {

constexpr auto k_frame = std::chrono::milliseconds(200);

struct Size {
  std::size_t rows = 24;
  std::size_t columns = 80;
};

Size terminal_size() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return {};
  return {size.ws_row, size.ws_col};
}

bool is_over(const std::string& state) { return state != "WAITING" && state != "RUNNING"; }

std::int64_t rows_of(const load::RunCounts& counts) { return counts.imported + counts.unchanged + counts.deleted; }

// Cut by code points, so that a line never wraps and the list can be painted over.
std::string cut(const std::string& text, std::size_t columns) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U && ++width > columns) return text.substr(0, i);
  return text;
}

}  // namespace

std::string with_separators(std::int64_t number) {
  auto text = std::to_string(number);
  const std::ptrdiff_t first = number < 0 ? 1 : 0;
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > first; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

std::string describe(const orchestrator::ScriptProgress& script, std::chrono::steady_clock::time_point now) {
  auto line = fmt::format("{}  {}  {}", script.tenant_key, orchestrator::label(script.id), script.state);
  const auto rows = rows_of(script.counts);
  if (script.started_at) {
    const auto seconds = std::chrono::duration<double>(now - *script.started_at).count();
    line += fmt::format("  {} rows", with_separators(rows));
    if (rows > 0 && seconds > 0.5)
      line += fmt::format("  {}/s", with_separators(static_cast<std::int64_t>(static_cast<double>(rows) / seconds)));
    if (script.partitions > 1) line += fmt::format("  {} of {} partitions", script.partitions_done, script.partitions);
  }
  if (!script.doing.empty()) line += "  " + script.doing;
  return printable(line);
}

void ImportDisplay::state_changed(const orchestrator::ScriptProgress& script) {
  if (cli_.json) return;
  const auto line = describe(script, std::chrono::steady_clock::now());
  if (!is_live_) {
    fmt::print(stderr, "{}\n", line);
    return;
  }
  if (is_over(script.state)) {
    at_work_.erase({script.tenant_key, script.id});
    ended_.push_back(line);
  } else {
    at_work_[{script.tenant_key, script.id}] = script;
  }
}

void ImportDisplay::moved(const orchestrator::ScriptProgress& script) {
  if (cli_.json || !is_live_) return;
  if (const auto found = at_work_.find({script.tenant_key, script.id}); found != at_work_.end()) found->second = script;
}

Task<> ImportDisplay::paint_on() {
  while (is_live_ && !cli_.json) {
    paint();
    co_await sleep_for(k_frame);
  }
}

std::vector<std::string> ImportDisplay::lines() const {
  const auto now = std::chrono::steady_clock::now();
  const auto [rows, columns] = terminal_size();
  std::vector<std::string> shown;
  for (const auto& [key, script] : at_work_) {
    if (shown.size() + 2 >= rows) {
      shown.push_back(fmt::format("… and {} more", at_work_.size() - shown.size()));
      break;
    }
    shown.push_back(cut(describe(script, now), columns));
  }
  return shown;
}

void ImportDisplay::paint() {
  clear();
  std::string out;
  for (const auto& line : ended_) out += line + "\n";
  ended_.clear();
  const auto shown = lines();
  for (const auto& line : shown) out += line + "\n";
  painted_lines_ = shown.size();
  fmt::print(stderr, "{}", out);
  std::fflush(stderr);
}

void ImportDisplay::clear() {
  if (painted_lines_ > 0) fmt::print(stderr, "\033[{}F\033[J", painted_lines_);
  painted_lines_ = 0;
}

}  // namespace weir::app
