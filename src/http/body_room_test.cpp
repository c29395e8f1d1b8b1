#include "http/body_room.hpp"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace weir::http {
namespace {

constexpr std::size_t k_mb = 1U << 20U;

TEST(BodyRoom, SmallBodiesNeedNone) {
  const auto room = std::make_shared<BodyRoom>(0);
  BodyLease lease(room);
  EXPECT_TRUE(lease.grow_to(k_body_bytes_free));
  EXPECT_FALSE(lease.grow_to(k_body_bytes_free + 1));
}

TEST(BodyRoom, IsSharedAndGivenBack) {
  const auto room = std::make_shared<BodyRoom>(10 * k_mb);
  auto one = std::make_unique<BodyLease>(room);
  BodyLease two(room);
  EXPECT_TRUE(one->grow_to(4 * k_mb));
  EXPECT_TRUE(one->grow_to(8 * k_mb));
  EXPECT_EQ(room->left(), 3 * k_mb);
  EXPECT_TRUE(two.grow_to(4 * k_mb));
  EXPECT_FALSE(two.grow_to(4 * k_mb + 1));
  EXPECT_EQ(room->left(), 0U) << "what was refused takes nothing";
  one.reset();
  EXPECT_TRUE(two.grow_to(5 * k_mb));
  EXPECT_EQ(room->left(), 6 * k_mb);
}

TEST(BodyRoom, IsExactWhoeverTakesOfItAtTheSameTime) {
  const auto room = std::make_shared<BodyRoom>(100);
  std::atomic<int> taken = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (int k = 0; k < 1000; ++k) taken += room->take(1) ? 1 : 0;
      });
  }
  EXPECT_EQ(taken, 100);
  EXPECT_EQ(room->left(), 0U);
}

}  // namespace
}  // namespace weir::http
