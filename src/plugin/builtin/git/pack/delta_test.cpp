#include "plugin/builtin/git/pack/delta.hpp"

#include <string>

#include <gtest/gtest.h>

namespace weir::plugin::git {
namespace {

std::optional<std::string> changed(std::string_view base, const std::string& delta) {
  const auto sizes = read_delta_sizes(delta);
  if (!sizes || sizes->result > 1'000'000) return std::nullopt;
  std::string result(sizes->result, '?');
  return apply_delta(base, delta, result) ? std::optional(result) : std::nullopt;
}

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text += static_cast<char>(value);
  return text;
}

TEST(Delta, CopiesAndInserts) {
  // base 10, result 7: five from offset 2, then "XY"
  EXPECT_EQ(changed("0123456789", bytes({10, 7, 0x91, 2, 5, 2, 'X', 'Y'})), "23456XY");
  EXPECT_EQ(changed("", bytes({0, 1, 1, 'a'})), "a");
  EXPECT_EQ(changed("abc", bytes({3, 0})), "");
  EXPECT_EQ(changed("abc", bytes({3, 3, 0x90, 3})), "abc") << "no offset is the beginning";
}

TEST(Delta, ACopyWithoutSizeIs64KiB) {
  const std::string base(0x10000 + 1, 'x');
  EXPECT_EQ(changed(base, bytes({0x81, 0x80, 4, 0x80, 0x80, 4, 0x80})), std::string(0x10000, 'x'));
}

TEST(Delta, SizesOfManyBytes) {
  const auto sizes = read_delta_sizes(bytes({0x80, 0x80, 0x01, 0xFF, 0x01}));
  ASSERT_TRUE(sizes.has_value());
  EXPECT_EQ(sizes->base, 1U << 14U);
  EXPECT_EQ(sizes->result, 255U);
  EXPECT_FALSE(read_delta_sizes(bytes({0x80})).has_value());
  EXPECT_FALSE(read_delta_sizes(std::string(20, '\xFF')).has_value());
}

TEST(Delta, RefusesWhatDoesNotFit) {
  EXPECT_FALSE(changed("012", bytes({4, 1, 1, 'a'}))) << "another base";
  EXPECT_FALSE(changed("012", bytes({3, 2, 1, 'a'}))) << "too little";
  EXPECT_FALSE(changed("012", bytes({3, 1, 2, 'a', 'b'}))) << "too much";
  EXPECT_FALSE(changed("012", bytes({3, 4, 0x90, 4}))) << "beyond the base";
  EXPECT_FALSE(changed("012", bytes({3, 1, 0x91, 4, 1}))) << "begins beyond the base";
  EXPECT_FALSE(changed("012", bytes({3, 1, 0x91, 3, 1}))) << "begins at its end";
  EXPECT_FALSE(changed("012", bytes({3, 1, 0x9F, 0xFF, 0xFF, 0xFF, 0xFF, 1})));
  EXPECT_FALSE(changed("012", bytes({3, 1, 0})));
  EXPECT_FALSE(changed("012", bytes({3, 3, 3, 'a'}))) << "cut in what it inserts";
  EXPECT_FALSE(changed("012", bytes({3, 1, 0x91}))) << "cut in an instruction";
  EXPECT_FALSE(changed("012", ""));
}

}  // namespace
}  // namespace weir::plugin::git
