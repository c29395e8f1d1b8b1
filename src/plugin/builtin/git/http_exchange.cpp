#include "plugin/builtin/git/http_exchange.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>

#include <fmt/format.h>
#include <netinet/in.h>
#include <unistd.h>

namespace weir::plugin::git {
namespace {

constexpr std::size_t k_buffered_bytes_max = 1 << 20;
constexpr int k_poll_ms = 100;  // how late a stop is noticed
// Servers tell git clients from browsers by this.
constexpr const char* k_user_agent = "git/2.0 (Weir)";

void start_curl() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
      throw Failure({ErrorCode::internal, "libcurl does not start"});
  });
}

bool is_loopback(const http::IpAddress& address) { return http::special_network(address) == "loopback"; }

}  // namespace

HttpExchange::HttpExchange(const RemoteAccess& access, const Stop& stop, Traffic& traffic)
    : access_(access), stop_(stop), traffic_(traffic) {
  start_curl();
  multi_ = curl_multi_init();
  easy_ = curl_easy_init();
  if (multi_ == nullptr || easy_ == nullptr) throw std::bad_alloc();
}

HttpExchange::~HttpExchange() {
  if (is_attached_) curl_multi_remove_handle(multi_, easy_);
  curl_easy_cleanup(easy_);
  curl_multi_cleanup(multi_);
  curl_slist_free_all(headers_);
}

Result<HttpExchange::Answer> HttpExchange::get(const std::string& url, std::string_view content_type,
                                               std::size_t body_bytes_max) {
  reset(url, content_type, body_bytes_max);
  curl_easy_setopt(easy_, CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(easy_, CURLOPT_HTTPGET, 1L);
  return begin();
}

Result<HttpExchange::Answer> HttpExchange::post(const std::string& url, std::string_view request_type,
                                                std::string_view content_type, std::string body) {
  reset(url, content_type, std::numeric_limits<std::size_t>::max());
  request_body_ = std::move(body);
  headers_ = curl_slist_append(headers_, fmt::format("Content-Type: {}", request_type).c_str());
  headers_ = curl_slist_append(headers_, fmt::format("Accept: {}", content_type).c_str());
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
  curl_easy_setopt(easy_, CURLOPT_POST, 1L);
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request_body_.data());
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_body_.size()));
  return begin();
}

void HttpExchange::reset(const std::string& url, std::string_view content_type, std::size_t body_bytes_max) {
  if (is_attached_) curl_multi_remove_handle(multi_, easy_);
  is_attached_ = false;
  curl_easy_reset(easy_);  // keeps connections
  curl_slist_free_all(headers_);
  headers_ = curl_slist_append(nullptr, "Expect:");
  content_type_ = content_type;
  body_bytes_left_ = body_bytes_max;
  received_.clear();
  read_ = 0;
  is_paused_ = is_accepted_ = is_done_ = false;
  outcome_ = CURLE_OK;
  guard_error_.reset();
  const auto parsed = parse_repository_urls(url.substr(0, url.find('?')));
  host_ = parsed ? parsed->front().host : std::string();
  is_encrypted_ = url.starts_with("https://");

  const auto set = [this](CURLoption option, auto value) { curl_easy_setopt(easy_, option, value); };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_USERAGENT, k_user_agent);
  set(CURLOPT_HTTPHEADER, headers_);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(access_.connect_timeout.count()));
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(access_.silence_max.count()));
  set(CURLOPT_WRITEFUNCTION, &HttpExchange::on_data);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  set(CURLOPT_OPENSOCKETFUNCTION, &HttpExchange::on_open);
  set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
  if (access_.token.empty()) return;
  const std::string token(access_.token.reveal());
  set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
  set(CURLOPT_USERNAME, access_.username.c_str());
  set(CURLOPT_PASSWORD, token.c_str());
}

Result<HttpExchange::Answer> HttpExchange::begin() {
  if (auto allowed = access_.egress.check_host(host_); !allowed) return std::unexpected(allowed.error());
  ++traffic_.requests;
  curl_multi_add_handle(multi_, easy_);
  is_attached_ = true;
  while (!is_accepted_ && !is_done_)
    if (auto pumped = pump(); !pumped) return std::unexpected(pumped.error());
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  if (is_accepted_) return Answer{};
  if (status == 0) return transport_failure();
  if (status >= 301 && status <= 308 && status != 304) {
    const char* target = nullptr;
    curl_easy_getinfo(easy_, CURLINFO_REDIRECT_URL, &target);
    if (target != nullptr) return Answer{target, status == 301 || status == 308};
  }
  // An empty body never reached on_data.
  if (status == 200 && outcome_ == CURLE_OK && is_expected_type()) return Answer{};
  return refused(status);
}

Result<std::size_t> HttpExchange::read(char* buffer, std::size_t size) {
  while (read_ == received_.size()) {
    received_.clear();
    read_ = 0;
    if (is_done_) {
      if (auto ended = check_end(); !ended) return std::unexpected(ended.error());
      return 0;
    }
    if (std::exchange(is_paused_, false)) curl_easy_pause(easy_, CURLPAUSE_CONT);
    if (!received_.empty()) break;  // the pause had held something back
    if (auto pumped = pump(); !pumped) return std::unexpected(pumped.error());
  }
  const auto length = std::min(size, received_.size() - read_);
  std::memcpy(buffer, received_.data() + read_, length);
  read_ += length;
  return length;
}

// Lets libcurl work until something happened, or for k_poll_ms.
Result<> HttpExchange::pump() {
  if (stop_.is_requested()) return cancelled();
  int running = 0;
  curl_multi_perform(multi_, &running);
  take_message();
  if (!is_done_ && !is_paused_ && received_.size() == read_) curl_multi_poll(multi_, nullptr, 0, k_poll_ms, nullptr);
  return {};
}

void HttpExchange::take_message() {
  int left = 0;
  while (const auto* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    is_done_ = true;
    outcome_ = message->data.result;
  }
}

Result<> HttpExchange::check_end() const {
  if (outcome_ == CURLE_OK) return {};
  return transport_failure();
}

std::size_t HttpExchange::on_data(char* data, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<HttpExchange*>(self);
  const auto length = size * count;
  if (!exchange.is_accepted_) {
    long status = 0;
    curl_easy_getinfo(exchange.easy_, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200 || !exchange.is_expected_type()) return 0;  // nobody reads it
    exchange.is_accepted_ = true;
  }
  if (exchange.received_.size() - exchange.read_ >= k_buffered_bytes_max) {
    exchange.is_paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  if (length > exchange.body_bytes_left_) {
    exchange.guard_error_ = {ErrorCode::unreachable,
                             fmt::format("{} answers with more references than Weir takes from one repository",
                                         exchange.access_.url.repo_key)};
    return 0;
  }
  exchange.body_bytes_left_ -= length;
  exchange.traffic_.bytes += static_cast<std::int64_t>(length);
  exchange.received_.append(data, length);
  return length;
}

curl_socket_t HttpExchange::on_open(void* self, curlsocktype, curl_sockaddr* address) {
  auto& exchange = *static_cast<HttpExchange*>(self);
  const auto ip = http::address_of(address->addr);
  if (!ip) return CURL_SOCKET_BAD;
  if (auto allowed = exchange.access_.egress.check_address(exchange.host_, *ip); !allowed) {
    exchange.guard_error_ = allowed.error();
    return CURL_SOCKET_BAD;
  }
  if (!exchange.is_encrypted_ && !exchange.access_.token.empty() && !is_loopback(*ip)) {
    exchange.guard_error_ = {ErrorCode::invalid_input,
                             fmt::format("GIT_TOKEN is not sent to {} over http://, where anyone on the way could read "
                                         "it; use https:// in GIT_URL",
                                         exchange.host_)};
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

bool HttpExchange::is_expected_type() const {
  const char* type = nullptr;
  curl_easy_getinfo(easy_, CURLINFO_CONTENT_TYPE, &type);
  if (type == nullptr) return false;
  const std::string_view text(type);
  return text.substr(0, text.find(';')) == content_type_;
}

std::unexpected<Error> HttpExchange::refused(long status) const {
  const auto& repository = access_.url.repo_key;
  const bool is_anonymous = access_.token.empty();
  curl_off_t seconds = 0;
  curl_easy_getinfo(easy_, CURLINFO_RETRY_AFTER, &seconds);
  if (status == 429 || (status == 503 && seconds > 0)) {
    traffic_.retry_after = std::chrono::seconds(seconds);
    return fail(ErrorCode::limited, fmt::format("{}: the server asks to come later (HTTP {})", repository, status));
  }
  if (status == 401)
    return fail(ErrorCode::needs_credentials,
                is_anonymous ? fmt::format("{} asks for credentials; set GIT_TOKEN (and GIT_USERNAME where the server "
                                           "wants a name)",
                                           repository)
                             : fmt::format("{} refuses the credentials; replace GIT_TOKEN", repository));
  if (status == 403 || status == 404 || status == 410 || status == 451)
    return fail(ErrorCode::unreachable, fmt::format("{} is not there for these credentials (HTTP {}){}", repository,
                                                    status, is_anonymous ? "; if it is private, set GIT_TOKEN" : ""));
  if (status >= 200 && status < 300)
    return fail(
        ErrorCode::unreachable,
        fmt::format("{} does not answer as a git repository does; is GIT_URL the URL one clones from?", repository));
  return fail(ErrorCode::provider_failed, fmt::format("{}: the server fails with HTTP {}", repository, status));
}

std::unexpected<Error> HttpExchange::transport_failure() const {
  if (guard_error_) return std::unexpected(*guard_error_);
  const auto text = fmt::format("{} cannot be reached", access_.url.repo_key);
  const std::string reason = curl_easy_strerror(outcome_);
  if (outcome_ == CURLE_COULDNT_RESOLVE_HOST)
    return fail(ErrorCode::provider_failed, fmt::format("{}: no address is known for {}", text, host_), reason);
  if (outcome_ == CURLE_PEER_FAILED_VERIFICATION || outcome_ == CURLE_SSL_CONNECT_ERROR)
    return fail(ErrorCode::provider_failed, fmt::format("{}: its certificate is not trusted here", text), reason);
  if (outcome_ == CURLE_OPERATION_TIMEDOUT)
    return fail(ErrorCode::provider_failed, fmt::format("{}: it was silent for too long", text), reason);
  return fail(ErrorCode::provider_failed, fmt::format("{}: {}", text, reason));
}

}  // namespace weir::plugin::git
