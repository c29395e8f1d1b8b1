#include "provider-sim/base/message.hpp"

#include <gtest/gtest.h>

namespace weir::sim {
namespace {

TEST(Query, DecodesAndKeepsWhatWasSent) {
  const Query query("since=2026-01-01T00%3A00%3A00%2B02%3A00&state=all&page=2&q=a+b");
  EXPECT_EQ(query.get("since"), "2026-01-01T00:00:00+02:00");
  EXPECT_EQ(query.get("q"), "a b");
  EXPECT_EQ(query.get("missing", "x"), "x");
  EXPECT_EQ(query.without({"page"}), "?since=2026-01-01T00%3A00%3A00%2B02%3A00&state=all&q=a+b");
  EXPECT_EQ(Query("page=1").without({"page"}), "");
}

TEST(Percent, RoundTrips) {
  const std::string text = "feature/ä b+c";
  EXPECT_EQ(decode_percent(encode_percent(text)), text);
}

}  // namespace
}  // namespace weir::sim
