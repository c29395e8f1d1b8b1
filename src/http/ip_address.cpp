#include "http/ip_address.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace weir::http {
namespace {

constexpr std::array<std::uint8_t, 12> k_v4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

IpAddress from_v4(const std::uint8_t* bytes) {
  IpAddress address;
  std::ranges::copy(k_v4_prefix, address.bytes.begin());
  std::copy_n(bytes, 4, address.bytes.begin() + 12);
  return address;
}

struct SpecialNetwork {
  std::string_view network;
  std::string_view kind;
};

// The first match names it, so the narrower come first.
constexpr std::array k_special{
    SpecialNetwork{"169.254.169.254", "metadata"},
    SpecialNetwork{"169.254.170.2", "metadata"},
    SpecialNetwork{"100.100.100.200", "metadata"},
    SpecialNetwork{"168.63.129.16", "metadata"},
    SpecialNetwork{"fd00:ec2::254", "metadata"},
    SpecialNetwork{"0.0.0.0/8", "unspecified"},
    SpecialNetwork{"10.0.0.0/8", "private"},
    SpecialNetwork{"100.64.0.0/10", "shared (carrier-grade NAT)"},
    SpecialNetwork{"127.0.0.0/8", "loopback"},
    SpecialNetwork{"169.254.0.0/16", "link-local"},
    SpecialNetwork{"172.16.0.0/12", "private"},
    SpecialNetwork{"192.0.0.0/24", "reserved"},
    SpecialNetwork{"192.0.2.0/24", "documentation"},
    SpecialNetwork{"192.88.99.0/24", "reserved"},
    SpecialNetwork{"192.168.0.0/16", "private"},
    SpecialNetwork{"198.18.0.0/15", "benchmarking"},
    SpecialNetwork{"198.51.100.0/24", "documentation"},
    SpecialNetwork{"203.0.113.0/24", "documentation"},
    SpecialNetwork{"224.0.0.0/4", "multicast"},
    SpecialNetwork{"240.0.0.0/4", "reserved"},
    SpecialNetwork{"::1", "loopback"},
    SpecialNetwork{"::/96", "unspecified"},
    SpecialNetwork{"::ffff:0:0:0/96", "translated IPv4"},
    SpecialNetwork{"64:ff9b::/96", "translated IPv4"},
    SpecialNetwork{"64:ff9b:1::/48", "translated IPv4"},
    SpecialNetwork{"100::/64", "reserved"},
    SpecialNetwork{"2001::/23", "tunnelled or reserved"},
    SpecialNetwork{"2001:db8::/32", "documentation"},
    SpecialNetwork{"2002::/16", "6to4"},
    SpecialNetwork{"3fff::/20", "documentation"},
    SpecialNetwork{"5f00::/16", "reserved"},
    SpecialNetwork{"fc00::/7", "private"},
    SpecialNetwork{"fe80::/10", "link-local"},
    SpecialNetwork{"fec0::/10", "private"},
    SpecialNetwork{"ff00::/8", "multicast"},
};

struct ParsedNetwork {
  IpNetwork network;
  std::string_view kind;
};

const std::vector<ParsedNetwork>& special_networks() {
  static const std::vector<ParsedNetwork> parsed = [] {
    std::vector<ParsedNetwork> list;
    list.reserve(k_special.size());
    for (const auto& row : k_special) list.push_back({parse_network(row.network).value(), row.kind});
    return list;
  }();
  return parsed;
}

// One part of an inet_aton address: decimal, 0octal or 0xhexadecimal.
std::optional<std::uint64_t> parse_aton_part(std::string_view part) {
  int base = 10;
  if (part.size() > 1 && part[0] == '0') {
    const bool is_hex = part[1] == 'x' || part[1] == 'X';
    base = is_hex ? 16 : 8;
    part.remove_prefix(is_hex ? 2 : 1);
    if (part.empty()) return 0;  // glibc reads a bare 0x as 0
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value, base);
  if (error != std::errc{} || end != part.data() + part.size()) return std::nullopt;
  return value;
}

std::optional<IpAddress> parse_aton(std::string_view text) {
  std::vector<std::uint64_t> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find('.', begin), text.size());
    const auto part = parse_aton_part(text.substr(begin, end - begin));
    if (!part || parts.size() == 4) return std::nullopt;
    parts.push_back(*part);
    begin = end + 1;
  }
  // The last part fills all the bytes that are left: 127.1 is 127.0.0.1.
  std::uint64_t value = 0;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    if (parts[i] > 255) return std::nullopt;
    value |= parts[i] << (24 - 8 * i);
  }
  const auto last_bits = 8 * (5 - parts.size());
  if (parts.back() >> last_bits != 0) return std::nullopt;
  value |= parts.back();
  const auto byte = [value](int shift) { return static_cast<std::uint8_t>(value >> shift); };
  return ip_v4(byte(24), byte(16), byte(8), byte(0));
}

}  // namespace

bool IpAddress::is_v4() const { return std::equal(k_v4_prefix.begin(), k_v4_prefix.end(), bytes.begin()); }

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes.data() + (is_v4() ? 12 : 0), text.data(), text.size());
  return text.data();
}

IpAddress ip_v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  const std::array bytes{a, b, c, d};
  return from_v4(bytes.data());
}

std::optional<IpAddress> parse_ip(std::string_view text) {
  const std::string copy(text);
  if (copy.find('\0') != std::string::npos) return std::nullopt;
  std::array<std::uint8_t, 4> v4{};
  if (inet_pton(AF_INET, copy.c_str(), v4.data()) == 1) return from_v4(v4.data());
  IpAddress address;
  if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::optional<IpAddress> parse_literal_host(std::string_view host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    return parse_ip(host.substr(0, host.find('%')));
  }
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.contains(':')) return parse_ip(host.substr(0, host.find('%')));
  // 0177.0.0.1 is octal for a resolver and decimal for nobody: the old rules come first.
  return parse_aton(host);
}

std::optional<IpAddress> address_of(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    return from_v4(reinterpret_cast<const std::uint8_t*>(&v4.sin_addr));
  }
  if (address.sa_family != AF_INET6) return std::nullopt;
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  IpAddress result;
  std::copy_n(reinterpret_cast<const std::uint8_t*>(&v6.sin6_addr), 16, result.bytes.begin());
  return result;
}

std::optional<std::string_view> special_network(const IpAddress& address) {
  for (const auto& row : special_networks())
    if (row.network.contains(address)) return row.kind;
  return std::nullopt;
}

bool IpNetwork::contains(const IpAddress& other) const {
  for (int bit = 0; bit < prefix_bits; bit += 8) {
    const auto byte = static_cast<std::size_t>(bit / 8);
    const int bits = std::min(8, prefix_bits - bit);
    const auto mask = static_cast<std::uint8_t>(0xff00 >> bits);
    if (((address.bytes[byte] ^ other.bytes[byte]) & mask) != 0) return false;
  }
  return true;
}

std::optional<IpNetwork> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_ip(text.substr(0, slash));
  if (!address) return std::nullopt;
  if (slash == std::string_view::npos) return IpNetwork{*address, 128};
  // ::ffff:10.0.0.0/104 counts all 128 bits, 10.0.0.0/8 those of IPv4.
  const int bits_max = text.contains(':') ? 128 : 32;
  const auto number = text.substr(slash + 1);
  int bits = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), bits);
  if (number.empty() || error != std::errc{} || end != number.data() + number.size()) return std::nullopt;
  if (bits < 0 || bits > bits_max) return std::nullopt;
  return IpNetwork{*address, bits + 128 - bits_max};
}

}  // namespace weir::http
