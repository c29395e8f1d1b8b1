// Weir's one HTTP client: connections kept alive and shared by all tenants, HTTP/2 where the server offers it, bodies
// decompressed and bounded. It sends what it is told to; budgets, retries and the meaning of answers lie above it.
//
// Promises: no byte goes to an address that the egress policy refuses, whatever DNS says and however often it changes
// its mind; credentials go to the origin of the request only; nothing of a secret is in an error. On the executor
// given, one thread. A cancelled fetch() ends its transfer at once.
#pragma once
#include "base/asio.hpp"
#include "http/client_settings.hpp"
#include "http/curl_multi.hpp"
#include "http/request.hpp"

namespace weir::http {

class HttpClient {
 public:
  HttpClient(const Executor& executor, ClientSettings settings);
  ~HttpClient();  // no fetch() is running

  // Any HTTP answer is a Response, whatever its status. Errors:
  //   invalid_input     refused by the egress guard, or a method or header that cannot be sent
  //   timed_out         connect, stall or total time-out, or the request's deadline
  //   answer_too_large  headers or body over their bound
  //   provider_failed   everything else between here and the provider: it may pass
  Task<Result<Response>> fetch(Request request);

  const ClientSettings& settings() const { return settings_; }
  std::size_t in_flight() const { return in_flight_; }

 private:
  Executor executor_;
  ClientSettings settings_;
  CurlMulti multi_;
  std::size_t in_flight_ = 0;
};

}  // namespace weir::http
