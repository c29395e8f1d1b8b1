// HTTP/1.1 in front of the Provider, on RESTinio; one thread, one executor.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/asio.hpp"
#include "provider-sim/server/control.hpp"

namespace weir::sim {

class HttpServer {
 public:
  struct Settings {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  // 0: one that is free
    bool compresses = false;
  };
  // Bound when it returns. The provider is made afterwards, since its links contain the port.
  HttpServer(asio::io_context& context, Settings settings);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;
  void serve(Provider& provider, Control& control);  // before the context runs
  Task<> stop();                                     // accepts nothing more; raw deliveries are cut off

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::sim
