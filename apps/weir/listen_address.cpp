#include "weir/listen_address.hpp"

#include <charconv>

#include <fmt/format.h>
#include <boost/asio/ip/address.hpp>

#include "weir/table.hpp"

namespace weir::app {
namespace {

std::unexpected<Error> wrong(std::string_view text) {
  return fail(ErrorCode::usage, fmt::format("--listen is '{}': an address and a port such as 127.0.0.1:8420 or "
                                            "[::1]:8420 are wanted",
                                            printable(std::string(text))));
}

}  // namespace

Result<ListenAddress> parse_listen_address(std::string_view text) {
  auto host = std::string_view("127.0.0.1");
  auto port = text;
  if (const auto colon = text.rfind(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  const bool is_bracketed = host.starts_with('[') && host.ends_with(']');
  if (is_bracketed) host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(std::string(host), error);
  if (error || address.is_v6() != is_bracketed) return wrong(text);
  ListenAddress listen{.address = std::string(host), .port = 0, .is_loopback = address.is_loopback()};
  const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), listen.port);
  if (problem != std::errc() || end != port.data() + port.size()) return wrong(text);
  return listen;
}

}  // namespace weir::app
