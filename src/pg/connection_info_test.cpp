#include "pg/connection_info.hpp"

#include <gtest/gtest.h>

namespace weir::pg {
namespace {

TEST(ConnectionInfo, PutsTogetherWhatItTookApart) {
  for (const std::string url : {"postgresql://weir_login@/weir?host=%2Ftmp%2Fweir%20home",
                                "postgresql://u@db.example.com:6432/weir?sslmode=require",
                                "postgresql://u@/weir?host=a%2Cb&port=1%2C2", "postgresql://u%40x@[::1]:5/weir"}) {
    const auto info = ConnectionInfo::parse(url).value();
    const auto again = ConnectionInfo::parse(info.url_without_password()).value();
    for (const auto* key : {"user", "host", "port", "dbname", "sslmode", "options"})
      EXPECT_EQ(again.get(key), info.get(key)) << url << " " << key;
  }
}

TEST(ConnectionInfo, NeverPrintsAPassword) {
  const auto info = ConnectionInfo::parse("host=h user=u password=hunter2 sslpassword=hunter2 dbname=d").value();
  EXPECT_TRUE(info.has_password());
  EXPECT_EQ(info.url_without_password(), "postgresql://u@h/d");
  for (const auto* broken :
       {"postgresql://u:hun@ter2@h/d", "postgresql://u:hunter2@h/%zz", "password=hunter2 nonsense"}) {
    const auto refused = ConnectionInfo::parse(broken);
    ASSERT_FALSE(refused.has_value()) << broken;
    EXPECT_EQ(refused.error().code, ErrorCode::configuration);
    EXPECT_FALSE(refused.error().message.contains("ter2"));
  }
}

TEST(ConnectionInfo, ARoleJoinsTheOptionsThatAreThere) {
  auto info = ConnectionInfo::parse("postgresql://u@h/d?options=-c%20work_mem%3D1MB").value();
  info.set_role("weir control");
  EXPECT_EQ(info.get("options"), "-c work_mem=1MB -c role=weir\\ control");
}

}  // namespace
}  // namespace weir::pg
