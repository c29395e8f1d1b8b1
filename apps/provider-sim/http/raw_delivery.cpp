#include "provider-sim/http/raw_delivery.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

#include "base/task_group.hpp"

namespace weir::sim {
namespace {

constexpr std::size_t k_chunk = 65'536;
constexpr std::size_t k_drip_pieces = 50;

// The head of a response; without a length the body ends with the connection.
std::string head(const Response& response, bool with_length) {
  std::string text = fmt::format("HTTP/1.1 {} Status\r\n", response.status);
  for (const auto& [name, value] : response.headers) text += fmt::format("{}: {}\r\n", name, value);
  if (with_length) text += fmt::format("Content-Length: {}\r\n", response.body->size());
  return text + "Connection: close\r\n\r\n";
}

// False when the other side is gone.
Task<bool> send(asio::ip::tcp::socket& socket, std::string bytes) {
  boost::system::error_code error;
  co_await asio::async_write(socket, asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
  co_return !error;
}

Task<std::uint64_t> drip(asio::ip::tcp::socket& socket, Response response) {
  const auto step = std::max<std::size_t>(1, response.body->size() / k_drip_pieces);
  bool is_open = co_await send(socket, head(response, true));
  std::uint64_t sent = 0;
  for (; is_open && sent < response.body->size(); sent += step) {
    co_await sleep_for(response.delay / k_drip_pieces);
    is_open = co_await send(socket, response.body->substr(sent, step));
  }
  co_return std::min<std::uint64_t>(sent, response.body->size());
}

// One record whose text has no end.
Task<std::uint64_t> send_endless(asio::ip::tcp::socket& socket, Response response) {
  bool is_open = co_await send(socket, head(response, false) + "[{\"id\":1,\"title\":\"");
  std::uint64_t sent = 0;
  const std::string chunk(k_chunk, 'x');
  for (; is_open && sent < response.endless_bytes; sent += k_chunk) is_open = co_await send(socket, chunk);
  if (is_open) co_await send(socket, "\"}]");
  co_return sent;
}

// Until the client gives up.
Task<> wait_for_end(asio::ip::tcp::socket& socket) {
  std::array<char, 256> ignored{};
  boost::system::error_code error;
  while (!error)
    co_await socket.async_read_some(asio::buffer(ignored), asio::redirect_error(asio::use_awaitable, error));
}

}  // namespace

Task<std::uint64_t> deliver_raw(asio::ip::tcp::socket socket, Response response) {
  std::uint64_t sent = 0;
  boost::system::error_code ignored;
  switch (response.delivery) {
    case Delivery::reset: socket.set_option(asio::socket_base::linger(true, 0), ignored); break;
    case Delivery::hang: co_await wait_for_end(socket); break;
    case Delivery::drip: sent = co_await drip(socket, std::move(response)); break;
    case Delivery::endless: sent = co_await send_endless(socket, std::move(response)); break;
    case Delivery::truncated:
      sent = response.body->size() / 2;
      co_await send(socket, head(response, true) + response.body->substr(0, sent));
      break;
    case Delivery::normal: break;
  }
  socket.close(ignored);
  co_return sent;
}

}  // namespace weir::sim
