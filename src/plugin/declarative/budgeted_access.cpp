#include "plugin/declarative/budgeted_access.hpp"

#include "plugin/declarative/credentials.hpp"
#include "plugin/declarative/plan.hpp"
#include "plugin/script.hpp"

namespace weir::plugin::declarative {
namespace {

class BudgetedRequester final : public Requester {
 public:
  BudgetedRequester(const http::Outbound& outbound, http::Account account,
                    std::unique_ptr<http::Credentials> credentials)
      : credentials_(std::move(credentials)),
        identity_(account.identity),
        client_(outbound, std::move(account), *credentials_) {}

  Task<std::expected<Reply, Refusal>> send(Ask ask) override {
    http::Call call{.request = {.url = std::move(ask.url),
                                .method = std::move(ask.method),
                                .headers = std::move(ask.headers),
                                .body = std::move(ask.body),
                                .buffer = std::move(ask.buffer)},
                    .bucket = std::move(ask.bucket),
                    .units = ask.units,
                    .endpoint = std::move(ask.endpoint)};
    if (ask.inspect) call.inspect = inspection(std::move(ask.inspect));
    auto result = co_await client_.call(std::move(call), Deadline::never());
    if (!result) {
      auto& refused = result.error();
      co_return std::unexpected(Refusal{std::move(refused.error), refused.meaning, refused.status, refused.park_until});
    }
    co_return to_reply(std::move(result->response), result->meaning, result->provider_time);
  }

  RequestCounts counts() const override {
    const auto& counts = client_.counts();
    return {counts.requests, counts.not_modified, counts.bytes, counts.units, counts.waited};
  }
  std::string identity() const override { return identity_; }

 private:
  static std::function<http::Inspection(const http::Response&)> inspection(
      std::function<AnswerFinding(const ReplyView&)> inspect) {
    return [inspect = std::move(inspect)](const http::Response& response) {
      auto finding = inspect({response.status, response.headers, response.body});
      return http::Inspection{std::move(finding.ruling), finding.units};
    };
  }

  static Reply to_reply(http::Response response, http::AnswerClass meaning, std::optional<Instant> provider_time) {
    return {.status = response.status,
            .headers = std::move(response.headers),
            .body = std::move(response.body),
            .room = std::move(response.room),
            .meaning = meaning,
            .provider_time = provider_time,
            .url = std::move(response.url)};
  }

  std::unique_ptr<http::Credentials> credentials_;
  std::string identity_;
  http::BudgetedClient client_;
};

}  // namespace

Result<std::unique_ptr<Requester>> BudgetedAccess::open(const ScriptDeclaration& script, RequesterPlan plan,
                                                        const ScriptServices& services) {
  const auto& service = *script.plan->service;
  const http::RateClient client{services.tenant,
                                services.is_manual ? http::RatePriority::manual : http::RatePriority::scheduled};
  auto prepared = prepare_credentials(service, services.environment, outbound_, plan.base, tokens_,
                                      {to_string(services.tenant) + "/" + services.data_source, client});
  if (!prepared) return std::unexpected(prepared.error());
  http::Account account{.client = client,
                        .identity = std::move(prepared->rate_identity),
                        .slots_max = service.slots_max,
                        .is_unchanged_free = true,
                        .rules = std::move(plan.rules),
                        .egress = services.egress};
  return std::make_unique<BudgetedRequester>(outbound_, std::move(account), std::move(prepared->credentials));
}

}  // namespace weir::plugin::declarative
