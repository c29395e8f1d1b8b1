// Who may pass: the key, the tenant of the path, the scope. In this order, so that a tenant's key learns nothing of
// other tenants: whatever is theirs is not there.
#pragma once
#include <string>

#include "api/request.hpp"
#include "api/route.hpp"

namespace weir::api {

// Fills in the key, the user and the tenant. `tenant` is what the path says, empty when it names none. unauthenticated,
// not_found, forbidden; usage when X-User-ID is no plain text of at most 200 bytes.
Task<Result<Request>> admit(pg::Database& database, const Route& route, HttpRequest raw, std::string tenant,
                            Request request);

}  // namespace weir::api
