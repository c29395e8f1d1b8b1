// What proves who asks, as a provider's file declares it. Secrets are read from the data source's environment when the
// run begins and live with it.
#pragma once
#include <memory>
#include <string>

#include "http/budgeted_client.hpp"
#include "plugin/declarative/minted_tokens.hpp"
#include "plugin/declarative/plan.hpp"
#include "tenancy/environment.hpp"

namespace weir::plugin::declarative {

struct PreparedCredentials {
  std::unique_ptr<http::Credentials> credentials;
  std::string rate_identity;  // whose budget they use
};

// Whose credentials they are: tokens are shared by its runs. What a token costs is asked for on behalf of `client`.
struct TokenOwner {
  std::string name;
  http::RateClient client;
};

// The first way whose `when` holds, or none at all. needs_credentials: one of its settings is empty.
// `outbound`, `base` and `tokens` outlive what is made. Requests for tokens are within the budget of the App, or of the
// client, at the place that gives them.
Result<PreparedCredentials> prepare_credentials(const ServicePlan& service, const tenancy::Environment& environment,
                                                const http::Outbound& outbound, const http::Url& base,
                                                MintedTokens& tokens, TokenOwner owner);

// A token for an App of GitHub to ask for an installation's: a JWT signed with RS256, good for some minutes.
// needs_credentials: the key is not an RSA key in PEM.
Result<Secret> make_app_token(const std::string& app_id, const Secret& private_key, Instant now);

}  // namespace weir::plugin::declarative
