#include "http/egress.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

namespace weir::http {
namespace {

TEST(IpAddress, ReadsEverySpellingThatAResolverWould) {
  const auto loopback = ip_v4(127, 0, 0, 1);
  for (const char* text : {"127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7F.1", "0177.0.0.01",
                           "127.0.0.1.", "[::ffff:127.0.0.1]", "::ffff:7f00:1", "[::ffff:127.0.0.1%lo]"})
    EXPECT_EQ(parse_literal_host(text), loopback) << text;
  EXPECT_EQ(parse_literal_host("0"), ip_v4(0, 0, 0, 0));
  EXPECT_EQ(parse_literal_host("0x"), ip_v4(0, 0, 0, 0));
  EXPECT_EQ(parse_literal_host("4294967295"), ip_v4(255, 255, 255, 255));
}

TEST(IpAddress, LeavesNamesToTheResolver) {
  for (const char* text : {"", ".", "example.com", "1.2.3.4.5", "256.1.1.1", "4294967296", "127.0.0.1.example.com",
                           "1..2", "08.1", "-1", "0xg", "fe80", "[]", "[127.0.0.1", "1.2.3.256"})
    EXPECT_FALSE(parse_literal_host(text).has_value()) << text;
  EXPECT_FALSE(parse_ip(std::string_view("127.0.0.1\0x", 11)).has_value());
}

TEST(IpAddress, NamesTheSpecialNetworks) {
  const auto kind = [](const char* text) { return std::string(special_network(parse_ip(text).value()).value_or("")); };
  EXPECT_EQ(kind("0.1.2.3"), "unspecified");
  EXPECT_EQ(kind("10.255.255.255"), "private");
  EXPECT_EQ(kind("100.64.0.1"), "shared (carrier-grade NAT)");
  EXPECT_EQ(kind("100.127.255.255"), "shared (carrier-grade NAT)");
  EXPECT_EQ(kind("127.8.8.8"), "loopback");
  EXPECT_EQ(kind("169.254.1.1"), "link-local");
  EXPECT_EQ(kind("169.254.169.254"), "metadata");
  EXPECT_EQ(kind("168.63.129.16"), "metadata");
  EXPECT_EQ(kind("172.31.0.1"), "private");
  EXPECT_EQ(kind("192.168.1.1"), "private");
  EXPECT_EQ(kind("198.19.255.255"), "benchmarking");
  EXPECT_EQ(kind("224.0.0.251"), "multicast");
  EXPECT_EQ(kind("255.255.255.255"), "reserved");
  EXPECT_EQ(kind("::"), "unspecified");
  EXPECT_EQ(kind("::1"), "loopback");
  EXPECT_EQ(kind("::127.0.0.1"), "unspecified");
  EXPECT_EQ(kind("::ffff:10.0.0.1"), "private");
  EXPECT_EQ(kind("::ffff:0:10.0.0.1"), "translated IPv4");
  EXPECT_EQ(kind("64:ff9b::7f00:1"), "translated IPv4");
  EXPECT_EQ(kind("2001:0:1::1"), "tunnelled or reserved");
  EXPECT_EQ(kind("2002:7f00:1::"), "6to4");
  EXPECT_EQ(kind("fd00:ec2::254"), "metadata");
  EXPECT_EQ(kind("fdff::1"), "private");
  EXPECT_EQ(kind("febf::1"), "link-local");
  EXPECT_EQ(kind("ff02::1"), "multicast");
}

TEST(IpAddress, TakesPublicAddressesForWhatTheyAre) {
  for (const char* text :
       {"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
        "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "223.255.255.255",
        "140.82.121.3", "2606:4700::1111", "2a00:1450::1", "::ffff:1.1.1.1", "64:ff9a::1", "2003::1"})
    EXPECT_FALSE(special_network(parse_ip(text).value()).has_value()) << text;
}

TEST(IpAddress, ReadsSocketAddresses) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(address_of(reinterpret_cast<const sockaddr&>(v4)), ip_v4(127, 0, 0, 1));
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_addr = in6addr_loopback;
  EXPECT_EQ(address_of(reinterpret_cast<const sockaddr&>(v6)), parse_ip("::1"));
  sockaddr other{};
  other.sa_family = AF_UNIX;
  EXPECT_FALSE(address_of(other).has_value());
}

TEST(IpNetwork, ContainsExactlyItsAddresses) {
  const auto network = parse_network("10.32.0.0/11").value();
  EXPECT_TRUE(network.contains(parse_ip("10.63.255.255").value()));
  EXPECT_FALSE(network.contains(parse_ip("10.64.0.0").value()));
  EXPECT_TRUE(network.contains(parse_ip("::ffff:10.40.0.1").value()));
  EXPECT_TRUE(parse_network("0.0.0.0/0")->contains(parse_ip("8.8.8.8").value()));
  EXPECT_FALSE(parse_network("0.0.0.0/0")->contains(parse_ip("2a00::1").value()));
  for (const char* text :
       {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0/8", "fd00::/129"})
    EXPECT_FALSE(parse_network(text).has_value()) << text;
}

TEST(EgressPolicy, RefusesWhatLeadsInside) {
  const EgressPolicy policy;
  for (const char* host : {"127.0.0.1", "0x7f.1", "[::1]", "localhost", "LOCALHOST.", "git.localhost",
                           "169.254.169.254", "10.1.2.3", "[::ffff:192.168.0.1]", "[64:ff9b::a00:1]"}) {
    const auto answer = policy.check_host(host);
    ASSERT_FALSE(answer.has_value()) << host;
    EXPECT_EQ(answer.error().code, ErrorCode::invalid_input);
    EXPECT_TRUE(answer.error().message.contains("WEIR_EGRESS_ALLOW")) << answer.error().message;
  }
  EXPECT_TRUE(policy.check_host("github.com").has_value());
  EXPECT_TRUE(policy.check_host("140.82.121.3").has_value());
  const auto rebound = policy.check_address("evil.example", ip_v4(127, 0, 0, 1));
  ASSERT_FALSE(rebound.has_value());
  EXPECT_TRUE(rebound.error().message.starts_with("evil.example (127.0.0.1) is a loopback address"));
}

TEST(EgressPolicy, AllowsWhatTheOperatorNamed) {
  const auto policy = EgressPolicy::parse("GitLab.corp, 10.20.0.0/16\n127.0.0.1").value();
  EXPECT_TRUE(policy.check_address("gitlab.corp", ip_v4(192, 168, 0, 9)).has_value());
  EXPECT_TRUE(policy.check_address("any.example", ip_v4(10, 20, 3, 4)).has_value());
  EXPECT_TRUE(policy.check_host("localhost").has_value());
  EXPECT_FALSE(policy.check_address("localhost", parse_ip("::1").value()).has_value());
  EXPECT_FALSE(policy.check_address("any.example", ip_v4(10, 21, 3, 4)).has_value());
  EXPECT_FALSE(policy.check_address("sub.gitlab.corp", ip_v4(192, 168, 0, 9)).has_value());
  const auto wider = policy.extended_by("10.21.0.0/16").value();
  EXPECT_TRUE(wider.check_address("any.example", ip_v4(10, 21, 3, 4)).has_value());
}

TEST(EgressPolicy, RefusesWhatItCannotRead) {
  for (const char* allowed : {"10.0.0.0/40", "http://x", "0x7f.1", "a b/c", "host:80"}) {
    const auto policy = EgressPolicy::parse(allowed);
    ASSERT_FALSE(policy.has_value()) << allowed;
    EXPECT_EQ(policy.error().code, ErrorCode::configuration);
  }
}

TEST(EgressPolicy, OfATenantIsTheOperatorsAndItsOwn) {
  const auto operators = EgressPolicy::parse("10.1.0.0/16").value();
  EXPECT_EQ(tenant_egress(operators, "").value(), nullptr);
  const auto policy = tenant_egress(operators, "10.2.0.0/16, git.acme.example").value();
  EXPECT_TRUE(policy->check_host("10.1.2.3"));
  EXPECT_TRUE(policy->check_host("10.2.2.3"));
  EXPECT_FALSE(policy->check_host("10.3.2.3"));
  EXPECT_TRUE(policy->check_address("git.acme.example", ip_v4(10, 9, 9, 9)));
  EXPECT_FALSE(operators.check_host("10.2.2.3")) << "only this tenant";
  EXPECT_EQ(tenant_egress(operators, "10.0.0.0/99").error().message,
            "\"10.0.0.0/99\" is no host name, address or network such as 10.0.0.0/8");
}

}  // namespace
}  // namespace weir::http
