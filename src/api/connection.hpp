// One client: its requests, one after the other. Private to this module.
#pragma once
#include <optional>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include "api/server.hpp"

namespace weir::api {

class Connection final : private EventSink {
 public:
  using Clock = std::chrono::steady_clock;

  Connection(asio::ip::tcp::socket socket, const ServerSettings& settings, Door& door);

  Task<> serve();
  // Since when it has waited for a request; nullopt while one is being read or answered, and once it was ended.
  std::optional<Clock::time_point> idle_since() const;
  // Ends it when nothing runs, or else after the answer; an event stream ends now.
  void finish();
  // Ends it now.
  void cut();

 private:
  struct Head {
    bool keeps_alive = false;
    bool is_head = false;  // the method: no body is sent
  };
  Task<bool> wait_for_request();
  Task<std::optional<HttpRequest>> read_request(Head& head);
  Task<bool> write(HttpAnswer answer, Head head);
  Task<> stream_events(HttpAnswer answer);
  Task<bool> write_text(std::string text);
  Task<> refuse(HttpAnswer answer);
  Task<> linger();

  Task<bool> send(Event event) override;
  Task<bool> pause(std::chrono::milliseconds duration) override;

  const ServerSettings& settings_;
  Door& door_;
  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  Wakeup finishing_;
  Deadline ping_at_ = Deadline::never();
  std::optional<Clock::time_point> idle_since_ = Clock::now();
  bool is_finishing_ = false;
};

}  // namespace weir::api
