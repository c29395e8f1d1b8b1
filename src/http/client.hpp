// Weir's one HTTP client: connections kept alive and shared by all tenants, HTTP/2 where the server offers it, bodies
// decompressed and bounded, each and all together. It sends what it is told to; budgets, retries and the meaning of
// answers lie above it.
//
// Promises: no byte goes to an address that the egress policy refuses, whatever DNS says and however often it changes
// its mind; credentials go to the origin of the request only; nothing of a secret is in an error. On the executor
// given, one thread. A cancelled fetch() ends its transfer at once.
#pragma once
#include "base/asio.hpp"
#include "http/client_settings.hpp"
#include "http/curl_multi.hpp"
#include "http/fetcher.hpp"

namespace weir::http {

class HttpClient final : public Fetcher {
 public:
  HttpClient(const Executor& executor, ClientSettings settings);
  ~HttpClient() override;  // no fetch() is running

  Task<Result<Response>> fetch(Request request) override;

  const ClientSettings& settings() const { return settings_; }
  std::size_t in_flight() const { return in_flight_; }

 private:
  Executor executor_;
  ClientSettings settings_;
  CurlMulti multi_;
  std::shared_ptr<BodyRoom> room_;
  std::size_t in_flight_ = 0;
};

}  // namespace weir::http
