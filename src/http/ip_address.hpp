// IP addresses of both families in one type, and what kind of network each belongs to. Pure; no resolver, no sockets.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct sockaddr;

namespace weir::http {

// 16 bytes in network order; an IPv4 address is kept as ::ffff:a.b.c.d, so that both spellings are the same address.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  bool is_v4() const;
  std::string to_string() const;
  auto operator<=>(const IpAddress&) const = default;
};

IpAddress ip_v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d);

// A dotted quad or an IPv6 address as in RFC 4291; nullopt for anything else.
std::optional<IpAddress> parse_ip(std::string_view text);

// The address a host of a URL stands for without asking DNS: besides parse_ip also [brackets], a zone after %, a
// trailing dot, and the old IPv4 forms that inet_aton takes (decimal, octal, hexadecimal, one to four parts). nullopt:
// it is a name.
std::optional<IpAddress> parse_literal_host(std::string_view host);

// AF_INET and AF_INET6; nullopt for another family.
std::optional<IpAddress> address_of(const sockaddr& address);

// The kind of network an address belongs to, named for messages ("loopback", "private", ...); nullopt: an ordinary
// public address. Sources: the IANA special-purpose registries (RFC 6890 and its updates), and the addresses where
// clouds serve credentials to machines.
std::optional<std::string_view> special_network(const IpAddress& address);

struct IpNetwork {
  IpAddress address;
  int prefix_bits = 128;  // of 128; an IPv4 /8 is 104

  bool contains(const IpAddress& other) const;
};

// 10.0.0.0/8, fd00::/8, or a single address. nullopt for anything else, and for a prefix longer than the address.
std::optional<IpNetwork> parse_network(std::string_view text);

}  // namespace weir::http
