#include "tenancy/health.hpp"

#include <gtest/gtest.h>

namespace weir::tenancy {
namespace {

using enum Verdict;

const Instant k_now = *parse_rfc3339("2026-11-22T00:00:00Z");
const KeyFileSettings k_file{.path = "/etc/weir/key", .makes_first_key = false};
const KeyFileSettings k_own_file{.path = "/home/weir/master.key", .makes_first_key = true};

SecretsHealth sealed_with(std::vector<RegisteredKey> registered) {
  SecretsHealth health;
  health.registered = std::move(registered);
  return health;
}

Finding judged(const SecretsHealth& secrets, const KeyFileSettings& settings,
               const Result<std::vector<MasterKey>>& keys) {
  const auto findings = judge_master_keys(secrets, settings, keys);
  EXPECT_EQ(findings.size(), 1U);
  return findings.front();
}

TEST(MasterKeyJudgement, NoKeyIsAProblemOnlyWhenOneIsNeeded) {
  const std::vector<MasterKey> none;
  const auto sealed = sealed_with({{"k1", "check", k_now, std::nullopt}});
  EXPECT_EQ(judged({}, {}, none).verdict, ok);
  EXPECT_EQ(judged({}, k_own_file, none).verdict, ok);
  EXPECT_EQ(judged({}, k_file, none).verdict, problem);
  EXPECT_EQ(judged(sealed, {}, none).verdict, problem);
  EXPECT_TRUE(judged(sealed, k_own_file, none).remedy.contains("put the key file back"));
}

TEST(MasterKeyJudgement, TheKeysMustBeThoseTheDatabaseKnows) {
  const auto sealed = sealed_with({{"k1", "check", k_now, std::nullopt}});
  EXPECT_EQ(judged(sealed, k_file, std::vector<MasterKey>{{"k1", "check"}}).verdict, ok);
  EXPECT_EQ(judged(sealed, k_file, std::vector<MasterKey>{{"k2", "new"}, {"k1", "check"}}).verdict, ok);
  EXPECT_TRUE(judged(sealed, k_file, std::vector<MasterKey>{{"k1", "other"}}).reason.contains("is not the one"));
  EXPECT_EQ(judged(sealed, k_file, std::vector<MasterKey>{{"k2", "other"}}).verdict, problem);
  const auto retired = sealed_with({{"k1", "check", k_now, k_now}});
  EXPECT_TRUE(judged(retired, k_file, std::vector<MasterKey>{{"k1", "check"}}).reason.contains("was replaced"));
  EXPECT_EQ(judged(sealed, k_file, fail(ErrorCode::configuration, "chmod 600")).reason, "chmod 600");
}

TEST(SecretAgeJudgement, AYearIsEnough) {
  SecretsHealth secrets;
  EXPECT_EQ(worst_of(judge_secret_ages(secrets, k_now)), ok);
  secrets.secrets = 1;
  secrets.oldest_secret = k_now - std::chrono::days(365);
  secrets.oldest_data_key = secrets.oldest_secret;
  EXPECT_EQ(worst_of(judge_secret_ages(secrets, k_now)), ok);
  secrets.oldest_secret = k_now - std::chrono::days(366);
  secrets.oldest_secret_name = "acme/github GITHUB_TOKEN";
  const auto findings = judge_secret_ages(secrets, k_now);
  EXPECT_EQ(findings.at(0).verdict, warning);
  EXPECT_TRUE(findings.at(0).reason.contains("acme/github GITHUB_TOKEN, is 366 days old")) << findings.at(0).reason;
}

TEST(StoppedSourceJudgement, NamesTheFirstAndCountsTheRest) {
  SecretsHealth secrets;
  EXPECT_EQ(worst_of(judge_stopped_sources(secrets)), ok);
  secrets.stopped.assign(25, {"acme", "github", "401"});
  const auto findings = judge_stopped_sources(secrets);
  ASSERT_EQ(findings.size(), 21U);
  EXPECT_TRUE(findings.front().reason.contains("acme/github needs credentials: 401"));
  EXPECT_TRUE(findings.back().reason.contains("5 more"));
}

}  // namespace
}  // namespace weir::tenancy
