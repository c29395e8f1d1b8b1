// HTTP/1.1 on a TCP port: listens, bounds what a client may send and how long it may take, and hands requests to the
// door. TLS is the business of what stands before it.
//
//   Server server(executor, settings, door);
//   const auto opened = server.open();          // from now on it answers, while the executor runs
//   …
//   co_await server.stop(Deadline::in(20s));
#pragma once
#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include <boost/asio/ip/tcp.hpp>

#include "api/door.hpp"
#include "base/task_group.hpp"
#include "base/wakeup.hpp"

namespace weir::api {

struct ServerSettings {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8420;  // 0: one that is free
  std::size_t header_bytes_max = std::size_t{16} << 10U;
  std::size_t body_bytes_max = std::size_t{1} << 20U;
  std::chrono::milliseconds idle_timeout = std::chrono::seconds(60);  // between two requests
  std::chrono::milliseconds header_timeout = std::chrono::seconds(10);
  std::chrono::milliseconds body_timeout = std::chrono::seconds(30);
  std::chrono::milliseconds write_timeout = std::chrono::seconds(30);
  std::chrono::milliseconds ping_interval = std::chrono::seconds(15);  // of event streams with nothing to tell
  // With so many, the one that has been idle for longest makes room; where none is idle the new one is closed.
  std::size_t connections_max = 1000;
};

class Connection;

class Server {
 public:
  // `door` outlives it. Everything on `executor`.
  Server(Executor executor, ServerSettings settings, Door& door);
  ~Server();  // stopped, or never opened

  // configuration: no such address, or the port is taken.
  Result<> open();
  std::uint16_t port() const { return port_; }
  std::string url() const;  // http://127.0.0.1:8420

  // Accepts nothing more; idle connections and event streams end, requests that run are answered until the deadline.
  Task<> stop(Deadline deadline);
  std::size_t connection_count() const { return connections_.size(); }

 private:
  Task<> accept();
  Task<> run(std::shared_ptr<Connection> connection);
  bool make_room();

  Executor executor_;
  ServerSettings settings_;
  Door& door_;
  asio::ip::tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  bool is_stopping_ = false;
  std::list<std::shared_ptr<Connection>> connections_;  // the oldest first
  Wakeup ended_;
  TaskGroup tasks_;
};

}  // namespace weir::api
