#include "http/client_settings.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>

#include <fmt/format.h>

namespace weir::http {
namespace {

std::string value_of(const EnvironmentLookup& environment, const char* name) {
  const char* value = environment(name);
  return value == nullptr ? "" : value;
}

std::string either_case(const EnvironmentLookup& environment, std::string name) {
  auto value = value_of(environment, name.c_str());
  if (!value.empty()) return value;
  for (auto& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return value_of(environment, name.c_str());
}

Result<> check_readable(const char* name, const std::filesystem::path& path) {
  std::error_code unreadable;
  if (path.empty() || std::filesystem::is_directory(path, unreadable)) return {};
  if (std::ifstream(path).good()) return {};
  return fail(ErrorCode::configuration, fmt::format("{} names {}, which cannot be read", name, path.string()));
}

Result<> read_timeout(const EnvironmentLookup& environment, const char* name, std::chrono::milliseconds& timeout) {
  const auto text = value_of(environment, name);
  if (text.empty()) return {};
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size() || value < 100 || value > 3'600'000)
    return fail(ErrorCode::configuration, fmt::format("{} must be a number from 100 to 3600000", name));
  timeout = std::chrono::milliseconds(value);
  return {};
}

}  // namespace

Result<ClientSettings> client_settings_from(const EnvironmentLookup& environment) {
  ClientSettings settings;
  auto egress = EgressPolicy::parse(value_of(environment, "WEIR_EGRESS_ALLOW"));
  if (!egress) return std::unexpected(egress.error());
  settings.egress = std::move(*egress);
  settings.proxy.https_proxy = Secret(either_case(environment, "HTTPS_PROXY"));
  settings.proxy.http_proxy = Secret(either_case(environment, "HTTP_PROXY"));
  settings.proxy.no_proxy = either_case(environment, "NO_PROXY");
  settings.ca_file = value_of(environment, "SSL_CERT_FILE");
  settings.ca_directory = value_of(environment, "SSL_CERT_DIR");
  for (const auto& checked :
       {check_proxy("HTTPS_PROXY", settings.proxy.https_proxy), check_proxy("HTTP_PROXY", settings.proxy.http_proxy),
        check_readable("SSL_CERT_FILE", settings.ca_file), check_readable("SSL_CERT_DIR", settings.ca_directory),
        read_timeout(environment, "WEIR_REQUEST_TIMEOUT_MS", settings.total_timeout)})
    if (!checked) return std::unexpected(checked.error());
  return settings;
}

}  // namespace weir::http
