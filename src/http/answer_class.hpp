// What an answer means, for any provider: the error matrix as a pure function, with rules of the provider's own in
// front.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "http/headers.hpp"
#include "http/rate_observation.hpp"

namespace weir::http {

enum class AnswerClass {
  ok,
  unchanged,    // 304: keep the data, advance nothing
  empty,        // success without rows
  moved,        // leads to another origin, which is not followed
  auth,         // the whole source stops: needs_credentials
  forbidden,    // this resource is skipped, its siblings go on
  gone,         // missing, removed or blocked: never a reason to delete rows
  limited,      // not now: wait or park; no failed attempt
  transient,    // may pass: retried
  bad_request,  // this request will never work
};
std::string_view to_string(AnswerClass value);

// The code a caller's Error has for a class; nullopt for ok, unchanged and empty.
std::optional<ErrorCode> error_code_of(AnswerClass value);

// What a limit applies to.
enum class LimitScope {
  bucket,    // the bucket that the request was charged to
  identity,  // everything asked with this credential
};

// A provider's own rule. It holds when every part that is given holds; the first rule that holds decides.
struct AnswerRule {
  std::vector<int> statuses{};    // empty: any
  std::string header{};           // this field is present …
  std::string header_contains{};  // … and contains this, without regard to case
  std::string body_contains{};    // without regard to case, within the first k_rule_bytes_max of the body
  AnswerClass meaning = AnswerClass::bad_request;
  std::optional<LimitScope> scope{};  // of limited
  std::optional<Duration> wait{};     // of limited, where the headers do not say
  std::string reason{};               // for people; empty: the provider's own words
};
constexpr std::size_t k_rule_bytes_max = std::size_t{64} * 1024;

// The answer as far as its meaning goes. Views live during the call only.
struct AnswerView {
  int status = 0;
  const Headers& headers;
  std::string_view body;
  bool is_json_expected = false;  // then HTML is a login page or a proxy's error, whatever the status
};

struct Verdict {
  AnswerClass meaning = AnswerClass::ok;
  LimitScope scope = LimitScope::bucket;
  std::optional<Duration> wait{};  // limited: how long; nullopt: the provider did not say
  std::string reason{};            // one line for people, at most 300 bytes; empty for ok
};

// `seen` is what observe_rate() made of the same headers; `now` the same instant.
Verdict classify(const AnswerView& answer, const RateObservation& seen, const std::vector<AnswerRule>& rules,
                 Instant now);

// The message inside an error body (JSON's message, error_description, error, errorMessages, errors[].msg; else plain
// text), one line of at most 200 bytes, printable; empty when there is none worth showing.
std::string message_of(std::string_view body);

}  // namespace weir::http
