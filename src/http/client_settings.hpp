// What the operator decides about outbound requests.
#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "http/egress.hpp"
#include "http/proxy.hpp"

namespace weir::http {

struct ClientSettings {
  std::string user_agent = "weir";
  EgressPolicy egress;
  ProxySettings proxy;
  std::filesystem::path ca_file;       // trusted authorities in PEM; empty: the system's
  std::filesystem::path ca_directory;  // the same, as a hashed directory
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(10);  // name, connection and TLS together
  std::chrono::milliseconds stall_timeout = std::chrono::seconds(90);    // not one byte in this time
  std::chrono::milliseconds total_timeout = std::chrono::minutes(5);     // of a fetch with its redirects
  std::size_t body_bytes_max = 64U << 20U;
  std::size_t bodies_bytes_max = 256U << 20U;  // of all answers at once, beyond the first k_body_bytes_free of each
  std::size_t header_bytes_max = 64U << 10U;
  int redirects_max = 5;
  int connections_max = 128;          // open at once
  int connections_per_host_max = 16;  // HTTP/2 carries many requests over one
  // Names answered from here instead of DNS, as host:port:address[,address]; tests stand in for a hostile DNS with it.
  std::vector<std::string> resolve;
};

// Reads WEIR_EGRESS_ALLOW, WEIR_REQUEST_TIMEOUT_MS (total_timeout), HTTPS_PROXY, HTTP_PROXY, NO_PROXY (upper or lower
// case), SSL_CERT_FILE and SSL_CERT_DIR. Error configuration: one of them cannot be read or used; the message names it.
using EnvironmentLookup = std::function<const char*(const char* name)>;
Result<ClientSettings> client_settings_from(const EnvironmentLookup& environment);

}  // namespace weir::http
