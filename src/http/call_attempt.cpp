#include "http/call_attempt.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "http/http_date.hpp"

namespace weir::http {
namespace {

constexpr Duration k_clock_off_max = std::chrono::days(1);
constexpr std::size_t k_secret_bytes_min = 6;  // shorter parts are words: Bearer, token

// Calls use(part) for each part of the text between characters of `separators`.
template <class Use>
void for_each_part(std::string_view text, std::string_view separators, Use use) {
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(separators), text.size());
    use(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

bool is_scheme(std::string_view part) {
  return equals_ignoring_case(part, "bearer") || equals_ignoring_case(part, "token") ||
         equals_ignoring_case(part, "basic");
}

void add_secret(std::vector<Secret>& secrets, std::string_view value) {
  if (value.size() >= k_secret_bytes_min && !is_scheme(value)) secrets.emplace_back(std::string(value));
}

std::string_view remedy_of(AnswerClass meaning) {
  return meaning == AnswerClass::auth ? "; give the data source new credentials" : "";
}

}  // namespace

std::optional<Instant> provider_time_of(const Headers& headers, Instant now) {
  const auto date = headers.get("Date");
  const auto time = date ? parse_http_date(*date) : std::nullopt;
  if (!time || std::chrono::abs(*time - now) > k_clock_off_max) return std::nullopt;
  return time;
}

Error error_of(const CallAttempt& attempt, const Url& url) {
  if (attempt.failure) return *attempt.failure;
  const auto& verdict = attempt.verdict;
  const auto code = error_code_of(verdict.meaning).value_or(ErrorCode::internal);
  const auto what = verdict.reason.starts_with("answered ")
                        ? verdict.reason
                        : fmt::format("answered {}: {}", attempt.response.status, verdict.reason);
  return {code, fmt::format("{} {}{}", url.origin().to_string(), what, remedy_of(verdict.meaning)), url.redacted()};
}

std::vector<Secret> secrets_of(const Request& signed_request, const Url& unsigned_url) {
  std::vector<Secret> secrets;
  for (const auto& header : signed_request.secret_headers)
    for_each_part(header.value.reveal(), " ", [&](auto part) { add_secret(secrets, part); });
  for_each_part(signed_request.url.query(), "&", [&](std::string_view pair) {
    if (!unsigned_url.query().contains(pair)) add_secret(secrets, pair.substr(pair.find('=') + 1));
  });
  return secrets;
}

std::string without_secrets(std::string text, const std::vector<Secret>& secrets) {
  for (const auto& secret : secrets)
    for (auto at = text.find(secret.reveal()); at != std::string::npos; at = text.find(secret.reveal(), at))
      text.replace(at, secret.reveal().size(), "***");
  return text;
}

Secret credentials_of(const Request& signed_request) {
  auto text = signed_request.url.query();
  for (const auto& header : signed_request.secret_headers) {
    text += '\n';
    text += header.value.reveal();
  }
  return Secret(std::move(text));
}

}  // namespace weir::http
