#include "plugin/declarative/credentials.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "http/call_attempt.hpp"
#include "http/rate_identity.hpp"
#include "plugin/declarative/expression/filter.hpp"
#include "plugin/declarative/request_builder.hpp"
#include "plugin/declarative/run_scope.hpp"

namespace weir::plugin::declarative {
namespace {

// One header or parameter that stays what it is.
class FixedCredentials final : public http::Credentials {
 public:
  enum class Where { header, query };
  FixedCredentials(Where where, std::string name, Secret value)
      : where_(where), name_(std::move(name)), value_(std::move(value)) {}

  Task<Result<http::Request>> sign(http::Request request) override {
    if (where_ == Where::header)
      request.secret_headers.push_back({name_, value_});
    else
      request.url = request.url.with_query(name_, value_.reveal());
    co_return request;
  }
  Task<Result<bool>> renew() override { co_return false; }

 private:
  Where where_;
  std::string name_;
  Secret value_;
};

// Where the tokens of the runs with these credentials are, and whose budget pays for asking for one.
struct TokenPlace {
  MintedTokens& tokens;
  std::string key;
  http::RateClient client;
  std::string rate_identity;
};

// A token that is asked for with other credentials, and again when it expires or is refused.
class MintedCredentials : public http::Credentials {
 public:
  MintedCredentials(const http::Outbound& outbound, TokenPlace place) : outbound_(outbound), place_(std::move(place)) {}

  Task<Result<http::Request>> sign(http::Request request) override {
    if (!token_) {
      const auto executor = co_await asio::this_coro::executor;
      token_ = place_.tokens.find(place_.key, executor, outbound_.clock.now());
    }
    parked_until_.reset();
    const auto make = [this, &request] { return mint(request.egress, request.deadline); };
    const auto token = co_await token_->get(outbound_.clock, make);
    if (!token) co_return std::unexpected(token.error());
    request.secret_headers.push_back({"Authorization", Secret(fmt::format("Bearer {}", token->reveal()))});
    co_return request;
  }
  Task<Result<bool>> renew() override {
    if (token_) token_->forget();
    co_return true;
  }
  std::optional<Instant> parked_until() const override { return parked_until_; }

 protected:
  virtual Result<http::Request> mint_request() = 0;
  // What its body holds that no error may repeat.
  virtual std::vector<Secret> secrets_sent() const { return {}; }
  // `now`: the provider's clock, which instants in its answer are told by.
  virtual Result<Minted> read(const nlohmann::json& answer, Instant now) = 0;
  const http::Outbound& outbound() const { return outbound_; }

 private:
  Task<Result<Minted>> mint(std::shared_ptr<const http::EgressPolicy> egress, Deadline deadline) {
    auto request = mint_request();
    if (!request) co_return std::unexpected(request.error());
    const auto where = request->url.redacted();
    http::NoCredentials nobody;
    http::Account account{.client = place_.client, .identity = place_.rate_identity, .egress = std::move(egress)};
    http::BudgetedClient client(outbound_, std::move(account), nobody);
    const auto answered = co_await client.call({.request = std::move(*request)}, deadline);
    if (!answered) co_return std::unexpected(refused(where, answered.error()));
    const auto& response = answered->response;
    const auto answer = nlohmann::json::parse(response.body, nullptr, false);
    if (!answer.is_object())
      co_return fail(ErrorCode::needs_credentials,
                     fmt::format("{} gave no token: it answered {} without one", where, response.status));
    co_return read(answer, answered->provider_time.value_or(outbound_.clock.now()));
  }

  // Whatever a provider has against the request, a limit aside, has to do with what it was asked with.
  Error refused(const std::string& where, const http::CallError& refused) {
    parked_until_ = refused.park_until;
    auto error = refused.error;
    error.message = http::without_secrets(std::move(error.message), secrets_sent());
    error.detail = http::without_secrets(std::move(error.detail), secrets_sent());
    if (error.code == ErrorCode::limited || refused.status < 300 || refused.status >= 500) return error;
    return {ErrorCode::needs_credentials,
            fmt::format("{} gave no token: it answered {} ({})", where, refused.status, error.message)};
  }

  http::Outbound outbound_;
  TokenPlace place_;
  std::shared_ptr<MintedToken> token_;
  std::optional<Instant> parked_until_;
};

std::optional<std::string> member_text(const nlohmann::json& answer, const char* key) {
  const auto found = answer.find(key);
  return found != answer.end() && found->is_string() ? std::optional(found->get<std::string>()) : std::nullopt;
}

class ClientCredentials final : public MintedCredentials {
 public:
  ClientCredentials(const http::Outbound& outbound, TokenPlace place, http::Url url, std::string id, Secret secret,
                    std::string scope)
      : MintedCredentials(outbound, std::move(place)),
        url_(std::move(url)),
        id_(std::move(id)),
        secret_(std::move(secret)),
        scope_(std::move(scope)) {}

 private:
  Result<http::Request> mint_request() override {
    http::Request request{.url = url_, .method = "POST"};
    request.headers.add("Content-Type", "application/x-www-form-urlencoded");
    request.headers.add("Accept", "application/json");
    request.body = fmt::format("grant_type=client_credentials&client_id={}&client_secret={}", http::percent_encode(id_),
                               http::percent_encode(secret_.reveal()));
    if (!scope_.empty()) request.body += "&scope=" + http::percent_encode(scope_);
    return request;
  }
  std::vector<Secret> secrets_sent() const override {
    return {secret_, Secret(http::percent_encode(secret_.reveal()))};
  }
  Result<Minted> read(const nlohmann::json& answer, Instant) override {
    auto token = member_text(answer, "access_token");
    if (!token) return fail(ErrorCode::needs_credentials, "the answer to client credentials has no access_token");
    Minted minted{Secret(std::move(*token))};
    if (const auto life = answer.find("expires_in"); life != answer.end() && life->is_number_integer())
      minted.expires_at = outbound().clock.now() +
                          std::chrono::seconds(std::clamp<std::int64_t>(life->get<std::int64_t>(), 0, 31'536'000));
    return minted;
  }

  http::Url url_;
  std::string id_;
  Secret secret_;
  std::string scope_;
};

class AppCredentials final : public MintedCredentials {
 public:
  AppCredentials(const http::Outbound& outbound, TokenPlace place, http::Url url, std::string app_id, Secret key)
      : MintedCredentials(outbound, std::move(place)),
        url_(std::move(url)),
        app_id_(std::move(app_id)),
        key_(std::move(key)) {}

 private:
  Result<http::Request> mint_request() override {
    const auto token = make_app_token(app_id_, key_, outbound().clock.now());
    if (!token) return std::unexpected(token.error());
    http::Request request{.url = url_, .method = "POST"};
    request.headers.add("Accept", "application/vnd.github+json");
    request.secret_headers.push_back({"Authorization", Secret(fmt::format("Bearer {}", token->reveal()))});
    return request;
  }
  Result<Minted> read(const nlohmann::json& answer, Instant now) override {
    auto token = member_text(answer, "token");
    if (!token) return fail(ErrorCode::needs_credentials, "the installation's answer has no token");
    const auto text = member_text(answer, "expires_at");
    const auto expires_at = text ? parse_rfc3339(*text) : std::nullopt;
    Minted minted{Secret(std::move(*token))};
    if (expires_at) minted.expires_at = outbound().clock.now() + (*expires_at - now);
    return minted;
  }

  http::Url url_;
  std::string app_id_;
  Secret key_;
};

// Reads the texts of one way to prove who asks.
class Preparer {
 public:
  Preparer(const tenancy::Environment& environment, const http::Outbound& outbound, const http::Url& base,
           MintedTokens& tokens, TokenOwner owner)
      : values_(environment, EnvironmentValues::Secrets::shown),
        outbound_(outbound),
        base_(base),
        tokens_(tokens),
        owner_(std::move(owner)) {
    scope_.set(Root::env, values_.value());
    scope_.set(Root::now, Value::Any(outbound.clock.now()));
  }

  Result<bool> holds(const Template& when) {
    const auto value = when.evaluate(scope_, scratch_);
    if (!value) return std::unexpected(value.error());
    return when.is_absent() || value->is_truthy();
  }

  Result<PreparedCredentials> operator()(std::monostate) { return anonymous(); }
  Result<PreparedCredentials> operator()(const BearerAuth& auth) {
    const auto token = text(auth.token, "the token");
    if (!token) return std::unexpected(token.error());
    return fixed(FixedCredentials::Where::header, "Authorization", "Bearer " + *token, *token);
  }
  Result<PreparedCredentials> operator()(const HeaderAuth& auth) {
    const auto value = text(auth.value, auth.name);
    if (!value) return std::unexpected(value.error());
    return fixed(FixedCredentials::Where::header, auth.name, *value, *value);
  }
  Result<PreparedCredentials> operator()(const QueryAuth& auth) {
    const auto value = text(auth.value, auth.name);
    if (!value) return std::unexpected(value.error());
    return fixed(FixedCredentials::Where::query, auth.name, *value, *value);
  }
  Result<PreparedCredentials> operator()(const BasicAuth& auth) {
    const auto user = text(auth.user, "the user");
    const auto password = auth.password.is_absent() ? Result<std::string>("") : text(auth.password, "the password");
    if (!user) return std::unexpected(user.error());
    if (!password) return std::unexpected(password.error());
    const auto pair = *user + ":" + *password;
    FilterCall call{Value::Any(std::string_view(pair)), {}, scratch_};
    const auto encoded = find_filter("b64encode")->apply(call);
    auto prepared = fixed(FixedCredentials::Where::header, "Authorization",
                          "Basic " + std::string(*encoded.as<std::string_view>()), pair);
    // A person's tokens share the budget; where the token stands for the user, it is the identity.
    if (!password->empty())
      prepared->rate_identity = http::rate_identity_of_account(outbound_.rate_key, base_.origin(), "user:" + *user);
    return prepared;
  }
  Result<PreparedCredentials> operator()(const ClientCredentialsAuth& auth) {
    const auto address = text(auth.token_url, "the token's URL");
    const auto id = text(auth.client_id, "the client's id");
    auto secret = text(auth.client_secret, "the client's secret");
    for (const auto* part : {&address, &id})
      if (!*part) return std::unexpected(part->error());
    if (!secret) return std::unexpected(secret.error());
    const auto url = http::Url::parse(*address);
    if (!url) return std::unexpected(url.error());
    const auto scope = auth.scope.is_absent() ? Result<std::string>("") : text(auth.scope, "the scope");
    auto place = place_of(*url, "client:" + *id, *id + "\n" + *secret + "\n" + scope.value_or(""));
    return PreparedCredentials{std::make_unique<ClientCredentials>(outbound_, std::move(place), *url, *id,
                                                                   Secret(std::move(*secret)), scope.value_or("")),
                               http::rate_identity_of_account(outbound_.rate_key, base_.origin(), "client:" + *id)};
  }
  Result<PreparedCredentials> operator()(const GithubAppAuth& auth) {
    const auto id = text(auth.app_id, "the App's id");
    auto key = text(auth.private_key, "the App's private key");
    const auto installation = text(auth.installation_id, "the installation's id");
    for (const auto* part : {&id, &installation})
      if (!*part) return std::unexpected(part->error());
    if (!key) return std::unexpected(key.error());
    const auto url =
        base_.join(fmt::format("/app/installations/{}/access_tokens", http::percent_encode(*installation)));
    if (!url) return std::unexpected(url.error());
    auto place = place_of(*url, "app:" + *id, *id + "\n" + *key);
    return PreparedCredentials{
        std::make_unique<AppCredentials>(outbound_, std::move(place), *url, *id, Secret(std::move(*key))),
        http::rate_identity_of_account(outbound_.rate_key, base_.origin(), "installation:" + *installation)};
  }

  Result<PreparedCredentials> anonymous() {
    return PreparedCredentials{std::make_unique<http::NoCredentials>(),
                               http::rate_identity_anonymous(outbound_.rate_key, base_.origin())};
  }

 private:
  Result<std::string> text(const Template& plan, std::string_view what) {
    const auto value = plan.evaluate(scope_, scratch_);
    if (!value) return std::unexpected(value.error());
    std::string out;
    if (append_text(out, *value) && !out.empty()) return out;
    return fail(ErrorCode::needs_credentials, fmt::format("{} is not set", what));
  }

  Result<PreparedCredentials> fixed(FixedCredentials::Where where, std::string name, std::string value,
                                    const std::string& token) {
    auto identity = http::rate_identity_of_token(outbound_.rate_key, base_.origin(), Secret(std::string(token)));
    return PreparedCredentials{std::make_unique<FixedCredentials>(where, std::move(name), Secret(std::move(value))),
                               std::move(identity)};
  }

  // Other credentials, or another owner of the same ones, have a token of their own.
  TokenPlace place_of(const http::Url& url, const std::string& account, std::string credentials) {
    const auto proof = http::rate_identity_of_token(outbound_.rate_key, url.origin(), Secret(std::move(credentials)));
    return {tokens_, owner_.name + "\n" + url.text() + "\n" + proof, owner_.client,
            http::rate_identity_of_account(outbound_.rate_key, url.origin(), account)};
  }

  EnvironmentValues values_;
  const http::Outbound& outbound_;
  const http::Url& base_;
  MintedTokens& tokens_;
  TokenOwner owner_;
  Scope scope_;
  Scratch scratch_;
};

}  // namespace

Result<PreparedCredentials> prepare_credentials(const ServicePlan& service, const tenancy::Environment& environment,
                                                const http::Outbound& outbound, const http::Url& base,
                                                MintedTokens& tokens, TokenOwner owner) {
  Preparer preparer(environment, outbound, base, tokens, std::move(owner));
  for (const auto& auth : service.auth) {
    const auto holds = preparer.holds(auth.when);
    if (!holds) return std::unexpected(holds.error());
    if (*holds) return std::visit(preparer, auth.kind);
  }
  return preparer.anonymous();
}

}  // namespace weir::plugin::declarative
