#include "http/transfer.hpp"

#include <sodium.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include <fmt/format.h>
#include <boost/asio/redirect_error.hpp>

namespace weir::http {
namespace {

constexpr std::size_t k_error_body_bytes_max = std::size_t{64} * 1024;  // of an answer that a sink does not take

long milliseconds_of(std::chrono::milliseconds duration) { return static_cast<long>(duration.count()); }

bool is_success(int status) { return status >= 200 && status < 300; }

// "HTTP/1.1 200 OK" begins an answer; interim answers (1xx) are overwritten by the final one.
std::optional<int> parse_status(std::string_view line) {
  const auto space = line.find(' ');
  if (!line.starts_with("HTTP/") || space == std::string_view::npos) return std::nullopt;
  int status = 0;
  const auto rest = line.substr(space + 1);
  std::from_chars(rest.data(), rest.data() + rest.size(), status);
  return status;
}

}  // namespace

void Transfer::Free::operator()(curl_slist* list) const {
  for (auto* node = list; node != nullptr; node = node->next) sodium_memzero(node->data, std::strlen(node->data));
  curl_slist_free_all(list);
}

Transfer::Transfer(const Executor& executor, CurlMulti& multi, const ClientSettings& settings, const Request& request,
                   const EgressPolicy& egress, BodyPlace place)
    : executor_(executor),
      multi_(multi),
      settings_(settings),
      request_(request),
      egress_(egress),
      handle_(curl_easy_init()),
      url_text_(request.url.text()),
      proxy_(proxy_for(settings.proxy, request.url.origin())),
      done_(executor) {
  if (!handle_) throw std::bad_alloc();
  place.buffer.clear();
  response_.body = std::move(place.buffer);
  response_.room = std::make_shared<BodyLease>(std::move(place.room));
  response_.url = request.url;
  set_options();
  set_request();
  set_connection();
}

Transfer::~Transfer() {
  if (is_added_) multi_.remove(handle_.get());
}

template <class Value>
void Transfer::set(CURLoption option, Value value) {
  const auto result = curl_easy_setopt(handle_.get(), option, value);
  if (result != CURLE_OK)
    throw std::runtime_error(
        fmt::format("libcurl refuses option {}: {}", static_cast<int>(option), curl_easy_strerror(result)));
}

void Transfer::set_options() {
  set(CURLOPT_PRIVATE, static_cast<void*>(static_cast<TransferEnd*>(this)));
  set(CURLOPT_ERRORBUFFER, curl_message_.data());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_2TLS});
  set(CURLOPT_ACCEPT_ENCODING, "");  // everything libcurl can undo
  set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  set(CURLOPT_BUFFERSIZE, 128L * 1024);
}

void Transfer::append(List& list, const std::string& line) {
  auto* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  if (!list) list.reset(longer);
}

void Transfer::set_request() {
  set(CURLOPT_URL, url_text_.c_str());
  set(CURLOPT_USERAGENT, settings_.user_agent.c_str());
  if (request_.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (!request_.body.empty()) {
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(CURLOPT_POSTFIELDS, request_.body.c_str());
  }
  if (request_.method != "HEAD") set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  append(headers_, "Expect:");  // no pause for a 100 before the body
  if (!request_.body.empty() && !request_.headers.has("Content-Type")) append(headers_, "Content-Type:");
  for (const auto& field : request_.headers)
    append(headers_, field.value.empty() ? field.name + ";" : fmt::format("{}: {}", field.name, field.value));
  for (const auto& field : request_.secret_headers) {
    auto line = fmt::format("{}: {}", field.name, field.value.reveal());
    append(headers_, line);
    sodium_memzero(line.data(), line.size());
  }
  set(CURLOPT_HTTPHEADER, headers_.get());
}

void Transfer::set_connection() {
  set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds_of(settings_.connect_timeout));
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(CURLOPT_LOW_SPEED_TIME, std::max(1L, milliseconds_of(settings_.stall_timeout) / 1000));
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);  // a cancelled transfer does not wait for its resolver thread
  set(CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_open_socket);
  set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
  set(CURLOPT_PREREQFUNCTION, &Transfer::on_before_request);
  set(CURLOPT_PREREQDATA, static_cast<void*>(this));
  set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  if (!settings_.ca_file.empty()) set(CURLOPT_CAINFO, settings_.ca_file.c_str());
  if (!settings_.ca_directory.empty()) set(CURLOPT_CAPATH, settings_.ca_directory.c_str());
  // Set always, so that libcurl never looks at the environment itself.
  const std::string proxy(proxy_.reveal());
  set(CURLOPT_PROXY, proxy.c_str());
  set(CURLOPT_NOPROXY, "");
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  for (const auto& pin : settings_.resolve) append(resolve_, "+" + pin);
  if (resolve_) set(CURLOPT_RESOLVE, resolve_.get());
}

Task<Result<>> Transfer::run(Deadline deadline) {
  done_.expires_at(deadline.at());
  multi_.add(handle_.get());
  is_added_ = true;
  boost::system::error_code woken;
  if (!result_) co_await done_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none)
    throw boost::system::system_error(asio::error::operation_aborted);
  if (!result_)
    co_return fail(ErrorCode::timed_out, fmt::format("{} did not answer in time", request_.url.origin().to_string()),
                   request_.url.redacted());
  if (*result_ == CURLE_OK) co_return Result<>{};
  co_return std::unexpected(refusal_ ? *refusal_ : error_of(*result_));
}

void Transfer::ended(CURLcode result) {
  result_ = result;
  done_.cancel();
}

Response Transfer::take_response() {
  long version = 0;
  curl_off_t total_us = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_HTTP_VERSION, &version);
  curl_easy_getinfo(handle_.get(), CURLINFO_TOTAL_TIME_T, &total_us);
  response_.is_http2 = version == CURL_HTTP_VERSION_2_0;
  response_.duration = std::chrono::milliseconds(total_us / 1000);
  response_.bytes = bytes();
  response_.requests = 1;
  return std::move(response_);
}

std::int64_t Transfer::bytes() const {
  curl_off_t body = 0;
  long headers = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_SIZE_DOWNLOAD_T, &body);
  curl_easy_getinfo(handle_.get(), CURLINFO_HEADER_SIZE, &headers);
  return body + headers;
}

// The guard, twice: before a socket is opened to a resolved address (no packet is sent to a refused one), and before a
// request goes out on a connection that another transfer, perhaps under another policy, has opened.
curl_socket_t Transfer::on_open_socket(void* transfer, curlsocktype, curl_sockaddr* address) {
  auto& self = *static_cast<Transfer*>(transfer);
  if (!self.may_connect(address->addr)) return CURL_SOCKET_BAD;
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int Transfer::on_before_request(void* transfer, char* remote, char*, int, int) {
  auto& self = *static_cast<Transfer*>(transfer);
  if (!self.proxy_.empty()) return CURL_PREREQFUNC_OK;
  const auto address = parse_ip(remote);
  const auto& host = self.request_.url.origin().host;
  const auto allowed = address ? self.egress_.check_address(host, *address)
                               : fail(ErrorCode::internal, fmt::format("{} has no address to check", host));
  if (allowed) return CURL_PREREQFUNC_OK;
  self.give_up(allowed.error());
  return CURL_PREREQFUNC_ABORT;
}

bool Transfer::may_connect(const sockaddr& address) {
  if (!proxy_.empty()) return true;  // the operator's own proxy, which then decides
  const auto target = address_of(address);
  const auto& host = request_.url.origin().host;
  const auto allowed = target ? egress_.check_address(host, *target)
                              : fail(ErrorCode::invalid_input, fmt::format("{} has no IP address", host));
  return allowed.has_value() || give_up(allowed.error());
}

bool Transfer::give_up(Error error) {
  if (!refusal_) refusal_ = std::move(error);
  return false;
}

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* transfer) {
  const auto length = size * count;
  return static_cast<Transfer*>(transfer)->take_header({data, length}) ? length : 0;
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* transfer) {
  const auto length = size * count;
  return static_cast<Transfer*>(transfer)->take_body({data, length}) ? length : 0;
}

bool Transfer::take_header(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > settings_.header_bytes_max)
    return give_up(
        {ErrorCode::answer_too_large, fmt::format("{} sent more than {} bytes of headers",
                                                  request_.url.origin().to_string(), settings_.header_bytes_max)});
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  if (const auto status = parse_status(line)) {
    response_.status = *status;
    response_.headers.clear();
    return true;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || has_body_begun_) return true;  // the empty line; a trailer
  response_.headers.add(line.substr(0, colon), trimmed(line.substr(colon + 1)));
  return true;
}

// Where the body goes, and room for it: known once its headers are.
bool Transfer::start_body() {
  has_body_begun_ = true;
  goes_to_sink_ = request_.sink != nullptr && is_success(response_.status);
  curl_off_t announced = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
  if (announced <= 0) return true;
  if (static_cast<std::size_t>(announced) > body_bytes_limit()) return refuse_body();
  if (goes_to_sink_) return true;
  if (!make_room(static_cast<std::size_t>(announced))) return false;
  response_.body.reserve(static_cast<std::size_t>(announced));
  return true;
}

bool Transfer::make_room(std::size_t bytes) {
  return response_.room->grow_to(bytes) ||
         give_up(
             {ErrorCode::provider_failed,
              fmt::format("too many large answers at once: they may have {} bytes together, and that of {} does not "
                          "fit beside the others",
                          settings_.bodies_bytes_max, request_.url.origin().to_string()),
              request_.url.redacted()});
}

std::size_t Transfer::body_bytes_limit() const {
  return request_.body_bytes_max != 0 ? request_.body_bytes_max : settings_.body_bytes_max;
}

bool Transfer::refuse_body() {
  return give_up({ErrorCode::answer_too_large,
                  fmt::format("{} sent more than the {} bytes that one answer may have",
                              request_.url.origin().to_string(), body_bytes_limit()),
                  request_.url.redacted()});
}

bool Transfer::take_body(std::string_view chunk) {
  if (!has_body_begun_ && !start_body()) return false;
  body_bytes_ += chunk.size();
  if (body_bytes_ > body_bytes_limit()) return refuse_body();
  if (goes_to_sink_) {
    const auto taken = request_.sink->write(chunk);
    return taken.has_value() || give_up(taken.error());
  }
  // Of an error, only its beginning says something; but a page of data may be as large as allowed.
  const auto kept_max = is_success(response_.status) ? body_bytes_limit() : k_error_body_bytes_max;
  if (!make_room(std::min(body_bytes_, kept_max))) return false;
  response_.body.append(chunk.substr(0, kept_max - std::min(kept_max, response_.body.size())));
  return true;
}

}  // namespace weir::http
