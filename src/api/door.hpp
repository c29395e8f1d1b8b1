// What happens to every request, whatever its endpoint: an id, the route, who asks (admission.hpp), the query and the
// body against their schemas, the idempotency key, the handler, and the answer or the problem. It never throws.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "api/idempotency.hpp"
#include "api/key_limit.hpp"
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

struct DoorSettings {
  // What one API key may have at work at once; more is refused with `limited`.
  std::size_t requests_per_key_max = 16;
  std::size_t streams_per_key_max = 20;  // event streams, besides the requests
};

class Door {
 public:
  // `services` outlives it. On the services' executor.
  Door(Services& services, std::vector<Route> routes, DoorSettings settings = {});

  Task<HttpAnswer> handle(HttpRequest request);
  // From now on: 503, and /readyz says so.
  void close() { is_closed_ = true; }
  void on_served(std::function<void(const Served&)> listener) { listener_ = std::move(listener); }
  const Router& router() const { return router_; }

 private:
  Task<HttpAnswer> answer_to(HttpRequest raw, Target target, Match match, std::string id);
  Task<Result<Answer>> serve(HttpRequest raw, Target target, Match match, std::string id);
  Task<Result<Answer>> serve_admitted(const Route& route, HttpRequest raw, Request request);
  Task<Result<Answer>> serve_once(const Route& route, HttpRequest raw, Request request);
  Task<Result<Answer>> begin_and_end(const Route& route, Request request, IdempotencyKey key);

  Services& services_;
  Router router_;
  KeyLimit requests_;
  KeyLimit streams_;
  bool is_closed_ = false;
  std::function<void(const Served&)> listener_;
};

// Accepts what a client calls its request (1 to 100 of [A-Za-z0-9._-]), or makes a name.
std::string request_id_of(const HttpRequest& request);
// What the client is told to look for in the log: an error that is a fault of this service. Others are not logged.
void log_fault(const std::string& id, std::string_view operation, const Error& error);

}  // namespace weir::api
