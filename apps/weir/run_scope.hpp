// What verbs that run scripts share: the services of a node that lives as long as the command, and how it is watched
// and stopped.
#pragma once
#include <exception>
#include <functional>
#include <optional>
#include <string>

#include "base/task_group.hpp"
#include "orchestrator/run_services.hpp"
#include "plugin/catalog.hpp"
#include "weir/import_display.hpp"
#include "weir/session.hpp"

namespace weir::app {

struct RunScopeSettings {
  orchestrator::NodeSettings node;
  orchestrator::RunSettings run;
};

// From the environment; see import_settings.hpp.
Result<RunScopeSettings> read_run_settings(const Cli& cli);

// Of --wait-limits; empty: none.
Result<std::chrono::milliseconds> parse_wait_limits(const std::string& text);

// Runs `work` with all that scripts need; its value is the exit code. What is wrong with keys, tables or the
// environment is printed, and nothing runs.
Task<int> with_run_services(Session& session, const plugin::PluginCatalog& catalog, RunScopeSettings settings,
                            std::function<Task<int>(orchestrator::RunServices&)> work);

// Runs until a signal calls `stop` (each one: the first asks, the second insists), while `display` paints.
class Watch {
 public:
  Watch(Session& session, ImportDisplay& display, std::function<void()> stop);
  // After the work has ended, however it did.
  Task<> end();

 private:
  ImportDisplay& display_;
  TaskGroup beside_;
};

template <class T>
Task<T> watch(Session& session, ImportDisplay& display, std::function<void()> stop, Task<T> work) {
  Watch watching(session, display, std::move(stop));
  std::optional<T> result;
  std::exception_ptr failure;
  try {
    result = co_await std::move(work);
  } catch (...) {
    failure = std::current_exception();
  }
  co_await watching.end();
  if (failure) std::rethrow_exception(failure);
  co_return std::move(*result);
}

}  // namespace weir::app
