// What happens to every request, whatever its endpoint: an id, the route, who asks (admission.hpp), the query and the
// body against their schemas, the idempotency key, the handler, and the answer or the problem. It never throws.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "api/message.hpp"
#include "api/openapi.hpp"
#include "api/router.hpp"
#include "api/services.hpp"

namespace weir::api {

// What was served, for metrics.
struct Served {
  std::string operation;  // of the route; "unknown" when there is none
  std::string method;
  int status = 0;
  std::chrono::microseconds duration{};
};

class Door {
 public:
  // `services` outlives it. On the services' executor.
  Door(Services& services, std::vector<Route> routes);

  Task<HttpAnswer> handle(HttpRequest request);
  // From now on: 503, and /readyz says so.
  void close() { is_closed_ = true; }
  void on_served(std::function<void(const Served&)> listener) { listener_ = std::move(listener); }
  const Router& router() const { return router_; }

 private:
  Task<HttpAnswer> answer_to(HttpRequest raw, Target target, Match match, std::string id);
  Task<Result<Answer>> serve(HttpRequest raw, Target target, Match match, std::string id);
  Task<Result<Answer>> serve_once(const Route& route, HttpRequest raw, Request request);

  Services& services_;
  Router router_;
  bool is_closed_ = false;
  std::function<void(const Served&)> listener_;
};

// Accepts what a client calls its request (1 to 100 of [A-Za-z0-9._-]), or makes a name.
std::string request_id_of(const HttpRequest& request);

}  // namespace weir::api
