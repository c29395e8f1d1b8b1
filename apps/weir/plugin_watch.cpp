#include "weir/plugin_watch.hpp"

#include <set>

#include <fmt/format.h>

#include "base/digest.hpp"
#include "base/event_log.hpp"
#include "load/resource_tables.hpp"
#include "weir/plugins.hpp"

namespace weir::app {
namespace {

namespace fs = std::filesystem;

constexpr auto k_look_pause = std::chrono::seconds(2);

// Names, sizes and times of all files below; whatever cannot be looked at is as if it were not there.
std::string fingerprint_of(const std::vector<fs::path>& directories) {
  std::set<std::string> lines;
  for (const auto& directory : directories) {
    std::error_code error;
    for (fs::recursive_directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
      std::error_code ignored;
      if (!entry->is_regular_file(ignored)) continue;
      lines.insert(fmt::format("{} {} {}", entry->path().string(), entry->file_size(ignored),
                               entry->last_write_time(ignored).time_since_epoch().count()));
    }
  }
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return hex_digest(text);
}

void log_problems(const plugin::PluginCatalog& catalog) {
  for (const auto& problem : catalog.problems())
    log_event(LogLevel::warning, problem.place.to_string(),
              {{"provider", problem.provider}, {"script", problem.script}});
}

}  // namespace

PluginWatch::PluginWatch(const Cli& cli, BlockingPool& blocking, pg::Database& database)
    : cli_(cli), blocking_(blocking), database_(database) {}

Task<std::shared_ptr<const plugin::PluginCatalog>> PluginWatch::refresh() {
  if (catalog_ && !next_look_.is_over()) co_return catalog_;
  next_look_ = Deadline::in(k_look_pause);
  const auto directories = plugin::find_plugin_directories(cli_.plugin_directories);
  auto fingerprint = co_await run_blocking(blocking_, [&directories] { return fingerprint_of(directories); });
  if (catalog_ && fingerprint == fingerprint_) co_return catalog_;
  auto read = co_await run_blocking(
      blocking_, [this] { return std::make_shared<const plugin::PluginCatalog>(read_plugins(cli_)); });
  const auto tables = co_await load::ensure_resource_tables(database_, read->resources());
  if (!tables) throw Failure(tables.error());
  log_problems(*read);
  if (catalog_) log_info("plugins: a file has changed; they were read again");
  catalog_ = std::move(read);
  fingerprint_ = std::move(fingerprint);
  co_return catalog_;
}

}  // namespace weir::app
