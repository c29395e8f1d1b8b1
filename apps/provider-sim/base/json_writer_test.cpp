#include "provider-sim/base/json_writer.hpp"

#include <optional>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weir::sim {
namespace {

using namespace std::chrono_literals;

TEST(JsonWriter, WritesWhatAParserReadsBack) {
  const std::string awkward = "a\"b\\c\n\r\t\x01\x1f é 🚀";
  std::string out;
  JsonWriter(out)
      .begin_object()
      .field("text", awkward)
      .field("number", -42)
      .field("flag", true)
      .field("nothing", std::optional<int>())
      .field("something", std::optional<int>(7))
      .key("list")
      .begin_array()
      .value("x")
      .raw("{}")
      .begin_object()
      .end_object()
      .end_array()
      .url_field("url", "http://h", "/{tail}")
      .end_object();
  const auto json = nlohmann::json::parse(out);
  EXPECT_EQ(json["text"], awkward);
  EXPECT_EQ(json["number"], -42);
  EXPECT_EQ(json["flag"], true);
  EXPECT_TRUE(json["nothing"].is_null());
  EXPECT_EQ(json["something"], 7);
  EXPECT_EQ(json["list"].size(), 3U);
  EXPECT_EQ(json["url"], "http://h/{tail}");
}

TEST(JsonWriter, WritesTimesToTheSecond) {
  EXPECT_EQ(format_time(Time(0s)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_time(Time(1'658'205'517s)), "2022-07-19T04:38:37Z");
}

}  // namespace
}  // namespace weir::sim
