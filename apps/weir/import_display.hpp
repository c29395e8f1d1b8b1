// An import as a person watches it, on standard error: a live list on a terminal, a line for each change otherwise.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/asio.hpp"
#include "orchestrator/script_progress.hpp"
#include "weir/cli.hpp"

namespace weir::app {

// 1,234,567
std::string with_separators(std::int64_t number);
// "acme  git/commit  RUNNING  1,200 rows  300/s  2 of 5 partitions  the one at work".
std::string describe(const orchestrator::ScriptProgress& script, std::chrono::steady_clock::time_point now);

class ImportDisplay final : public orchestrator::ProgressListener {
 public:
  // `is_live`: standard error is a terminal. Nothing is shown with --json.
  ImportDisplay(const Cli& cli, bool is_live) : cli_(cli), is_live_(is_live) {}

  void state_changed(const orchestrator::ScriptProgress& script) override;
  void moved(const orchestrator::ScriptProgress& script) override;

  // Repaints the live list until it is cancelled.
  Task<> paint_on();
  // Takes the live list away: what follows is the result.
  void clear();

 private:
  using Key = std::pair<std::string, orchestrator::ScriptId>;
  void paint();
  std::vector<std::string> lines() const;

  const Cli& cli_;
  bool is_live_;
  std::map<Key, orchestrator::ScriptProgress> at_work_;
  std::vector<std::string> ended_;  // since the last painting
  std::size_t painted_lines_ = 0;
};

}  // namespace weir::app
