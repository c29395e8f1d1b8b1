#include "http/client_settings.hpp"

#include <map>
#include <vector>

#include <gtest/gtest.h>

namespace weir::http {
namespace {

TEST(Proxy, IsNotUsedWhereTheOperatorSaysSo) {
  const Origin origin{"https", "api.corp.example", 8443};
  for (const char* list : {"*", "corp.example", ".corp.example", "x, API.corp.example:8443"})
    EXPECT_TRUE(is_exempt_from_proxy(list, origin)) << list;
  for (const char* list : {"", "orp.example", "example.com", "api.corp.example:443", "10.0.0.0/8"})
    EXPECT_FALSE(is_exempt_from_proxy(list, origin)) << list;
  EXPECT_TRUE(is_exempt_from_proxy("10.0.0.0/8", {"http", "10.1.2.3", 80}));
}

TEST(ClientSettings, ComeFromTheEnvironment) {
  std::map<std::string, std::string> environment{{"WEIR_EGRESS_ALLOW", "10.0.0.0/8"},
                                                 {"https_proxy", "http://u:geheim@proxy:3128"},
                                                 {"NO_PROXY", "a,b"},
                                                 {"WEIR_REQUEST_TIMEOUT_MS", "1500"}};
  const auto lookup = [&](const char* name) -> const char* {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  };
  const auto settings = client_settings_from(lookup);
  ASSERT_TRUE(settings.has_value());
  EXPECT_TRUE(settings->egress.check_host("10.1.1.1").has_value());
  EXPECT_EQ(settings->proxy.https_proxy.reveal(), "http://u:geheim@proxy:3128");
  EXPECT_EQ(settings->proxy.no_proxy, "a,b");
  EXPECT_EQ(settings->total_timeout, std::chrono::milliseconds(1500));
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"HTTPS_PROXY", "ftp://u:geheim@x"},  {"HTTP_PROXY", "proxy:3128"},        {"SSL_CERT_FILE", "/does/not/exist"},
      {"WEIR_EGRESS_ALLOW", "10.0.0.0/99"}, {"WEIR_REQUEST_TIMEOUT_MS", "soon"}, {"WEIR_REQUEST_TIMEOUT_MS", "0"}};
  for (const auto& [name, value] : wrong) {
    environment = {{name, value}};
    const auto refused = client_settings_from(lookup);
    ASSERT_FALSE(refused.has_value()) << name;
    EXPECT_EQ(refused.error().code, ErrorCode::configuration);
    EXPECT_TRUE(refused.error().message.contains(name)) << refused.error().message;
    EXPECT_FALSE(refused.error().message.contains("geheim"));
  }
}

}  // namespace
}  // namespace weir::http
