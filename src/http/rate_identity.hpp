// Whose budget a request uses: the provider's host and who the credential belongs to there. Kept and compared only as a
// keyed hash, 64 hexadecimal digits.
#pragma once
#include <string>
#include <string_view>

#include "base/secret.hpp"
#include "http/url.hpp"

namespace weir::http {

// Once the account is known, or the user name of basic authentication (never its password): several tokens of one
// person share one budget. `account`: "user:42", "installation:7".
std::string rate_identity_of_account(const Secret& key, const Origin& origin, std::string_view account);

// Until then: the token itself.
std::string rate_identity_of_token(const Secret& key, const Origin& origin, const Secret& token);

// Requests without credentials are limited by our own address.
std::string rate_identity_anonymous(const Secret& key, const Origin& origin);

}  // namespace weir::http
