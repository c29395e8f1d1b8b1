// A tiny HTTP server on loopback that misbehaves as told, on the test's own executor. It records what reached it.
//
//   test::HttpServer server(context.executor(), [](const test::SeenRequest&) { return test::reply(200, "{}"); });
//   … server.url("/path") …
//   co_await server.stop();
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/asio.hpp"

namespace weir::test {

struct SeenRequest {
  std::string method, target;
  std::string head;  // with the request line, as it came
  std::string body;
  std::string header(const std::string& name) const;  // "" when absent
  int connection = 0;                                 // 1 for the first accepted
};

struct HttpReply {
  enum class End { keep, close, reset, hang };  // hang: says nothing more until the client goes

  std::vector<std::string> parts{};  // raw bytes, written one after the other
  std::chrono::milliseconds pause_between{0};
  std::string repeated{};  // then this, over and over, until the client goes or `repeats` are sent
  std::int64_t repeats = 0;
  End end = End::keep;
};

// A well-formed answer with Content-Length; `headers` are lines that end with CRLF.
HttpReply reply(int status, const std::string& body, const std::string& headers = "");
HttpReply raw(std::string bytes, HttpReply::End end = HttpReply::End::close);

class HttpServer {
 public:
  using Handler = std::function<HttpReply(const SeenRequest&)>;
  enum class Security { plain, tls, tls_http2 };  // tls_http2: see http2.hpp; the handler is not asked
  struct Options {
    Security security = Security::plain;
    std::string address = "127.0.0.1";  // any of 127.0.0.0/8 is this machine
    int port = 0;
    std::size_t http2_together = 1;
  };

  HttpServer(Executor executor, Handler handler);
  HttpServer(Executor executor, Handler handler, Options options);
  ~HttpServer();

  int port() const;
  std::string origin() const;  // http://127.0.0.1:port, or https
  std::string url(const std::string& path) const { return origin() + path; }
  // The self-signed certificate of a tls server for 127.0.0.1 and localhost, in PEM.
  const std::string& certificate() const;

  int connections() const;
  std::int64_t bytes_received() const;  // TLS: of the plain text
  std::int64_t bytes_sent() const;
  int open_connections() const;
  const std::vector<SeenRequest>& requests() const;

  // Closes the listener and all connections.
  Task<> stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weir::test
