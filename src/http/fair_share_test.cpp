#include "http/fair_share.hpp"

#include <numeric>

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace weir::http {
namespace {

using Shares = std::vector<std::int64_t>;

TEST(FairShare, GivesEverybodyWhatTheyWantWhenThereIsEnough) {
  EXPECT_EQ(divide_fairly(10, {{.wanted = 3}, {.wanted = 0}, {.wanted = 7}}), (Shares{3, 0, 7}));
  EXPECT_EQ(divide_fairly(100, {{.wanted = 3}, {.wanted = 4}}), (Shares{3, 4}));
  EXPECT_EQ(divide_fairly(5, {}), Shares{});
  EXPECT_EQ(divide_fairly(-1, {{.wanted = 1}}), Shares{0});
}

TEST(FairShare, DividesEquallyWhenThereIsNot) {
  EXPECT_EQ(divide_fairly(10, {{.wanted = 100}, {.wanted = 100}}), (Shares{5, 5}));
  EXPECT_EQ(divide_fairly(10, {{.wanted = 2}, {.wanted = 100}, {.wanted = 100}}), (Shares{2, 4, 4}));
  EXPECT_EQ(divide_fairly(1, {{.wanted = 9, .rank = 2}, {.wanted = 9, .rank = 1}}), (Shares{0, 1}));
}

TEST(FairShare, CountsWhatWasUsedBefore) {
  EXPECT_EQ(divide_fairly(10, {{.wanted = 100, .used = 6}, {.wanted = 100}}), (Shares{2, 8}));
  EXPECT_EQ(divide_fairly(4, {{.wanted = 100, .used = 60}, {.wanted = 100}}), (Shares{0, 4}));
  EXPECT_EQ(divide_fairly(10, {{.wanted = 100, .used = 60}, {.wanted = 3}}), (Shares{7, 3}));
}

TEST(FairShare, HoldsItsPromisesOnAnything) {
  Random random(20);
  for (int round = 0; round < 5000; ++round) {
    std::vector<Claim> claims(1 + random.below(6));
    for (auto& claim : claims)
      claim = {static_cast<std::int64_t>(random.below(30)), static_cast<std::int64_t>(random.below(20)),
               static_cast<std::int64_t>(random.below(3))};
    if (round % 7 == 0) claims[0].wanted = INT64_MAX;
    const auto capacity = static_cast<std::int64_t>(random.below(60));
    const auto shares = divide_fairly(capacity, claims);
    const auto given = std::accumulate(shares.begin(), shares.end(), std::int64_t{0});
    bool is_anybody_short = false;
    for (std::size_t i = 0; i < claims.size(); ++i) {
      ASSERT_GE(shares[i], 0);
      ASSERT_LE(shares[i], claims[i].wanted);
      if (shares[i] == claims[i].wanted) continue;
      is_anybody_short = true;
      // Nobody who got something stands more than one above somebody who is short.
      for (std::size_t j = 0; j < claims.size(); ++j)
        ASSERT_TRUE(shares[j] == 0 || claims[j].used + shares[j] <= claims[i].used + shares[i] + 1) << round;
    }
    ASSERT_LE(given, capacity);
    if (is_anybody_short) ASSERT_EQ(given, capacity) << round;
  }
}

}  // namespace
}  // namespace weir::http
