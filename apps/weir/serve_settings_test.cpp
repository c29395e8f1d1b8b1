#include "weir/serve_settings.hpp"

#include <cstdlib>

#include <gtest/gtest.h>

namespace weir::app {
namespace {

TEST(ServeRoles, AreWordsBetweenCommas) {
  const auto all = parse_roles("api,scheduler,worker").value();
  EXPECT_TRUE(all.api && all.scheduler && all.worker);
  const auto one = parse_roles("worker").value();
  EXPECT_TRUE(!one.api && !one.scheduler && one.worker);
  for (const auto* text : {"", ",", "api,", "api, worker", "API", "all"}) {
    const auto parsed = parse_roles(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::usage);
  }
}

TEST(ServeEnvironment, IsChecked) {
  ServeSettings settings;
  ::setenv("WEIR_HISTORY_DAYS", "30", 1);
  ::setenv("WEIR_QUEUE_POLL_ONLY", "1", 1);
  EXPECT_TRUE(read_serve_environment(settings).has_value());
  EXPECT_EQ(settings.retention.run_days, 30);
  EXPECT_TRUE(settings.is_poll_only);
  for (const auto* wrong : {"0", "-1", "ten", "99999999"}) {
    ::setenv("WEIR_HISTORY_DAYS", wrong, 1);
    EXPECT_FALSE(read_serve_environment(settings).has_value()) << wrong;
  }
  ::unsetenv("WEIR_HISTORY_DAYS");
  ::unsetenv("WEIR_QUEUE_POLL_ONLY");
}

}  // namespace
}  // namespace weir::app
