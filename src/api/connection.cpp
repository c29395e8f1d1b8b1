#include "api/connection.hpp"

#include <sstream>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http.hpp>

#include <fmt/format.h>

#include "api/problem.hpp"

namespace weir::api {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using Parser = http::request_parser<http::string_body>;

constexpr unsigned k_http_1_1 = 11;
constexpr auto k_linger = std::chrono::seconds(2);
constexpr std::size_t k_linger_bytes_max = std::size_t{8} << 20U;

std::string text_of(boost::core::string_view text) { return {text.data(), text.size()}; }

HttpRequest read(Parser& parser) {
  auto& message = parser.get();
  HttpRequest request{.method = text_of(message.method_string()), .target = text_of(message.target())};
  for (const auto& field : message) request.headers.emplace_back(text_of(field.name_string()), text_of(field.value()));
  request.body = std::move(message.body());
  return request;
}

// nullopt: the client is gone or was too slow, and nobody listens to an answer.
std::optional<Error> refusal_of(const error_code& error) {
  if (error == http::error::body_limit)
    return Error{ErrorCode::request_too_large, "the body of the request is larger than this service takes"};
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return Error{ErrorCode::request_too_large, "path and headers of the request are larger than this service takes"};
  if (error.category() == http::make_error_code(http::error::end_of_stream).category() &&
      error != http::error::end_of_stream && error != http::error::partial_message)
    return Error{ErrorCode::usage, "the request is not valid HTTP/1.1"};
  return std::nullopt;
}

HttpAnswer answer_to(const Error& error) { return problem_answer(error, request_id_of({})); }

std::optional<Error> check_host(const Parser::value_type& message) {
  const auto count = message.count(http::field::host);
  if (count == 1 || (count == 0 && message.version() < k_http_1_1)) return std::nullopt;
  return Error{ErrorCode::usage, "a request of HTTP/1.1 has one Host field"};
}

// Beast reads on without a body when the last coding is one that it does not know: what follows would be taken for
// the next request (RFC 9112, 6.1 and 6.3).
std::optional<Error> check_coding(const Parser::value_type& message) {
  const auto count = message.count(http::field::transfer_encoding);
  if (count == 0) return std::nullopt;
  const bool is_chunked = beast::iequals(message[http::field::transfer_encoding], "chunked");
  if (count == 1 && is_chunked && message.version() == k_http_1_1) return std::nullopt;
  return Error{ErrorCode::usage, "the only Transfer-Encoding that this service takes is chunked, with HTTP/1.1"};
}

// Why no body is waited for; nullopt: all is well.
std::optional<HttpAnswer> refusal_of(const Parser::value_type& message) {
  auto wrong = check_host(message);
  if (!wrong) wrong = check_coding(message);
  if (wrong) return answer_to(*wrong);
  if (message.count(http::field::expect) == 0 || beast::iequals(message[http::field::expect], "100-continue"))
    return std::nullopt;
  constexpr int k_expectation_failed = 417;
  const Error error{ErrorCode::usage, "the only Expect that this service knows is 100-continue"};
  auto answer = answer_to(error);
  answer.status = k_expectation_failed;
  answer.body = dump(problem_document(error, request_id_of({}), {{"status", k_expectation_failed}}));
  return answer;
}

std::string head_of(const http::response_header<>& head) {
  std::ostringstream text;
  text << head;
  return text.str();
}

template <class Response>
void put_headers(Response& response, const HttpAnswer& answer) {
  for (const auto& [name, value] : answer.headers) response.set(name, value);
  response.set("X-Content-Type-Options", "nosniff");
  if (answer.status != 204) response.set(http::field::content_type, answer.content_type);
}

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, const ServerSettings& settings, Door& door)
    : settings_(settings),
      door_(door),
      stream_(std::move(socket)),
      buffer_(settings.header_bytes_max + settings.body_bytes_max),
      finishing_(stream_.get_executor()) {}

std::optional<Connection::Clock::time_point> Connection::idle_since() const {
  return is_finishing_ ? std::nullopt : idle_since_;
}

void Connection::finish() {
  is_finishing_ = true;
  finishing_.notify();
  if (idle_since_) cut();
}

void Connection::cut() {
  is_finishing_ = true;
  finishing_.notify();
  stream_.close();
}

Task<> Connection::serve() {
  while (!is_finishing_) {
    idle_since_ = Clock::now();
    const bool has_more = co_await wait_for_request();
    idle_since_.reset();
    if (!has_more) break;
    Head head;
    auto request = co_await read_request(head);
    if (!request) break;
    auto answer = co_await door_.handle(std::move(*request));
    if (answer.events && !head.is_head) {
      co_await stream_events(std::move(answer));
      break;
    }
    head.keeps_alive = head.keeps_alive && !is_finishing_;
    const bool is_written = co_await write(std::move(answer), head);
    if (!is_written || !head.keeps_alive) break;
  }
  stream_.close();
}

Task<bool> Connection::wait_for_request() {
  if (buffer_.size() > 0) co_return true;
  constexpr std::size_t k_first_bytes = 4096;
  error_code error;
  stream_.expires_after(settings_.idle_timeout);
  const auto got = co_await stream_.async_read_some(buffer_.prepare(k_first_bytes),
                                                    asio::redirect_error(asio::use_awaitable, error));
  buffer_.commit(got);
  co_return !error;
}

Task<std::optional<HttpRequest>> Connection::read_request(Head& head) {
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(settings_.header_bytes_max));
  parser.body_limit(settings_.body_bytes_max);
  error_code error;
  stream_.expires_after(settings_.header_timeout);
  co_await http::async_read_header(stream_, buffer_, parser, asio::redirect_error(asio::use_awaitable, error));
  if (!error) {
    if (auto refusal = refusal_of(parser.get())) {
      co_await refuse(std::move(*refusal));
      co_return std::nullopt;
    }
    if (parser.get().count(http::field::expect) > 0) co_await write_text("HTTP/1.1 100 Continue\r\n\r\n");
  }
  if (!error) {
    stream_.expires_after(settings_.body_timeout);
    co_await http::async_read(stream_, buffer_, parser, asio::redirect_error(asio::use_awaitable, error));
  }
  if (!error) {
    head = {.keeps_alive = parser.keep_alive(), .is_head = parser.get().method() == http::verb::head};
    co_return read(parser);
  }
  if (const auto refusal = refusal_of(error)) co_await refuse(answer_to(*refusal));
  co_return std::nullopt;
}

// Says why, and reads on for a moment: a client that is still sending would never see the answer otherwise.
Task<> Connection::refuse(HttpAnswer answer) {
  const bool is_written = co_await write(std::move(answer), {});
  if (is_written) co_await linger();
}

Task<> Connection::linger() {
  error_code error;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, error);
  buffer_.consume(buffer_.size());
  constexpr std::size_t k_chunk = 65536;
  stream_.expires_after(k_linger);
  for (std::size_t read = 0; !error && read < k_linger_bytes_max;)
    read +=
        co_await stream_.async_read_some(buffer_.prepare(k_chunk), asio::redirect_error(asio::use_awaitable, error));
}

Task<bool> Connection::write(HttpAnswer answer, Head head) {
  http::response<http::string_body> response(static_cast<http::status>(answer.status), k_http_1_1);
  put_headers(response, answer);
  response.keep_alive(head.keeps_alive);
  const auto size = answer.body.size();
  if (!head.is_head) response.body() = std::move(answer.body);
  response.prepare_payload();
  if (head.is_head) response.content_length(size);
  error_code error;
  http::response_serializer<http::string_body> serializer(response);
  stream_.expires_after(settings_.write_timeout);
  if (head.is_head)
    co_await http::async_write_header(stream_, serializer, asio::redirect_error(asio::use_awaitable, error));
  else
    co_await http::async_write(stream_, serializer, asio::redirect_error(asio::use_awaitable, error));
  co_return !error;
}

Task<bool> Connection::write_text(std::string text) {
  error_code error;
  stream_.expires_after(settings_.write_timeout);
  co_await asio::async_write(stream_, asio::buffer(text), asio::redirect_error(asio::use_awaitable, error));
  ping_at_ = Deadline::in(settings_.ping_interval);
  co_return !error && !is_finishing_;
}

Task<> Connection::stream_events(HttpAnswer answer) {
  answer.content_type = "text/event-stream";
  http::response<http::empty_body> response(http::status::ok, k_http_1_1);
  put_headers(response, answer);
  response.keep_alive(false);
  const bool is_open = co_await write_text(head_of(response.base()));
  if (!is_open) co_return;
  std::optional<Error> failed;
  try {
    co_await answer.events(*this);
  } catch (...) {
    failed = current_error();
  }
  if (!failed) co_return;
  const auto id = std::ranges::find(answer.headers, "X-Request-Id", &Headers::value_type::first)->second;
  log_fault(id, "an event stream", *failed);
  co_await send({.name = "problem", .data = dump(problem_document(*failed, id))});
}

Task<bool> Connection::send(Event event) {
  std::string text;
  if (!event.id.empty()) text += fmt::format("id: {}\n", event.id);
  if (!event.name.empty()) text += fmt::format("event: {}\n", event.name);
  text += fmt::format("data: {}\n\n", event.data);
  const bool is_open = co_await write_text(std::move(text));
  co_return is_open;
}

Task<bool> Connection::pause(std::chrono::milliseconds duration) {
  if (!is_finishing_) co_await finishing_.wait(Deadline::in(duration));
  if (is_finishing_) co_return false;
  if (!ping_at_.is_over()) co_return true;
  const bool is_open = co_await write_text(":\n\n");
  co_return is_open;
}

}  // namespace weir::api
