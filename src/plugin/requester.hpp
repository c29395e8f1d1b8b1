// How declarative scripts reach their provider: one request at a time, within the credential's budget, tried again
// where that can help. Credentials are added behind this door, so nothing that passes it holds a secret: what is
// recorded here can be shared.
#pragma once
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/asio.hpp"
#include "base/error.hpp"
#include "base/time.hpp"
#include "http/answer_class.hpp"
#include "http/body_room.hpp"
#include "http/headers.hpp"
#include "http/url.hpp"

namespace weir::plugin {

struct ScriptDeclaration;
struct ScriptServices;

struct Reply {
  int status = 200;
  http::Headers headers{};
  std::string body{};
  std::shared_ptr<http::BodyLease> room{};            // goes with the body
  http::AnswerClass meaning = http::AnswerClass::ok;  // ok, unchanged or empty
  std::optional<Instant> provider_time{};             // its clock when it answered (Date)
  http::Url url;                                      // that answered in the end
};

// An answer that is not final yet. Views and references live during the call.
struct ReplyView {
  int status = 200;
  const http::Headers& headers;
  std::string_view body;
};

// What whoever read the body found there: for GraphQL, errors come with status 200, and so does the cost.
struct AnswerFinding {
  std::optional<http::AnswerRule> ruling{};  // the answer means this
  std::optional<std::int64_t> units{};       // what the request really cost
};

struct Ask {
  http::Url url;
  std::string method = "GET";
  http::Headers headers{};
  std::string body{};
  std::string bucket = "core";
  std::int64_t units = 1;
  std::string endpoint{};
  // Called with each answer of status 2xx before its meaning is final. It may keep what it parsed.
  std::function<AnswerFinding(const ReplyView&)> inspect{};
  std::string buffer{};  // storage for the answer's body, to be reused
};

// Why there is no answer to work with.
struct Refusal {
  Error error;
  http::AnswerClass meaning = http::AnswerClass::transient;
  int status = 0;                       // of the last answer; 0: there was none
  std::optional<Instant> park_until{};  // with ErrorCode::limited
};

struct RequestCounts {
  std::int64_t requests = 0;
  std::int64_t not_modified = 0;  // of these, answered 304
  std::int64_t bytes = 0;
  std::int64_t points = 0;              // what they cost of the provider's budget, as far as it says
  std::chrono::milliseconds waited{0};  // for the budget

  RequestCounts operator-(const RequestCounts& before) const {
    return {requests - before.requests, not_modified - before.not_modified, bytes - before.bytes,
            points - before.points, waited - before.waited};
  }
};

class Requester {
 public:
  virtual ~Requester() = default;
  virtual Task<std::expected<Reply, Refusal>> send(Ask ask) = 0;
  // Of all sends so far, whatever came of them.
  virtual RequestCounts counts() const = 0;
  // Who asks, without saying it: another user may be shown another answer. Empty: nobody in particular.
  virtual std::string identity() const { return {}; }
};

// What a run's requester is made for. Outlives it.
struct RequesterPlan {
  http::Url base;                         // the configured origin
  std::vector<http::AnswerRule> rules{};  // in front of the general ones
};

// Makes one requester for each run; of the process, outlives the runs.
class ProviderAccess {
 public:
  virtual ~ProviderAccess() = default;
  virtual Result<std::unique_ptr<Requester>> open(const ScriptDeclaration& script, RequesterPlan plan,
                                                  const ScriptServices& services) = 0;
};

}  // namespace weir::plugin
