// A POST that may be sent again: with the same Idempotency-Key and the same request it is done once, and answered the
// same for a day. Only what succeeded is kept; what failed may be tried again, changed or not.
#pragma once
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "base/secret.hpp"
#include "pg/database.hpp"
#include "tenancy/api_key.hpp"

namespace weir::api {

struct IdempotencyKey {
  tenancy::ApiKeyId owner;
  std::optional<TenantId> tenant;  // whom the request is about: what is kept goes with it
  std::string key;
  std::string request_hash;
};

// Of method, target and body, keyed with the caller's secret: what is stored tells nothing about a secret in the body.
std::string hash_request(const Secret& api_key, std::string_view method, std::string_view target,
                         std::string_view body);
// 1 to 200 printable ASCII characters.
Result<> check_idempotency_key(std::string_view key);

struct StoredAnswer {
  int status = 200;
  nlohmann::json body;
};
// nullopt: it is ours to do, and must be ended as below. idempotency_key_reused with another request;
// conflict while the first one is at work (for ten minutes at most: then its process is gone).
Task<Result<std::optional<StoredAnswer>>> begin_once(pg::Database& database, IdempotencyKey key);
// Keeps the answer, or (nullopt: it failed) forgets the request. Tried again for a minute while the database cannot be
// reached; what does not come about is logged and returned.
Task<Result<>> end_once(pg::Database& database, IdempotencyKey key, std::optional<StoredAnswer> answer);

}  // namespace weir::api
