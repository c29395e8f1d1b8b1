// The egress guard. Tenants choose the URLs that Weir calls, so a URL must not lead into the operator's own network:
// loopback, link-local, private, metadata and other special addresses are refused unless the operator allows them
// (WEIR_EGRESS_ALLOW), or allows them to one tenant.
//
// What it can promise depends on who asks. Whoever opens a socket calls check_address() with the address it is about to
// connect to, after the name was resolved and on every redirect; then no trick of DNS leads inside. check_host() alone
// only gives the early, clear answer for what is visible in the URL.
#pragma once
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "http/ip_address.hpp"

namespace weir::http {

class EgressPolicy {
 public:
  // Nothing special is allowed.
  EgressPolicy() = default;
  // `allowed`: host names, addresses and networks, separated by commas or white space:
  // "gitlab.corp.example, 10.20.0.0/16, fd00::/8". A name allows whatever it resolves to.
  static Result<EgressPolicy> parse(std::string_view allowed);

  // This policy and, besides, what `allowed` lists (a tenant's own allowance).
  Result<EgressPolicy> extended_by(std::string_view allowed) const;

  // The host as it stands in a URL: refuses literal addresses (in every spelling) and the names of this machine.
  Result<> check_host(std::string_view host) const;
  // The address that `host` led to.
  Result<> check_address(std::string_view host, const IpAddress& address) const;

 private:
  bool is_allowed(std::string_view host) const;
  bool is_allowed(const IpAddress& address) const;

  std::set<std::string> hosts_;  // lower case, no trailing dot
  std::vector<IpNetwork> networks_;
};

// The policy of a tenant with an allowance of its own; nullptr without one: the operator's holds.
Result<std::shared_ptr<const EgressPolicy>> tenant_egress(const EgressPolicy& operators, std::string_view allowed);

}  // namespace weir::http
