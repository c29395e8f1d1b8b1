// What scripts call: one request to a provider, within the credential's budget, tried again where that can help, and
// its answer's meaning. The steps of one call():
//
//   sign → admit (rate_broker.hpp) → fetch (fetcher.hpp) → classify (answer_class.hpp) → observe → answer, again or
//   park
//
// Promises:
//   - No request starts without the budget's leave. Short waits are waited here; a long one is ErrorCode::limited with
//     the instant until which the script should be parked. A limit is no failed attempt.
//   - Tried again with full jitter: what did not arrive (connections, time-outs, truncated bodies) and what may pass
//     (5xx, HTML where data was expected), whatever the method: scripts only read. Never: 400, 404, 422 and whatever
//     else the verdict calls bad_request, gone or forbidden.
//   - 401: once more after Credentials::renew(); otherwise needs_credentials.
//   - No secret of the credentials is in an error, even when the provider's own words repeat it.
//   - What was sent is counted, whatever the outcome.
//
//   BudgetedClient client(outbound, std::move(account), credentials);       // one per run
//   auto answer = co_await client.call({.request = {.url = url}, .bucket = "core"}, deadline);
//   if (!answer) … answer.error().error.code, .park_until …
//
// On the executor of the Fetcher and the broker. Cancelled like any wait. Throws Failure only when the database stays
// away.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/retry.hpp"
#include "http/answer_class.hpp"
#include "http/fetcher.hpp"
#include "http/rate_broker.hpp"

namespace weir::http {

// The long-lived half, made once per process by the composition root; outlives every client.
struct Outbound {
  Fetcher& http;
  RateBroker* broker;      // null: answers are recorded ones, and there is no budget to keep
  const Secret& rate_key;  // of RateStore::identity_key(): for rate_identity.hpp
  Clock& clock;
  Random& random;
};

// Adds a data source's credentials to requests.
class Credentials {
 public:
  virtual ~Credentials() = default;
  // The request with what authenticates it: in secret_headers, or a value of the query. May mint a token first, then an
  // error is the outcome of the call.
  virtual Task<Result<Request>> sign(Request request) = 0;
  // The provider refused what sign() added: get something new. false: there is nothing new to get (a fixed token).
  // Several calls may ask at once; they may share one minting.
  virtual Task<Result<bool>> renew() = 0;
  // After sign() failed with ErrorCode::limited: until when; nullopt: whoever gives tokens did not say.
  virtual std::optional<Instant> parked_until() const { return std::nullopt; }
};

// For providers, and data sources, without credentials.
class NoCredentials final : public Credentials {
 public:
  Task<Result<Request>> sign(Request request) override;
  Task<Result<bool>> renew() override;
};

// Whose requests these are, and the provider's own rules.
struct Account {
  RateClient client;                                     // the tenant; whether the work is manual
  std::string identity;                                  // rate_identity.hpp
  std::int64_t slots_max = 4;                            // requests at once with this identity, on all nodes
  bool is_unchanged_free = false;                        // a 304 costs no unit (GitHub)
  std::vector<AnswerRule> rules{};                       // in front of the general ones
  std::shared_ptr<const EgressPolicy> egress = nullptr;  // the tenant's own; null: the client's
  RetrySettings retry{};
};

// What a caller who reads the body found there. For GraphQL: errors come with status 200, and so does the cost.
struct Inspection {
  std::optional<AnswerRule> ruling{};   // the answer means this; conditions of the rule are not looked at
  std::optional<std::int64_t> units{};  // what the request really cost
};

struct Call {
  Request request;               // without credentials; deadline, egress and buffer are set by the client
  std::string bucket = "core";   // what it is charged to: core, graphql, search
  std::int64_t units = 1;        // its cost, estimated
  std::string endpoint{};        // set where the provider limits single endpoints
  bool is_json_expected = true;  // then HTML is a login page or a proxy's error, whatever the status
  // Called with each answer of status 2xx that the rules call ok, before its permit ends; also where a sink took the
  // body. It may parse the body and keep what it parsed.
  std::function<Inspection(const Response&)> inspect{};
};

struct Answer {
  Response response;
  AnswerClass meaning = AnswerClass::ok;   // ok, unchanged or empty
  std::optional<Instant> provider_time{};  // the provider's clock when it answered (Date)
};

// Why there is no answer to work with.
struct CallError {
  Error error;
  AnswerClass meaning = AnswerClass::transient;  // transient also where there was no answer
  int status = 0;                                // of the last answer; 0: there was none
  std::optional<Instant> park_until{};           // by the local clock; exactly with ErrorCode::limited
};

using CallResult = std::expected<Answer, CallError>;

// Of all calls of one client so far.
struct CallCounts {
  std::int64_t requests = 0;      // sent, redirects and further attempts included
  std::int64_t not_modified = 0;  // of these, answered 304
  std::int64_t bytes = 0;         // received on the wire
  std::int64_t units = 0;         // what they cost by their callers' reckoning (GraphQL points)
  std::int64_t retries = 0;
  std::int64_t waits = 0;               // calls that waited for the budget
  std::chrono::milliseconds waited{0};  // in all
};

struct CallAttempt;

class BudgetedClient {
 public:
  BudgetedClient(const Outbound& outbound, Account account, Credentials& credentials)
      : outbound_(outbound), account_(std::move(account)), credentials_(credentials) {}

  // Several may run at once. The deadline covers waits and attempts together.
  Task<CallResult> call(Call call, Deadline deadline);

  const CallCounts& counts() const { return counts_; }
  const Account& account() const { return account_; }

 private:
  Task<Result<Request>> sign(Request request, Deadline deadline);
  // Whether there is a chance that the credentials are no longer what was refused.
  Task<Result<bool>> renew(Request unsigned_request, Secret refused);
  CallAttempt evaluate(const Call& call, const std::vector<Secret>& secrets, Result<Response> fetched,
                       std::optional<RatePermit> permit);
  void judge(const Call& call, CallAttempt& attempt, Inspection& inspection) const;
  std::int64_t count(const Call& call, const CallAttempt& attempt, const Inspection& inspection);
  RateCall rate_call(const Call& call) const;
  // The leave to start; none where there is no budget.
  Task<std::expected<std::optional<RatePermit>, CallError>> admit(RateCall call, Deadline deadline);
  void note_wait(std::chrono::milliseconds waited);
  CallError parked(Instant until, std::string reason) const;
  CallError refused(Error error) const;

  Outbound outbound_;
  Account account_;
  Credentials& credentials_;
  CallCounts counts_;
};

}  // namespace weir::http
