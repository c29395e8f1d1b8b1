// `weir serve` from its start to its end: what each role needs, on the services of one node.
//
//   api        answers requests (src/api); health and metrics are answered by every role
//   scheduler  due pipelines become runs, and the upkeep (src/scheduler)
//   worker     takes runs from the queue and works them (src/orchestrator/worker.hpp)
#pragma once
#include <memory>

#include "orchestrator/run_services.hpp"
#include "weir/plugin_watch.hpp"
#include "weir/serve_settings.hpp"
#include "weir/session.hpp"

namespace weir::app {

class Service {
 public:
  // All references outlive this object.
  Service(Session& session, orchestrator::RunServices& services, PluginWatch& plugins, ServeSettings settings);
  ~Service();

  // Begins to listen and to work. configuration: the address is taken.
  Result<> start();
  std::string url() const;
  // Not ready any more; nothing new begins, what runs finishes its pages within the grace time and goes back to the
  // queue, then the last requests are answered.
  Task<> stop();
  // While stop() waits: at once.
  void hurry();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace weir::app
