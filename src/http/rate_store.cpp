#include "http/rate_store.hpp"

#include <nlohmann/json.hpp>

#include "http/sql.hpp"

namespace weir::http {
namespace {

using nlohmann::json;

template <class T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}
json or_null(const std::optional<Instant>& value) { return value ? json(format_rfc3339(*value)) : json(nullptr); }

json row_of(const StoredBucket& stored) {
  const auto& bucket = stored.bucket;
  return {{"identity", stored.key.identity},
          {"bucket", stored.key.bucket},
          {"version", stored.version},
          {"limit_units", or_null(bucket.limit)},
          {"remaining", or_null(bucket.remaining)},
          {"refill", or_null(bucket.refill)},
          {"reset_at", or_null(bucket.reset_at)},
          {"wait_until", or_null(bucket.wait_until)},
          {"hold_until", or_null(bucket.hold_until)},
          {"wait_reason", bucket.wait_reason},
          {"strikes", bucket.strikes},
          {"state", state_to_json(bucket)}};
}

StoredBucket bucket_of(const pg::Row& row) {
  StoredBucket stored;
  stored.key = {row.get<std::string>("identity"), row.get<std::string>("bucket")};
  stored.version = row.get<std::int64_t>("version");
  auto& bucket = stored.bucket;
  bucket.limit = row.get<std::optional<std::int64_t>>("limit_units");
  bucket.remaining = row.get<std::optional<std::int64_t>>("remaining");
  bucket.refill = row.get<std::optional<std::int64_t>>("refill");
  bucket.reset_at = row.get<std::optional<Instant>>("reset_at");
  bucket.wait_until = row.get<std::optional<Instant>>("wait_until");
  bucket.hold_until = row.get<std::optional<Instant>>("hold_until");
  bucket.wait_reason = row.get<std::string>("wait_reason");
  bucket.strikes = row.get<int>("strikes");
  if (!row.is_null("state")) state_from_json(row.get<json>("state"), bucket);
  return stored;
}

}  // namespace

Task<Secret> RateStore::identity_key() {
  const auto rows = co_await database_.query(pg::Scope::control(), sql::find_rate_identity_key);
  co_return Secret(rows.one().get<pg::Bytes>("key").value);
}

Task<RateSnapshot> RateStore::read(std::vector<RateKey> keys, Deadline deadline) {
  auto wanted = json::array();
  for (const auto& key : keys) wanted.push_back({{"identity", key.identity}, {"bucket", key.bucket}});
  const auto rows =
      co_await database_.query(pg::Scope::control(), sql::read_rate_budgets, pg::Params(wanted), deadline);
  RateSnapshot snapshot;
  for (const auto row : rows) snapshot.buckets.push_back(bucket_of(row));
  if (rows.empty()) co_return snapshot;
  snapshot.now = rows[0].get<Instant>("now");
  for (const auto& epoch : rows[0].get<json>("alive")) snapshot.alive.insert(Epoch(epoch.get<std::int64_t>()));
  co_return snapshot;
}

Task<std::set<RateKey>> RateStore::write(std::vector<StoredBucket> buckets, Durability durability, Deadline deadline) {
  auto wanted = json::array();
  for (const auto& stored : buckets) wanted.push_back(row_of(stored));
  std::vector<pg::Command> commands;
  if (durability == Durability::relaxed) commands.push_back({sql::relax_commit, {}});
  commands.push_back({sql::write_rate_budgets, pg::Params(wanted)});
  const auto answers = co_await database_.batch(pg::Scope::control(), std::move(commands), deadline);
  std::set<RateKey> written;
  for (const auto row : answers.back())
    written.insert({row.get<std::string>("identity"), row.get<std::string>("bucket")});
  co_return written;
}

Task<> RateStore::hold(RateKey key, Deadline deadline) {
  constexpr auto k_seconds = std::chrono::duration_cast<std::chrono::seconds>(k_hold).count();
  co_await database_.query(pg::Scope::control(), sql::hold_rate_budget, pg::Params(key.identity, key.bucket, k_seconds),
                           deadline);
}

Task<> RateStore::delete_unused(int days) {
  co_await database_.query(pg::Scope::control(), sql::delete_unused_rate_budgets, pg::Params(days));
}

}  // namespace weir::http
