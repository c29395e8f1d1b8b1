// The state of a bucket as JSON: short keys, since it is written often.
#include <nlohmann/json.hpp>

#include "http/rate_bucket.hpp"

namespace weir::http {
namespace {

using nlohmann::json;

std::int64_t micros(Instant instant) { return instant.time_since_epoch().count(); }
Instant instant_of(const json& value) { return Instant(Duration(value.get<std::int64_t>())); }

TenantId tenant_of(const json& value) {
  const auto id = Uuid::parse(value.get<std::string>());
  return id ? TenantId(*id) : TenantId();
}

json holder_to_json(const RateHolder& holder) {
  return {{"e", holder.epoch.value()},
          {"t", to_string(holder.client.tenant)},
          {"m", holder.client.priority == RatePriority::manual},
          {"s", holder.slots},
          {"u", holder.units},
          {"ws", holder.slots_wanted},
          {"wu", holder.units_wanted},
          {"at", micros(holder.reported_at)},
          {"sat", micros(holder.served_at)}};
}

RateHolder holder_from_json(const json& value) {
  RateHolder holder;
  holder.epoch = Epoch(value.at("e").get<std::int64_t>());
  holder.client.tenant = tenant_of(value.at("t"));
  holder.client.priority = value.at("m").get<bool>() ? RatePriority::manual : RatePriority::scheduled;
  value.at("s").get_to(holder.slots);
  value.at("u").get_to(holder.units);
  value.at("ws").get_to(holder.slots_wanted);
  value.at("wu").get_to(holder.units_wanted);
  holder.reported_at = instant_of(value.at("at"));
  holder.served_at = instant_of(value.at("sat"));
  return holder;
}

}  // namespace

json state_to_json(const RateBucket& bucket) {
  auto holders = json::array();
  auto shares = json::array();
  for (const auto& holder : bucket.holders) holders.push_back(holder_to_json(holder));
  for (const auto& share : bucket.shares) shares.push_back({{"t", to_string(share.tenant)}, {"n", share.used}});
  return {{"holders", std::move(holders)}, {"shares", std::move(shares)}};
}

void state_from_json(const json& value, RateBucket& bucket) {
  bucket.holders.clear();
  bucket.shares.clear();
  try {
    for (const auto& holder : value.at("holders")) bucket.holders.push_back(holder_from_json(holder));
    for (const auto& share : value.at("shares"))
      bucket.shares.push_back({tenant_of(share.at("t")), share.at("n").get<std::int64_t>()});
  } catch (const json::exception&) {
    bucket.holders.clear();
    bucket.shares.clear();
  }
}

}  // namespace weir::http
