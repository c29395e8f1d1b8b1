#include "weir/listen_address.hpp"

#include <gtest/gtest.h>

namespace weir::app {
namespace {

TEST(ListenAddress, AddressAndPort) {
  const auto local = parse_listen_address("127.0.0.1:8420").value();
  EXPECT_EQ(local.address, "127.0.0.1");
  EXPECT_EQ(local.port, 8420);
  EXPECT_TRUE(local.is_loopback);
  const auto everywhere = parse_listen_address("0.0.0.0:80").value();
  EXPECT_FALSE(everywhere.is_loopback);
  const auto six = parse_listen_address("[::1]:0").value();
  EXPECT_EQ(six.address, "::1");
  EXPECT_EQ(six.port, 0);
  EXPECT_TRUE(six.is_loopback);
}

TEST(ListenAddress, APortAloneIsLoopback) {
  const auto listen = parse_listen_address("9000").value();
  EXPECT_EQ(listen.address, "127.0.0.1");
  EXPECT_EQ(listen.port, 9000);
}

TEST(ListenAddress, RefusesTheRest) {
  for (const auto* text : {"", ":", ":80", "localhost:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
                           "127.0.0.1:80x", "::1:80", "[127.0.0.1]:80", "[::1]", "[]:80", "256.0.0.1:80"}) {
    const auto parsed = parse_listen_address(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::usage);
    EXPECT_TRUE(parsed.error().message.contains("127.0.0.1:8420"));
  }
}

}  // namespace
}  // namespace weir::app
