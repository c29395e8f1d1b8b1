// The operator's proxy, as the usual environment variables name it.
#pragma once
#include <string>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "http/url.hpp"

namespace weir::http {

struct ProxySettings {
  Secret https_proxy;    // http://user:password@proxy.corp:3128; empty: connect directly
  Secret http_proxy;     // the same for http:// URLs
  std::string no_proxy;  // names (example.com means its subdomains too), addresses, networks, host:port, or *
};

// The proxy for requests to `origin`; empty: none.
Secret proxy_for(const ProxySettings& settings, const Origin& origin);

// Whether `no_proxy` exempts the origin.
bool is_exempt_from_proxy(std::string_view no_proxy, const Origin& origin);

// Refuses what is no http, https or socks5h URL of a proxy; `name` is the variable it came from. Shows no password.
Result<> check_proxy(std::string_view name, const Secret& proxy);

}  // namespace weir::http
