// One HTTP request after the other over libcurl, the answer read piece by piece; see SmartHttp for what is promised.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <curl/curl.h>

#include "base/error.hpp"
#include "plugin/builtin/git/remote_access.hpp"
#include "plugin/builtin/git/stop.hpp"

namespace weir::plugin::git {

class HttpExchange {
 public:
  HttpExchange(const RemoteAccess& access, const Stop& stop, Traffic& traffic);
  ~HttpExchange();
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  struct Answer {
    std::optional<std::string> redirect;  // absolute; nothing to read then
    bool is_permanent = false;
  };
  // Both return when the head of the answer has come. An answer that is no success, no redirect and not of
  // `content_type` is an error: needs_credentials (401), unreachable (403, 404, 410, 451, no repository), limited (429,
  // 503 with Retry-After), provider_failed (anything else). Errors never hold the token.
  Result<Answer> get(const std::string& url, std::string_view content_type, std::size_t body_bytes_max);
  Result<Answer> post(const std::string& url, std::string_view request_type, std::string_view content_type,
                      std::string body);

  // The next bytes of the body; 0 at its end.
  Result<std::size_t> read(char* buffer, std::size_t size);

 private:
  struct HeaderList;
  void reset(const std::string& url, std::string_view content_type, std::size_t body_bytes_max);
  Result<Answer> begin();
  Result<> pump();
  void take_message();
  Result<> check_end() const;
  std::unexpected<Error> refused(long status) const;
  std::unexpected<Error> transport_failure() const;
  bool is_expected_type() const;

  static std::size_t on_data(char* data, std::size_t size, std::size_t count, void* self);
  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);

  const RemoteAccess& access_;
  const Stop& stop_;
  Traffic& traffic_;
  CURLM* multi_ = nullptr;
  CURL* easy_ = nullptr;
  curl_slist* headers_ = nullptr;
  bool is_attached_ = false;

  std::string host_;  // of the request, for messages and the guard
  bool is_encrypted_ = false;
  std::string content_type_;
  std::string request_body_;
  std::size_t body_bytes_left_ = 0;

  std::string received_;  // not read yet
  std::size_t read_ = 0;  // of received_
  bool is_paused_ = false;
  bool is_accepted_ = false;  // the answer is what was asked for
  bool is_done_ = false;
  CURLcode outcome_ = CURLE_OK;
  std::optional<Error> guard_error_;
};

}  // namespace weir::plugin::git
