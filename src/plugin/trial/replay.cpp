#include "plugin/trial/replay.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "http/http_date.hpp"
#include "plugin/script.hpp"

namespace weir::plugin {

class ReplayRequester final : public Requester {
 public:
  ReplayRequester(ReplayAccess& access, RequesterPlan plan) : access_(access), plan_(std::move(plan)) {}

  Task<std::expected<Reply, Refusal>> send(Ask ask) override {
    const auto* exchange = find(ask);
    if (exchange == nullptr) co_return std::unexpected(Refusal{unexpected_request(ask)});
    co_return judge(*exchange, ask);
  }
  RequestCounts counts() const override { return counts_; }

 private:
  const Exchange* find(const Ask& ask) {
    const auto body = body_document(ask.body);
    for (std::size_t i = 0; i < access_.exchanges_.size(); ++i) {
      const auto& exchange = access_.exchanges_[i];
      if (access_.is_used_[i] || exchange.method != ask.method || exchange.url != ask.url.text()) continue;
      if (!exchange.request_body.is_null() && exchange.request_body != body) continue;
      access_.is_used_[i] = true;
      return &exchange;
    }
    return nullptr;
  }

  Error unexpected_request(const Ask& ask) const {
    const auto unused = access_.unused();
    auto message = fmt::format("there is no recorded answer to {} {}", ask.method, ask.url.redacted());
    if (!ask.body.empty()) message += " with the body " + ask.body.substr(0, 2000);
    if (!unused.empty()) message += fmt::format("; the next one recorded is {}", unused.front());
    return {ErrorCode::internal, std::move(message)};
  }

  std::expected<Reply, Refusal> judge(const Exchange& exchange, const Ask& ask) {
    Reply reply{.status = exchange.status, .headers = exchange.headers, .body = exchange.body_text(), .url = ask.url};
    ++counts_.requests;
    counts_.not_modified += reply.status == 304 ? 1 : 0;
    counts_.bytes += static_cast<std::int64_t>(reply.body.size());
    const auto date = reply.headers.get("Date");
    reply.provider_time = date ? http::parse_http_date(*date) : std::nullopt;
    const auto now = reply.provider_time.value_or(access_.clock_.now());
    const auto seen = http::observe_rate(reply.headers, now);
    const http::AnswerView view{reply.status, reply.headers, reply.body, true};
    auto verdict = http::classify(view, seen, plan_.rules, now);
    if (verdict.meaning == http::AnswerClass::ok && ask.inspect) {
      const auto finding = ask.inspect({reply.status, reply.headers, reply.body});
      if (finding.ruling) verdict = {finding.ruling->meaning, {}, finding.ruling->wait, finding.ruling->reason};
    }
    const auto code = http::error_code_of(verdict.meaning);
    reply.meaning = verdict.meaning;
    if (!code) return reply;
    Refusal refusal{{*code, fmt::format("{}: {}", ask.url.redacted(), verdict.reason)}, verdict.meaning, reply.status};
    if (*code == ErrorCode::limited)
      refusal.park_until = now + verdict.wait.value_or(Duration(std::chrono::minutes(1)));
    return std::unexpected(std::move(refusal));
  }

  ReplayAccess& access_;
  RequesterPlan plan_;
  RequestCounts counts_;
};

namespace {

class RecordingRequester final : public Requester {
 public:
  RecordingRequester(std::unique_ptr<Requester> requester, const tenancy::Environment& environment,
                     const ExchangeListener& listener)
      : requester_(std::move(requester)), scrubber_(environment), listener_(listener) {}

  Task<std::expected<Reply, Refusal>> send(Ask ask) override {
    Exchange exchange{.method = ask.method, .url = ask.url.text(), .request_body = body_document(ask.body)};
    auto reply = co_await requester_->send(std::move(ask));
    if (reply) {
      exchange.status = reply->status;
      exchange.headers = reply->headers;
      exchange.body = body_document(reply->body);
    } else {
      exchange.status = reply.error().status;
      exchange.body = {{"message", reply.error().error.message}};
    }
    scrubber_.scrub(exchange);
    listener_(exchange);
    co_return reply;
  }
  RequestCounts counts() const override { return requester_->counts(); }
  std::string identity() const override { return requester_->identity(); }

 private:
  std::unique_ptr<Requester> requester_;
  Scrubber scrubber_;
  const ExchangeListener& listener_;
};

}  // namespace

Result<std::unique_ptr<Requester>> ReplayAccess::open(const ScriptDeclaration&, RequesterPlan plan,
                                                      const ScriptServices&) {
  return std::make_unique<ReplayRequester>(*this, std::move(plan));
}

std::vector<std::string> ReplayAccess::unused() const {
  std::vector<std::string> urls;
  for (std::size_t i = 0; i < exchanges_.size(); ++i)
    if (!is_used_[i]) urls.push_back(exchanges_[i].method + " " + exchanges_[i].url);
  return urls;
}

Result<std::unique_ptr<Requester>> RecordingAccess::open(const ScriptDeclaration& script, RequesterPlan plan,
                                                         const ScriptServices& services) {
  auto requester = provider_.open(script, std::move(plan), services);
  if (!requester) return requester;
  return std::make_unique<RecordingRequester>(std::move(*requester), services.environment, listener_);
}

}  // namespace weir::plugin
