// Answers that no HTTP library would send: resets, bodies cut short, single bytes, endless streams, silence. They take
// the socket away from the server.
#pragma once
#include <boost/asio/ip/tcp.hpp>

#include "base/asio.hpp"
#include "provider-sim/base/message.hpp"

namespace weir::sim {

// Sends `response` as its delivery says; the connection ends with it. The bytes that were sent.
Task<std::uint64_t> deliver_raw(asio::ip::tcp::socket socket, Response response);

}  // namespace weir::sim
