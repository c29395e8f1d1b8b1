#include "http/budgeted_client.hpp"

#include <algorithm>

#include "http/call_attempt.hpp"

namespace weir::http {
namespace {

using std::chrono::milliseconds;

// A provider that answers every try with a short wait is left alone for a while.
constexpr int k_limits_max = 10;
// Each takes minutes, and somebody waits: whoever did not answer twice will not do so at the fifth try.
constexpr int k_timeouts_max = 2;
constexpr auto k_wait_counted_min = milliseconds(50);  // less is the budget's own bookkeeping
constexpr auto k_told_max = milliseconds(60'000);

// A login page may be that of something in between: only who sees no other answer needs other credentials.
bool is_login_page(const CallAttempt& attempt) {
  return attempt.verdict.meaning == AnswerClass::auth && attempt.response.status < 300;
}

FailedAttempt failed_attempt(const CallAttempt& attempt) {
  if (attempt.failure) return attempt.failure->code;
  if (is_login_page(attempt)) return ErrorCode::provider_failed;
  const auto code = error_code_of(attempt.verdict.meaning).value_or(ErrorCode::internal);
  if (attempt.verdict.meaning != AnswerClass::transient) return {ErrorCode::invalid_input};
  if (!attempt.seen.retry_after) return code;
  return {code, std::min(k_told_max, std::chrono::ceil<milliseconds>(*attempt.seen.retry_after))};
}

// A provider that does not answer has failed like any other; ErrorCode::timed_out is the caller's own deadline.
CallError call_error(const CallAttempt& attempt, const Url& url, Deadline deadline) {
  const auto meaning = attempt.failure ? AnswerClass::transient : attempt.verdict.meaning;
  CallError error{error_of(attempt, url), meaning, attempt.response.status};
  if (error.error.code == ErrorCode::timed_out && !deadline.is_over()) error.error.code = ErrorCode::provider_failed;
  return error;
}

bool is_timeout(const CallAttempt& attempt) { return attempt.failure && attempt.failure->code == ErrorCode::timed_out; }

// The provider's words may repeat what it was sent, and they go to errors and, of a limit, to the shared budget.
void remove_secrets(CallAttempt& attempt, const std::vector<Secret>& secrets) {
  attempt.verdict.reason = without_secrets(std::move(attempt.verdict.reason), secrets);
  if (!attempt.failure) return;
  attempt.failure->message = without_secrets(std::move(attempt.failure->message), secrets);
  attempt.failure->detail = without_secrets(std::move(attempt.failure->detail), secrets);
}

}  // namespace

Task<Result<Request>> NoCredentials::sign(Request request) { co_return request; }
Task<Result<bool>> NoCredentials::renew() { co_return false; }

RateCall BudgetedClient::rate_call(const Call& call) const {
  return {.identity = account_.identity,
          .client = account_.client,
          .bucket = call.bucket,
          .units = call.units,
          .endpoint = call.endpoint,
          .slots_max = account_.slots_max};
}

Task<std::expected<std::optional<RatePermit>, CallError>> BudgetedClient::admit(RateCall call, Deadline deadline) {
  if (outbound_.broker == nullptr) co_return std::nullopt;
  auto admission = co_await outbound_.broker->admit(std::move(call), deadline);
  if (!admission) co_return std::unexpected(refused(std::move(admission.error())));
  if (auto* park = std::get_if<Park>(&*admission))
    co_return std::unexpected(parked(park->until, std::move(park->reason)));
  auto& permit = std::get<RatePermit>(*admission);
  note_wait(permit.waited());
  co_return std::optional<RatePermit>(std::move(permit));
}

void BudgetedClient::note_wait(milliseconds waited) {
  if (waited < k_wait_counted_min) return;
  ++counts_.waits;
  counts_.waited += waited;
}

CallError BudgetedClient::parked(Instant until, std::string reason) const {
  return {{ErrorCode::limited, std::move(reason)}, AnswerClass::limited, 0, until};
}

CallError BudgetedClient::refused(Error error) const {
  if (error.code != ErrorCode::limited) return {std::move(error)};
  return parked(credentials_.parked_until().value_or(outbound_.clock.now() + k_unsaid_wait), std::move(error.message));
}

Task<Result<Request>> BudgetedClient::sign(Request request, Deadline deadline) {
  request.deadline = deadline;
  if (account_.egress) request.egress = account_.egress;
  co_return co_await credentials_.sign(std::move(request));
}

// Another call may have renewed them while this one was under way.
Task<Result<bool>> BudgetedClient::renew(Request unsigned_request, Secret refused) {
  const auto now = co_await credentials_.sign(std::move(unsigned_request));
  if (now && credentials_of(*now).reveal() != refused.reveal()) co_return true;
  co_return co_await credentials_.renew();
}

// What the provider tells in instants it tells by its own clock.
void BudgetedClient::judge(const Call& call, CallAttempt& attempt, Inspection& inspection) const {
  const auto& response = attempt.response;
  const auto local_now = outbound_.clock.now();
  attempt.provider_time = provider_time_of(response.headers, local_now);
  attempt.judged_at = attempt.provider_time.value_or(local_now);
  attempt.seen = observe_rate(response.headers, attempt.judged_at);
  const AnswerView view{response.status, response.headers, response.body, call.is_json_expected};
  attempt.verdict = classify(view, attempt.seen, account_.rules, attempt.judged_at);
  if (call.inspect && attempt.verdict.meaning == AnswerClass::ok) inspection = call.inspect(response);
  if (!inspection.ruling) return;
  const auto& ruling = *inspection.ruling;
  const AnswerRule unconditional{
      .meaning = ruling.meaning, .scope = ruling.scope, .wait = ruling.wait, .reason = ruling.reason};
  attempt.verdict = classify(view, attempt.seen, {unconditional}, attempt.judged_at);
}

std::int64_t BudgetedClient::count(const Call& call, const CallAttempt& attempt, const Inspection& inspection) {
  const auto& response = attempt.response;
  const bool is_unchanged = attempt.verdict.meaning == AnswerClass::unchanged;
  const auto own_units = is_unchanged && account_.is_unchanged_free ? 0 : inspection.units.value_or(call.units);
  const auto units = own_units + response.requests - 1;  // a redirect is a request too
  counts_.requests += response.requests;
  counts_.not_modified += is_unchanged ? 1 : 0;
  counts_.bytes += response.bytes;
  counts_.units += units;
  return units;
}

CallAttempt BudgetedClient::evaluate(const Call& call, const std::vector<Secret>& secrets, Result<Response> fetched,
                                     std::optional<RatePermit> permit) {
  CallAttempt attempt;
  if (!fetched) {
    counts_.requests += fetched.error().code == ErrorCode::invalid_input ? 0 : 1;
    attempt.failure = std::move(fetched.error());
    remove_secrets(attempt, secrets);
    return attempt;
  }
  attempt.response = std::move(*fetched);
  Inspection inspection;
  judge(call, attempt, inspection);
  remove_secrets(attempt, secrets);
  const auto units = count(call, attempt, inspection);
  if (permit && attempt.verdict.meaning == AnswerClass::limited)
    permit->finish_limited(attempt.verdict, attempt.seen, attempt.judged_at);
  else if (permit)
    permit->finish(attempt.seen, attempt.judged_at, units);
  return attempt;
}

Task<CallResult> BudgetedClient::call(Call call, Deadline deadline) {
  Retry retry(account_.retry, outbound_.random);
  bool has_renewed = false;
  for (int limits = 0, timeouts = 0;;) {
    auto request = co_await sign(call.request, deadline);
    if (!request) co_return std::unexpected(refused(std::move(request.error())));
    auto permit = co_await admit(rate_call(call), deadline);
    if (!permit) co_return std::unexpected(std::move(permit.error()));
    WatchedSink sink(call.request.sink);
    request->sink = sink.or_null();
    auto sent = *request;
    sent.buffer = std::move(call.request.buffer);
    auto fetched = co_await outbound_.http.fetch(std::move(sent));
    auto attempt = evaluate(call, secrets_of(*request, call.request.url), std::move(fetched), std::move(*permit));
    if (attempt.is_answered())
      co_return Answer{std::move(attempt.response), attempt.verdict.meaning, attempt.provider_time};
    auto error = call_error(attempt, call.request.url, deadline);
    const bool can_restart = sink.restart();
    if (error.meaning == AnswerClass::limited && outbound_.broker != nullptr && can_restart && ++limits < k_limits_max)
      continue;  // the budget knows of it: its next leave comes after the wait
    if (error.meaning == AnswerClass::limited)
      error.park_until = outbound_.clock.now() + attempt.verdict.wait.value_or(k_unsaid_wait) + k_unsaid_wait;
    if (error.park_until || !can_restart) co_return std::unexpected(std::move(error));
    if (is_timeout(attempt) && ++timeouts >= k_timeouts_max) co_return std::unexpected(std::move(error));
    call.request.buffer = std::move(attempt.response.body);
    if (error.meaning == AnswerClass::auth && error.status == 401 && !std::exchange(has_renewed, true)) {
      const auto renewed = co_await renew(call.request, credentials_of(*request));
      if (!renewed) co_return std::unexpected(refused(renewed.error()));
      if (*renewed) continue;
    }
    const auto given_up = co_await retry.pause(failed_attempt(attempt), deadline);
    if (given_up) co_return std::unexpected(std::move(error));
    ++counts_.retries;
  }
}

}  // namespace weir::http
