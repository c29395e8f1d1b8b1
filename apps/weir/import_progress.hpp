// Progress of an import for a person: lines that stay on a terminal's screen while it runs, or one line per change of
// state elsewhere. Written to standard error, so that the result alone goes to standard output.
#pragma once
#include <map>
#include <string>

#include "base/asio.hpp"
#include "orchestrator/script_progress.hpp"
#include "weir/cli.hpp"

namespace weir::app {

class ImportProgress : public orchestrator::ProgressListener {
 public:
  explicit ImportProgress(const Cli& cli);

  void state_changed(const orchestrator::ScriptProgress& script) override;
  void moved(const orchestrator::ScriptProgress& script) override;

  // Redraws the running scripts four times a second until it is cancelled; returns at once where there is no terminal.
  Task<> show();
  // Takes the moving lines away.
  void clear();

 private:
  void draw();

  const Cli& cli_;
  bool is_terminal_;
  std::size_t lines_drawn_ = 0;
  std::map<std::string, const orchestrator::ScriptProgress*> running_;
};

}  // namespace weir::app
