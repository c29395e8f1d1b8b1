#include "http/proxy.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "http/headers.hpp"
#include "http/ip_address.hpp"

namespace weir::http {
namespace {

// example.com and .example.com stand for the name and everything below it.
bool is_name_within(std::string_view host, std::string_view domain) {
  if (domain.starts_with('.')) domain.remove_prefix(1);
  if (domain.empty() || host.size() < domain.size()) return false;
  if (!equals_ignoring_case(host.substr(host.size() - domain.size()), domain)) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

bool matches(std::string_view entry, const Origin& origin) {
  if (entry == "*") return true;
  if (const auto network = parse_network(entry)) {
    const auto address = parse_literal_host(origin.host);
    return address && network->contains(*address);
  }
  const auto suffix = fmt::format(":{}", origin.port);
  if (entry.ends_with(suffix)) entry.remove_suffix(suffix.size());
  return is_name_within(origin.host, entry);
}

}  // namespace

bool is_exempt_from_proxy(std::string_view no_proxy, const Origin& origin) {
  constexpr std::string_view k_separators = ", \t";
  for (;;) {
    no_proxy.remove_prefix(std::min(no_proxy.find_first_not_of(k_separators), no_proxy.size()));
    if (no_proxy.empty()) return false;
    const auto entry = no_proxy.substr(0, no_proxy.find_first_of(k_separators));
    no_proxy.remove_prefix(entry.size());
    if (matches(entry, origin)) return true;
  }
}

Secret proxy_for(const ProxySettings& settings, const Origin& origin) {
  const auto& proxy = origin.scheme == "https" ? settings.https_proxy : settings.http_proxy;
  if (proxy.empty() || is_exempt_from_proxy(settings.no_proxy, origin)) return {};
  return proxy;
}

Result<> check_proxy(std::string_view name, const Secret& proxy) {
  if (proxy.empty()) return {};
  constexpr std::array<std::string_view, 3> k_schemes{"http://", "https://", "socks5h://"};
  const auto text = proxy.reveal();
  const auto scheme = std::ranges::find_if(k_schemes, [&](auto one) { return text.starts_with(one); });
  const auto authority = scheme == k_schemes.end() ? "" : text.substr(scheme->size());
  const auto host = authority.substr(authority.rfind('@') + 1);
  constexpr std::string_view k_letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]/";
  if (!host.empty() && host.find_first_not_of(k_letters) == std::string_view::npos) return {};
  return fail(ErrorCode::configuration,
              fmt::format("{} is no proxy that Weir can use; write http://host:port, https:// or socks5h://", name));
}

}  // namespace weir::http
