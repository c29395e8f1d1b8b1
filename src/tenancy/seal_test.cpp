#include "tenancy/seal.hpp"

#include <gtest/gtest.h>

namespace weir::tenancy {
namespace {

const TenantId k_tenant(*Uuid::parse("0190a000-0000-7000-8000-000000000001"));
const TenantId k_other_tenant(*Uuid::parse("0190a000-0000-7000-8000-000000000002"));
const Uuid k_data_key = *Uuid::parse("0190a000-0000-7000-8000-00000000000a");
const Uuid k_other_data_key = *Uuid::parse("0190a000-0000-7000-8000-00000000000b");
const SecretPlace k_place{k_tenant, "github", "GITHUB_TOKEN", k_data_key};
const std::string k_plain = "ghp_0123456789";
const std::string k_sealed_by_format_1 =
    "016465666768696a6b6c6d6e6f707172737475767778797a7b1b1b89efcf1fbbb1b305ab089e5651051a9f1e9b69084df77a2dfc6f5bcf";

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

TEST(Seal, OpensWhereItWasSealed) {
  const auto key = Key::generate();
  const auto sealed = seal_secret(key, k_place, Secret(k_plain));
  const auto opened = open_secret(key, k_place, sealed);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->reveal(), k_plain);
}

TEST(Seal, TheSameSecretTwiceLooksDifferentAndShowsNothing) {
  const auto key = Key::generate();
  const auto first = seal_secret(key, k_place, Secret(k_plain));
  const auto second = seal_secret(key, k_place, Secret(k_plain));
  EXPECT_NE(first, second);
  EXPECT_FALSE(first.contains(k_plain));
}

class SecretElsewhere : public testing::TestWithParam<SecretPlace> {};

TEST_P(SecretElsewhere, IsRefused) {
  const auto key = Key::generate();
  const auto sealed = seal_secret(key, k_place, Secret(k_plain));
  const auto opened = open_secret(key, GetParam(), sealed);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::needs_credentials);
  EXPECT_FALSE(opened.error().message.contains(k_plain));
}

INSTANTIATE_TEST_SUITE_P(EveryPart, SecretElsewhere,
                         testing::Values(SecretPlace{k_other_tenant, "github", "GITHUB_TOKEN", k_data_key},
                                         SecretPlace{k_tenant, "github-eu", "GITHUB_TOKEN", k_data_key},
                                         SecretPlace{k_tenant, "github", "GITHUB_TOKEN_2", k_data_key},
                                         SecretPlace{k_tenant, "github", "GITHUB_TOKEN", k_other_data_key},
                                         // The same letters, parted elsewhere.
                                         SecretPlace{k_tenant, "githubG", "ITHUB_TOKEN", k_data_key}));

TEST(Seal, AnotherKeyOpensNothing) {
  const auto sealed = seal_secret(Key::generate(), k_place, Secret(k_plain));
  EXPECT_FALSE(open_secret(Key::generate(), k_place, sealed));
}

TEST(Seal, EveryChangedBitIsNoticed) {
  const auto key = Key::generate();
  const auto sealed = seal_secret(key, k_place, Secret(k_plain));
  for (std::size_t i = 0; i < sealed.size() * 8; ++i) {
    auto forged = sealed;
    forged[i / 8] = static_cast<char>(forged[i / 8] ^ (1 << (i % 8)));
    EXPECT_FALSE(open_secret(key, k_place, forged)) << "bit " << i;
  }
}

TEST(Seal, EveryCutLengthIsNoticed) {
  const auto key = Key::generate();
  const auto sealed = seal_secret(key, k_place, Secret(k_plain));
  for (std::size_t length = 0; length < sealed.size(); ++length)
    EXPECT_FALSE(open_secret(key, k_place, std::string_view(sealed).substr(0, length))) << length;
  EXPECT_FALSE(open_secret(key, k_place, sealed + "x"));
}

TEST(Wrap, OpensWithItsMasterKeyForItsTenantOnly) {
  const auto master = Key::generate();
  const auto data_key = Key::generate();
  const auto wrapped = wrap_data_key(master, "m1", {k_tenant, k_data_key}, data_key);
  const auto opened = unwrap_data_key(master, "m1", {k_tenant, k_data_key}, wrapped);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->to_base64().reveal(), data_key.to_base64().reveal());
  EXPECT_FALSE(unwrap_data_key(master, "m1", {k_other_tenant, k_data_key}, wrapped));
  EXPECT_FALSE(unwrap_data_key(master, "m1", {k_tenant, k_other_data_key}, wrapped));
  EXPECT_FALSE(unwrap_data_key(master, "m2", {k_tenant, k_data_key}, wrapped));
  EXPECT_FALSE(unwrap_data_key(Key::generate(), "m1", {k_tenant, k_data_key}, wrapped));
  EXPECT_FALSE(unwrap_data_key(master, "m1", {k_tenant, k_data_key}, wrapped.substr(1)));
}

// A secret of 32 bytes has the shape of a wrapped key; the two must not stand for each other.
TEST(Wrap, ASealedSecretIsNoWrappedKey) {
  const auto master = Key::generate();
  const auto sealed = seal_secret(master, k_place, Secret(std::string(Key::k_bytes, 'x')));
  EXPECT_FALSE(unwrap_data_key(master, "m1", {k_tenant, k_data_key}, sealed));
}

TEST(CheckValue, TellsTheKeyAndTheId) {
  const auto key = Key::generate();
  EXPECT_EQ(master_key_check(key, "m1"), master_key_check(key, "m1"));
  EXPECT_NE(master_key_check(key, "m1"), master_key_check(key, "m2"));
  EXPECT_NE(master_key_check(key, "m1"), master_key_check(Key::generate(), "m1"));
}

// Written by format 1: what is stored in databases must stay readable by every later release.
TEST(Seal, OpensWhatEarlierReleasesSealed) {
  const auto key = Key::from_base64("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
  ASSERT_TRUE(key);
  const auto sealed = from_hex(k_sealed_by_format_1);
  const auto opened = open_secret(*key, k_place, sealed);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->reveal(), k_plain);
}

}  // namespace
}  // namespace weir::tenancy
