// The shared halves of rate budgets in the database: read together, written together by compare-and-set. No lock is
// held between the two.
#pragma once
#include <compare>
#include <set>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "http/rate_bucket.hpp"
#include "pg/database.hpp"

namespace weir::http {

struct RateKey {
  std::string identity;  // see rate_identity.hpp
  std::string bucket;
  auto operator<=>(const RateKey&) const = default;
};

struct StoredBucket {
  RateKey key;
  std::int64_t version = 0;  // 0: there is no row yet
  RateBucket bucket;
};

struct RateSnapshot {
  Instant now;  // the database's
  std::set<Epoch> alive;
  std::vector<StoredBucket> buckets;
};

enum class Durability {
  relaxed,  // may be lost in a crash of the database server: a reservation lapses anyway
  full,     // a wait told
};

// Calls throw Failure as pg::Database does.
class RateStore {
 public:
  explicit RateStore(pg::Database& database) : database_(database) {}

  Task<Secret> identity_key();
  Task<RateSnapshot> read(std::vector<RateKey> keys, Deadline deadline);
  // The keys that were written; of the others the version is no longer what was read.
  Task<std::set<RateKey>> write(std::vector<StoredBucket> buckets, Durability durability, Deadline deadline);
  // Nothing is given from this bucket for k_hold: one statement that no race can lose.
  Task<> hold(RateKey key, Deadline deadline);
  Task<> delete_unused(int days);

 private:
  pg::Database& database_;
};

}  // namespace weir::http
