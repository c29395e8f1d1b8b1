// One attempt of a call and what to make of it: pure decisions of the budgeted client. Private to this module.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/answer_class.hpp"
#include "http/request.hpp"

namespace weir::http {

struct CallAttempt {
  std::optional<Error> failure{};  // nothing arrived; otherwise:
  Response response{};
  Verdict verdict{};
  RateObservation seen{};
  std::optional<Instant> provider_time{};
  Instant judged_at{};  // the provider's clock, where it says it

  bool is_answered() const { return !failure && !error_code_of(verdict.meaning); }
};

// The instant an answer's Date header says; nullopt also where it is more than a day off, since that is no clock.
std::optional<Instant> provider_time_of(const Headers& headers, Instant now);

// What the caller of call() is told of an attempt that brought no usable answer.
Error error_of(const CallAttempt& attempt, const Url& url);

// What a request must never be quoted with: its secret headers and their parts, and values of its query that the
// unsigned request did not have.
std::vector<Secret> secrets_of(const Request& signed_request, const Url& unsigned_url);
// The text with each of them replaced by ***.
std::string without_secrets(std::string text, const std::vector<Secret>& secrets);

// All that sign() added, as one value to compare.
Secret credentials_of(const Request& signed_request);

// Notes whether the sink behind it was given anything.
class WatchedSink final : public BodySink {
 public:
  explicit WatchedSink(BodySink* sink) : sink_(sink) {}
  Result<> write(std::string_view chunk) override {
    has_written_ = true;
    return sink_->write(chunk);
  }
  // Whether the request may be made again.
  bool restart() override { return sink_ == nullptr || !has_written_ || sink_->restart(); }
  BodySink* or_null() { return sink_ == nullptr ? nullptr : this; }

 private:
  BodySink* sink_;
  bool has_written_ = false;
};

}  // namespace weir::http
