#include "base/nearest.hpp"

#include <array>

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(NearestWord, ForgivesTwoTypingErrors) {
  const std::array<std::string, 3> known{"resources", "dependencies", "builtin"};
  EXPECT_EQ(nearest_word("resource", known), "resources");
  EXPECT_EQ(nearest_word("dependancys", known), "");
  EXPECT_EQ(nearest_word("dependancies", known), "dependencies");
  EXPECT_EQ(nearest_word("xyz", known), "");
  EXPECT_EQ(nearest_word(std::string(1'000'000, 'b'), known), "");
}

TEST(NearestWord, NeverReplacesAWholeShortWord) {
  const std::array<std::string, 1> known{"ls"};
  EXPECT_EQ(nearest_word("rm", known), "");
  EXPECT_EQ(nearest_word("lS", known), "ls");
}

}  // namespace
}  // namespace weir
