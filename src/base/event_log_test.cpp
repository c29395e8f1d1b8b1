#include "base/event_log.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weir {
namespace {

TEST(EventLog, TextNamesItsFields) {
  EXPECT_EQ(format_event(LogFormat::text, "script ended",
                         {{"tenant", "acme"}, {"reason", "no \"way\""}, {"user", ""}, {"n", 7}}),
            R"(script ended tenant=acme reason="no \"way\"" user="" n=7)");
  EXPECT_EQ(format_event(LogFormat::text, "plain", {}), "plain");
}

TEST(EventLog, ForeignTextForgesNoLine) {
  EXPECT_EQ(format_event(LogFormat::text, "a\nb", {{"x", "1\r2"}}), "a b x=1 2");
  EXPECT_EQ(format_event(LogFormat::text, "m", {{"x", "1 y=2"}}), R"(m x="1 y=2")");
}

TEST(EventLog, JsonIsOneObject) {
  const auto line = format_event(LogFormat::json, "ended \"so\"\n", {{"tenant", "acme"}, {"bad", "\xFF"}, {"n", 7}});
  const auto parsed = nlohmann::json::parse("{\"message\":" + line + "}");
  EXPECT_EQ(parsed.at("message"), "ended \"so\"\n");
  EXPECT_EQ(parsed.at("tenant"), "acme");
  EXPECT_EQ(parsed.at("n"), 7);
  EXPECT_EQ(parsed.at("bad"), "\xEF\xBF\xBD");
}

}  // namespace
}  // namespace weir
