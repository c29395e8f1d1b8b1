// Who gets how much of a bucket: tenants first, then the nodes of each, so that no tenant gains by running on many.
// Private to the rate budget.
#pragma once
#include <cstdint>
#include <vector>

#include "http/rate_bucket.hpp"

namespace weir::http {

// Kept for manual work.
std::int64_t reserve_of(const RateBucket& bucket, const RateRules& rules);

// The slots and the units each of bucket.holders should have in all, by its index. Ties go to manual work
// and then to who was served longest ago; of the units, the reserve is manual work's alone. fair_units() only where the
// bucket's remaining units are known.
std::vector<std::int64_t> fair_slots(const RateBucket& bucket, const RateRules& rules);
std::vector<std::int64_t> fair_units(const RateBucket& bucket, const RateRules& rules);

}  // namespace weir::http
