#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tenancy/health.hpp"

namespace weir::tenancy {
namespace {

using enum Verdict;

constexpr auto k_age_max = std::chrono::days(365);
constexpr std::size_t k_sources_named_max = 20;

std::string place_of(const KeyFileSettings& settings) {
  return settings.path.empty() ? "the key file (WEIR_MASTER_KEY_FILE is not set)"
                               : fmt::format("the key file {}", settings.path.string());
}

Finding judge_no_key(const SecretsHealth& secrets, const KeyFileSettings& settings) {
  if (count_in_use(secrets.registered) > 0)
    return {
        "master key", problem,
        fmt::format("secrets are sealed, but {} has no key: their sources cannot run", place_of(settings)),
        "put the key file back, or name it in WEIR_MASTER_KEY_FILE; lost for good: weir secrets init --replace-lost"};
  if (!settings.path.empty() && !settings.makes_first_key)
    return {"master key", problem, fmt::format("{} does not exist", place_of(settings)),
            "put it there, or make it with `weir secrets init`"};
  if (settings.makes_first_key) return {"master key", ok, "none yet: it is made with the first secret"};
  return {"master key", ok, "none, and no secret needs one",
          "before the first secret: set WEIR_MASTER_KEY_FILE and run `weir secrets init`"};
}

Finding judge_keys_at_hand(const SecretsHealth& secrets, const KeyFileSettings& settings,
                           const std::vector<MasterKey>& keys) {
  const auto place = place_of(settings);
  if (const auto same = compare_keys(secrets.registered, keys, place); !same)
    return problem_of("master key", same.error());
  if (const auto missing = missing_keys(secrets.registered, keys); !missing.empty())
    return problem_of("master key", missing_key_error(missing, place).error());
  const auto* active = find_registered(secrets.registered, keys.front().id);
  if (active != nullptr && active->retired_at)
    return problem_of("master key", retired_key_error(active->id, place).error());
  return {"master key", ok, fmt::format("{} is the right one", place)};
}

Finding judge_age(Instant since, Instant now, std::string what, std::string remedy) {
  const auto age = std::max(now - since, Duration::zero());
  const auto text = fmt::format("{} is {} days old", what, std::chrono::duration_cast<std::chrono::days>(age).count());
  if (age <= k_age_max) return {"secrets", ok, text};
  return {"secrets", warning, text, std::move(remedy)};
}

}  // namespace

Findings judge_master_keys(const SecretsHealth& secrets, const KeyFileSettings& settings,
                           const Result<std::vector<MasterKey>>& keys) {
  if (!keys) return {problem_of("master key", keys.error())};
  if (keys->empty()) return {judge_no_key(secrets, settings)};
  return {judge_keys_at_hand(secrets, settings, *keys)};
}

Findings judge_secret_ages(const SecretsHealth& secrets, Instant now) {
  Findings findings;
  if (secrets.oldest_secret)
    findings.push_back(
        judge_age(*secrets.oldest_secret, now,
                  fmt::format("of {} secrets the oldest, {},", secrets.secrets, secrets.oldest_secret_name),
                  "make a new one at the provider, then weir source set"));
  if (secrets.oldest_data_key)
    findings.push_back(
        judge_age(*secrets.oldest_data_key, now, "the oldest data key", "weir secrets rotate --data-keys"));
  if (findings.empty()) findings.push_back({"secrets", ok, "there are none"});
  return findings;
}

Findings judge_stopped_sources(const SecretsHealth& secrets) {
  Findings findings;
  for (const auto& source : secrets.stopped) {
    if (findings.size() == k_sources_named_max) {
      findings.push_back({"sources", warning,
                          fmt::format("{} more need credentials", secrets.stopped.size() - k_sources_named_max),
                          "weir source ls TENANT"});
      break;
    }
    findings.push_back(
        {"sources", warning, fmt::format("{}/{} needs credentials: {}", source.tenant_key, source.name, source.reason),
         fmt::format("weir source set {0} {1} with its secrets, or, when they are right again, weir source enable {0} "
                     "{1}",
                     source.tenant_key, source.name)});
  }
  if (findings.empty()) findings.push_back({"sources", ok, "none waits for credentials"});
  return findings;
}

}  // namespace weir::tenancy
