#include "http/egress.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace weir::http {
namespace {

std::string normalised(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  std::string lower(host);
  for (auto& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

bool is_host_name(std::string_view text) {
  constexpr std::string_view k_letters = "abcdefghijklmnopqrstuvwxyz0123456789-._";
  return !text.empty() && text.size() <= 253 && text.find_first_not_of(k_letters) == std::string_view::npos;
}

std::unexpected<Error> refuse(std::string_view what, std::string_view kind) {
  return fail(ErrorCode::invalid_input,
              fmt::format("{} is a {} address, and Weir does not connect to those for a tenant; if it is meant, the "
                          "operator allows it with WEIR_EGRESS_ALLOW (hosts, addresses or networks), or to one tenant "
                          "with weir tenant set --egress-allow",
                          what, kind));
}

}  // namespace

Result<EgressPolicy> EgressPolicy::parse(std::string_view allowed) {
  auto policy = EgressPolicy{}.extended_by(allowed);
  if (!policy) return fail(policy.error().code, "WEIR_EGRESS_ALLOW: " + policy.error().message);
  return policy;
}

Result<EgressPolicy> EgressPolicy::extended_by(std::string_view allowed) const {
  constexpr std::string_view k_separators = ", \t\r\n";
  EgressPolicy policy = *this;
  for (;;) {
    allowed.remove_prefix(std::min(allowed.find_first_not_of(k_separators), allowed.size()));
    if (allowed.empty()) return policy;
    const auto entry = allowed.substr(0, allowed.find_first_of(k_separators));
    allowed.remove_prefix(entry.size());
    if (const auto network = parse_network(entry)) {
      policy.networks_.push_back(*network);
    } else if (auto name = normalised(entry); is_host_name(name) && !parse_literal_host(name)) {
      policy.hosts_.insert(std::move(name));
    } else {
      return fail(ErrorCode::configuration,
                  fmt::format("\"{}\" is no host name, address or network such as 10.0.0.0/8", entry));
    }
  }
}

Result<> EgressPolicy::check_host(std::string_view host) const {
  if (is_allowed(host)) return {};
  if (const auto address = parse_literal_host(host)) return check_address(host, *address);
  const auto name = normalised(host);
  // The name is allowed where the address is: whoever allowed 127.0.0.1 meant localhost too.
  if (name != "localhost" && !name.ends_with(".localhost")) return {};
  if (is_allowed(ip_v4(127, 0, 0, 1))) return {};
  return refuse(host, "loopback");
}

Result<> EgressPolicy::check_address(std::string_view host, const IpAddress& address) const {
  const auto kind = special_network(address);
  if (!kind || is_allowed(host) || is_allowed(address)) return {};
  const auto text = address.to_string();
  return refuse(host == text ? text : fmt::format("{} ({})", host, text), *kind);
}

bool EgressPolicy::is_allowed(std::string_view host) const { return hosts_.contains(normalised(host)); }

bool EgressPolicy::is_allowed(const IpAddress& address) const {
  return std::ranges::any_of(networks_, [&](const IpNetwork& network) { return network.contains(address); });
}

Result<std::shared_ptr<const EgressPolicy>> tenant_egress(const EgressPolicy& operators, std::string_view allowed) {
  if (allowed.empty()) return nullptr;
  auto policy = operators.extended_by(allowed);
  if (!policy) return std::unexpected(policy.error());
  return std::make_shared<const EgressPolicy>(std::move(*policy));
}

}  // namespace weir::http
