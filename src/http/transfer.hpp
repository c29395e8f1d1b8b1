// One hop of a request as a libcurl handle: options, callbacks, bounds, and what its end means. Private to this module.
#pragma once
#include <array>
#include <chrono>
#include <memory>
#include <optional>

#include <curl/curl.h>
#include <boost/asio/steady_timer.hpp>

#include "http/client_settings.hpp"
#include "http/curl_multi.hpp"
#include "http/request.hpp"

struct sockaddr;

namespace weir::http {

// Where the body of an answer goes.
struct BodyPlace {
  std::string buffer;
  std::shared_ptr<BodyRoom> room;
};

class Transfer final : public TransferEnd {
 public:
  // All of these outlive the transfer.
  Transfer(const Executor& executor, CurlMulti& multi, const ClientSettings& settings, const Request& request,
           const EgressPolicy& egress, BodyPlace place);
  ~Transfer();  // removes it from the multi handle at once: nothing more is sent or received
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Waits for the end. The error is already in words. Cancelled like any wait.
  Task<Result<>> run(Deadline deadline);

  // After run() succeeded.
  Response take_response();
  // Sent and received so far, whatever the outcome.
  std::int64_t bytes() const;

  void ended(CURLcode result) override;

 private:
  struct Free {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
    void operator()(curl_slist* list) const;
  };
  using List = std::unique_ptr<curl_slist, Free>;

  template <class Value>
  void set(CURLoption option, Value value);
  void set_options();
  void set_request();
  void set_connection();
  void append(List& list, const std::string& line);

  static curl_socket_t on_open_socket(void* transfer, curlsocktype purpose, curl_sockaddr* address);
  static int on_before_request(void* transfer, char* remote, char* local, int remote_port, int local_port);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* transfer);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* transfer);

  bool may_connect(const sockaddr& address);
  bool take_header(std::string_view line);
  bool take_body(std::string_view chunk);
  bool start_body();
  bool refuse_body();
  bool make_room(std::size_t bytes);
  std::size_t body_bytes_limit() const;
  bool give_up(Error error);  // remembers the first; false, for a callback to return
  Error error_of(CURLcode result) const;

  Executor executor_;
  CurlMulti& multi_;
  const ClientSettings& settings_;
  const Request& request_;
  const EgressPolicy& egress_;
  std::unique_ptr<CURL, Free> handle_;
  List headers_, resolve_;
  std::string url_text_;
  Secret proxy_;
  std::array<char, CURL_ERROR_SIZE> curl_message_{};
  asio::steady_timer done_;
  std::optional<CURLcode> result_;
  std::optional<Error> refusal_;
  Response response_;
  std::size_t header_bytes_ = 0;
  std::size_t body_bytes_ = 0;
  bool has_body_begun_ = false;
  bool goes_to_sink_ = false;
  bool is_added_ = false;
};

}  // namespace weir::http
