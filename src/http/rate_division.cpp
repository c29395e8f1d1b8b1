#include "http/rate_division.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "http/fair_share.hpp"

namespace weir::http {
namespace {

constexpr std::int64_t k_manual_first = std::int64_t{1} << 60;

struct Member {
  std::size_t holder;  // its index
  Claim claim;
};

class Division {
 public:
  Division(std::int64_t capacity, std::size_t holders) : capacity_(capacity), given_(holders, 0) {}

  void add(TenantId tenant, Member member) {
    auto& group = groups_[tenant];
    group.claim.used = member.claim.used;
    group.claim.wanted += member.claim.wanted;
    group.claim.rank = group.members.empty() ? member.claim.rank : std::min(group.claim.rank, member.claim.rank);
    group.members.push_back(member);
  }

  const std::vector<std::int64_t>& divide() {
    std::vector<Claim> claims;
    for (const auto& [_, group] : groups_) claims.push_back(group.claim);
    const auto shares = divide_fairly(capacity_, claims);
    std::size_t next = 0;
    for (const auto& [_, group] : groups_) divide_within(group.members, shares[next++]);
    return given_;
  }

 private:
  struct Group {
    Claim claim;
    std::vector<Member> members;
  };

  void divide_within(const std::vector<Member>& members, std::int64_t share) {
    std::vector<Claim> claims;
    for (const auto& member : members) claims.push_back({member.claim.wanted, 0, member.claim.rank});
    const auto parts = divide_fairly(share, claims);
    for (std::size_t i = 0; i < members.size(); ++i) given_[members[i].holder] = parts[i];
  }

  std::int64_t capacity_;
  std::vector<std::int64_t> given_;
  std::map<TenantId, Group> groups_;
};

std::int64_t used_by(const RateBucket& bucket, TenantId tenant) {
  const auto share = std::ranges::find(bucket.shares, tenant, &RateShare::tenant);
  return share == bucket.shares.end() ? 0 : share->used;
}

// Adds to `fair` what each holder is given of `capacity`. A claim of nothing takes no part.
template <class ClaimOf>
void divide_among(const RateBucket& bucket, std::int64_t capacity, ClaimOf claim_of, std::vector<std::int64_t>& fair) {
  Division division(capacity, bucket.holders.size());
  for (std::size_t i = 0; i < bucket.holders.size(); ++i)
    division.add(bucket.holders[i].client.tenant, {i, claim_of(bucket.holders[i])});
  const auto& given = division.divide();
  for (std::size_t i = 0; i < fair.size(); ++i) fair[i] += given[i];
}

// Manual work first, then who was served longest ago.
std::int64_t rank_of(const RateHolder& holder) {
  const auto served_at = holder.served_at.time_since_epoch().count();
  return holder.client.priority == RatePriority::manual ? served_at - k_manual_first : served_at;
}

}  // namespace

std::int64_t reserve_of(const RateBucket& bucket, const RateRules& rules) {
  return static_cast<std::int64_t>(std::floor(static_cast<double>(bucket.limit.value_or(0)) * rules.reserve_share));
}

std::vector<std::int64_t> fair_slots(const RateBucket& bucket, const RateRules& rules) {
  std::vector<std::int64_t> fair(bucket.holders.size(), 0);
  divide_among(
      bucket, rules.slots_max, [](const RateHolder& holder) { return Claim{holder.slots_wanted, 0, rank_of(holder)}; },
      fair);
  return fair;
}

// Nobody knows how many requests a script will still make: while it works it may want the whole rest of the window.
std::vector<std::int64_t> fair_units(const RateBucket& bucket, const RateRules& rules) {
  const auto remaining = bucket.remaining.value_or(0);
  const auto reserved = std::min(remaining, reserve_of(bucket, rules));
  const auto claim_of = [&](const RateHolder& holder) {
    const auto wanted = holder.units_wanted > 0 ? remaining : 0;
    return Claim{wanted, used_by(bucket, holder.client.tenant), rank_of(holder)};
  };
  std::vector<std::int64_t> fair(bucket.holders.size(), 0);
  divide_among(bucket, remaining - reserved, claim_of, fair);
  divide_among(
      bucket, reserved,
      [&](const RateHolder& holder) {
        return holder.client.priority == RatePriority::manual ? claim_of(holder) : Claim{};
      },
      fair);
  return fair;
}

}  // namespace weir::http
