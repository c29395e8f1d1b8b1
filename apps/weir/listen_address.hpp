// Where `weir serve` listens.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace weir::app {

struct ListenAddress {
  std::string address;     // an IP address
  std::uint16_t port = 0;  // 0: one that is free
  bool is_loopback = true;
};

// 127.0.0.1:8420, [::1]:8420, or 8420 alone for loopback. usage error for anything else; names are not resolved.
Result<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace weir::app
