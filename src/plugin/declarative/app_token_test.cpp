#include <memory>

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sodium.h>
#include <nlohmann/json.hpp>

#include "plugin/declarative/credentials.hpp"

namespace weir::plugin::declarative {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

std::string pem_of(EVP_PKEY* key) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string decoded(std::string_view text) {
  std::string out(text.size(), '\0');
  std::size_t size = 0;
  sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(), text.size(), nullptr, &size,
                    nullptr, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  out.resize(size);
  return out;
}

bool is_signed_by(EVP_PKEY* key, std::string_view text, const std::string& signature) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, key);
  return EVP_DigestVerify(digest.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                          reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
}

TEST(AppTokens, AreSignedForAFewMinutes) {
  const Key key(EVP_RSA_gen(2048), EVP_PKEY_free);
  const auto now = *parse_rfc3339("2026-11-21T00:00:00Z");
  const auto token = make_app_token("42", Secret(pem_of(key.get())), now);
  ASSERT_TRUE(token.has_value());
  const auto text = token->reveal();
  const auto first = text.find('.');
  const auto last = text.rfind('.');
  EXPECT_EQ(decoded(text.substr(0, first)), R"({"alg":"RS256","typ":"JWT"})");
  const auto claims = nlohmann::json::parse(decoded(text.substr(first + 1, last - first - 1)));
  EXPECT_EQ(claims, (nlohmann::json{{"iat", 1795219140}, {"exp", 1795219740}, {"iss", "42"}}));
  EXPECT_TRUE(is_signed_by(key.get(), text.substr(0, last), decoded(text.substr(last + 1))));
}

TEST(AppTokens, AKeyOnOneLineIsRead) {
  const Key key(EVP_RSA_gen(2048), EVP_PKEY_free);
  auto pem = pem_of(key.get());
  for (auto at = pem.find('\n'); at != pem.npos; at = pem.find('\n')) pem.replace(at, 1, "\\n");
  EXPECT_TRUE(make_app_token("42", Secret(std::move(pem)), Instant{}).has_value());
}

TEST(AppTokens, AnythingElseIsRefusedWithoutShowingIt) {
  for (const std::string_view text :
       {"", "hunter2", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}) {
    const auto token = make_app_token("42", Secret(std::string(text)), Instant{});
    ASSERT_FALSE(token.has_value());
    EXPECT_EQ(token.error().code, ErrorCode::needs_credentials);
    EXPECT_FALSE(token.error().message.contains("hunter2"));
  }
}

}  // namespace
}  // namespace weir::plugin::declarative
