#include "provider-sim/limits/app_auth.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <nlohmann/json.hpp>

#include "provider-sim/rest/node_id.hpp"

namespace weir::sim {
namespace {

using namespace std::chrono_literals;

const Time k_now(1'769'860'800s);

class AppAuth : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { key_ = EVP_RSA_gen(2048); }
  static void TearDownTestSuite() { EVP_PKEY_free(key_); }

  static std::string public_pem() {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(bio, key_);
    char* data = nullptr;
    std::string pem(static_cast<std::size_t>(BIO_get_mem_data(bio, &data)), '\0');
    std::copy_n(data, pem.size(), pem.begin());
    BIO_free(bio);
    return pem;
  }

  static std::string sign(const nlohmann::json& header, const nlohmann::json& claims) {
    const std::string message = base64url(header.dump()) + "." + base64url(claims.dump());
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key_);
    std::size_t length = 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
    EVP_DigestSign(context, nullptr, &length, bytes, message.size());
    std::string signature(length, '\0');
    EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &length, bytes, message.size());
    EVP_MD_CTX_free(context);
    return message + "." + base64url(signature);
  }

  static nlohmann::json claims(int issued, int expires) {
    const auto now = k_now.time_since_epoch().count();
    return {{"iss", "4711"}, {"iat", now + issued}, {"exp", now + expires}};
  }

  AppSettings app_{.id = "4711", .public_key = public_pem()};
  const nlohmann::json header_{{"alg", "RS256"}, {"typ", "JWT"}};
  static EVP_PKEY* key_;
};
EVP_PKEY* AppAuth::key_ = nullptr;

TEST_F(AppAuth, AcceptsWhatTheAppSigned) {
  EXPECT_TRUE(verify_app_token(sign(header_, claims(-60, 540)), app_, k_now));
  auto by_number = claims(-60, 540);
  by_number["iss"] = 4711;
  EXPECT_TRUE(verify_app_token(sign(header_, by_number), app_, k_now));
}

TEST_F(AppAuth, RefusesTheRest) {
  EXPECT_FALSE(verify_app_token(sign(header_, claims(-600, -1)), app_, k_now));  // over
  EXPECT_FALSE(verify_app_token(sign(header_, claims(-60, 900)), app_, k_now));  // lives too long
  EXPECT_FALSE(verify_app_token(sign(header_, claims(60, 500)), app_, k_now));   // issued in the future
  EXPECT_FALSE(verify_app_token(sign({{"alg", "none"}}, claims(-60, 540)), app_, k_now));
  auto token = sign(header_, claims(-60, 540));
  token[token.size() / 2] = token[token.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(verify_app_token(token, app_, k_now));
  auto other = claims(-60, 540);
  other["iss"] = "1";
  EXPECT_FALSE(verify_app_token(sign(header_, other), app_, k_now));
  for (const auto* text : {"", "a.b", "a.b.c", "..", "ghp_token"})
    EXPECT_FALSE(verify_app_token(text, app_, k_now)) << text;
}

}  // namespace
}  // namespace weir::sim
