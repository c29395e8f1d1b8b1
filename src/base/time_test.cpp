#include "base/time.hpp"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Time, PrintsWhatItParses) {
  for (const char* text :
       {"2026-11-21T22:49:23Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2024-02-29T12:00:00.5Z"}) {
    const auto instant = parse_rfc3339(text);
    ASSERT_TRUE(instant.has_value()) << text;
    EXPECT_EQ(format_rfc3339(*instant), text);
  }
}

TEST(Time, ParsesTheZonesProvidersSend) {
  const auto expected = parse_rfc3339("2020-06-12T00:13:13.36Z");
  EXPECT_EQ(parse_rfc3339("2020-06-12T08:13:13.360+0800"), expected);
  EXPECT_EQ(parse_rfc3339("2020-06-12T08:13:13.360000000+08:00"), expected);
  EXPECT_EQ(parse_rfc3339("2020-06-11 20:13:13.36-04:00"), expected);
  EXPECT_EQ(parse_rfc3339("2020-06-12 00:13:13.36+00"), expected);
}

TEST(Time, RefusesWhatIsNoInstant) {
  for (const char* text :
       {"", "2020-06-12", "2020-13-01T00:00:00Z", "2023-02-29T00:00:00Z", "2020-06-12T24:00:00Z", "2020-06-12T00:00:00",
        "9999-12-31T23:59:59-00:01", "0001-01-01T00:00:00+00:01", "2020-06-12T00:00:00.Z", "0000-01-01T00:00:00Z",
        "2020-06-12T00:00:00Zjunk", "2020-06-12T00:00:00+8:00"})
    EXPECT_FALSE(parse_rfc3339(text).has_value()) << text;
}

TEST(Time, ReadsDurations) {
  EXPECT_EQ(parse_duration("90s"), 90s);
  EXPECT_EQ(parse_duration("1h30m"), 90min);
  EXPECT_EQ(parse_duration("30d"), 720h);
  for (const char* text : {"", "5", "h", "1x", "99999999999999d", "1h3"}) EXPECT_FALSE(parse_duration(text)) << text;
}

}  // namespace
}  // namespace weir
