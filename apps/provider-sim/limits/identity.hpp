// Who asks, and what is left for them. A token stands for an identity (a user or an App's installation); the budgets
// belong to the identity, so two tokens of one user share them. Beside GitHub's primary windows there are its secondary
// limits, which no header announces.
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "provider-sim/base/message.hpp"
#include "provider-sim/base/sim_clock.hpp"

namespace weir::sim {

enum class Bucket { core, graphql, search };
constexpr std::array<std::string_view, 3> k_bucket_names{"core", "graphql", "search"};

struct Limits {
  std::array<std::int64_t, 3> per_window{5'000, 5'000, 30};
  std::array<std::int64_t, 3> window_seconds{3'600, 3'600, 60};
};

struct TokenSpec {
  std::string token{};
  std::string identity{};  // key of the budgets; empty: made of the login or installation
  std::string login{};     // of the user; empty for an installation
  std::int64_t installation = 0;
  std::vector<std::string> scopes{"repo", "read:org", "user"};
  std::vector<std::string> repositories{};  // names it may see; empty: all of its owner's
  std::set<std::string> denied{};           // resources answered 403: "actions", "members", "teams", "issues", …
  bool needs_sso = false;                   // 403 with X-GitHub-SSO on the organization's things
  bool can_push = true;                     // sees draft releases
  Limits limits{};
  std::optional<Time> expires_at{};
};

// {"token": …, "login": …, "core": 5000, …}; an unknown key is an error that names it.
Result<TokenSpec> parse_token(const nlohmann::json& json);

// The forms in which a secondary limit is told (PROVIDERS: with and without Retry-After, as seconds and as a date, 403
// and 429, always with something remaining of the primary budget).
struct RefusalForm {
  int status = 403;
  enum class After { seconds, date, none } after = After::seconds;
  bool is_abuse_text = false;  // the older wording
};
std::optional<RefusalForm> parse_refusal_form(
    std::string_view name);  // 403, 429, 403-date, 429-date, 403-bare, 429-bare, abuse

struct SecondaryLimits {
  std::size_t concurrency_max = 100;
  std::int64_t rest_points_per_minute = 0;     // 0: not enforced (GitHub: 900)
  std::int64_t graphql_points_per_minute = 0;  // (GitHub: 2,000)
  std::chrono::seconds wait{60};
  RefusalForm form{};
};

class Identity {
 public:
  struct Window {
    std::int64_t limit = 0;
    std::int64_t used = 0;
    Time reset{};
    std::int64_t remaining() const { return std::max<std::int64_t>(0, limit - used); }
  };
  Identity(std::string name, std::int64_t user_id, const Limits& limits)
      : name_(std::move(name)), user_id_(user_id), limits_(limits) {}

  const std::string& name() const { return name_; }
  std::int64_t user_id() const { return user_id_; }
  void set_limits(const Limits& limits);

  Window& window(Bucket bucket, Time now);  // a fresh one when the last is over
  void count_points(std::int64_t points, Bucket bucket, Time now);
  std::int64_t points_last_minute(Bucket bucket, Time now);

  std::size_t in_flight = 0;
  std::size_t in_flight_max = 0;
  std::optional<Instant> refused_until;  // a secondary limit is in force
  RefusalForm refusal;

 private:
  std::string name_;
  std::int64_t user_id_;
  Limits limits_;
  std::array<std::optional<Window>, 3> windows_;
  struct Point {
    Time at{};
    std::int64_t points;
  };
  std::array<std::deque<Point>, 2> points_;  // REST, GraphQL
};

// All tokens and identities.
class Credentials {
 public:
  void add(TokenSpec spec, std::int64_t user_id);
  bool remove(std::string_view token);
  // nullptr: unknown or expired.
  const TokenSpec* find(std::string_view authorization, Time now) const;
  const std::map<std::string, TokenSpec, std::less<>>& tokens() const { return tokens_; }
  Identity& identity(const TokenSpec* spec);  // nullptr: anonymous, 60 an hour
  std::map<std::string, Identity>& identities() { return identities_; }
  static std::string_view token_of(std::string_view authorization);  // without "Bearer " or "token "

 private:
  std::map<std::string, TokenSpec, std::less<>> tokens_;
  std::map<std::string, Identity> identities_;
};

}  // namespace weir::sim
