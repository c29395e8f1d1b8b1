// Just enough of an HTTP/2 server (RFC 9113): it reads no header but counts streams, and answers each with status 200
// and the body "two". It answers when `together` streams are open at once: a client that opens them one by one, or on
// several connections, waits in vain.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "base/asio.hpp"

namespace weir::test {

enum class FrameType : std::uint8_t { data = 0, headers = 1, settings = 4, ping = 6, go_away = 7 };

struct Frame {
  FrameType type{};
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::string payload{};
};
constexpr std::uint8_t k_ack_or_end_stream = 1;
constexpr std::uint8_t k_end_headers = 4;

inline std::string to_bytes(const Frame& frame) {
  std::string bytes;
  for (const int shift : {16, 8, 0}) bytes += static_cast<char>(frame.payload.size() >> shift & 0xff);
  bytes += static_cast<char>(frame.type);
  bytes += static_cast<char>(frame.flags);
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(frame.stream >> shift & 0xff);
  return bytes + frame.payload;
}

template <class Stream>
Task<Frame> read_frame(Stream& stream) {
  std::string head(9, '\0');
  co_await asio::async_read(stream, asio::buffer(head), asio::use_awaitable);
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(head[i])); };
  Frame frame{static_cast<FrameType>(head[3]), static_cast<std::uint8_t>(head[4]),
              byte(5) << 24 | byte(6) << 16 | byte(7) << 8 | byte(8),
              std::string(byte(0) << 16 | byte(1) << 8 | byte(2), '\0')};
  co_await asio::async_read(stream, asio::buffer(frame.payload), asio::use_awaitable);
  co_return frame;
}

inline std::string answers_to(const std::vector<std::uint32_t>& streams) {
  std::string bytes;
  for (const auto stream : streams) {
    bytes += to_bytes({FrameType::headers, k_end_headers, stream, "\x88"});  // :status: 200
    bytes += to_bytes({FrameType::data, k_ack_or_end_stream, stream, "two"});
  }
  return bytes;
}

template <class Stream>
Task<> serve_http2(Stream& stream, std::size_t together, std::function<void()> on_request) {
  std::string preface(24, '\0');
  co_await asio::async_read(stream, asio::buffer(preface), asio::use_awaitable);
  std::string out = to_bytes({FrameType::settings});
  std::vector<std::uint32_t> open;
  for (;;) {
    co_await asio::async_write(stream, asio::buffer(out), asio::use_awaitable);
    out.clear();
    const auto frame = co_await read_frame(stream);
    const bool is_flagged = (frame.flags & k_ack_or_end_stream) != 0;
    if (frame.type == FrameType::go_away) co_return;
    if (frame.type == FrameType::settings && !is_flagged) out = to_bytes({FrameType::settings, k_ack_or_end_stream});
    if (frame.type == FrameType::ping && !is_flagged)
      out = to_bytes({FrameType::ping, k_ack_or_end_stream, 0, frame.payload});
    if ((frame.type != FrameType::headers && frame.type != FrameType::data) || !is_flagged) continue;
    on_request();
    open.push_back(frame.stream);
    // The first request shows the client that this is HTTP/2; the ones after it come together.
    if (frame.stream != 1 && open.size() < together) continue;
    out += answers_to(open);
    open.clear();
  }
}

}  // namespace weir::test
