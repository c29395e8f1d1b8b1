// HTTP as it comes and goes: what the server and the door hand each other.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/asio.hpp"

namespace weir::api {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;
  std::string target;  // path and query, as sent
  Headers headers{};
  std::string body{};

  // Letters of either case; nullopt when it is absent. The first, when it was sent several times.
  std::optional<std::string> header(std::string_view name) const;
};

struct Event {
  std::string id{};
  std::string name{};
  std::string data{};  // one line
};

// A connection that is open for events.
class EventSink {
 public:
  virtual ~EventSink() = default;
  // False when the client has gone or the server stops: there is nothing left to do.
  virtual Task<bool> send(Event event) = 0;
  // Waits before the next look; says something to the client now and then, so that nobody on the way gives it up. False
  // as above.
  virtual Task<bool> pause(std::chrono::milliseconds duration) = 0;
};
// Runs until all has been told.
using EventStream = std::function<Task<>(EventSink& sink)>;

struct HttpAnswer {
  int status = 200;
  Headers headers{};
  std::string content_type = "application/json";
  std::string body{};
  EventStream events{};  // instead of the body
};

}  // namespace weir::api
