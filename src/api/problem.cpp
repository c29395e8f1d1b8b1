#include "api/problem.hpp"

#include <fmt/format.h>

namespace weir::api {
namespace {

constexpr int k_first_fault = 500;
constexpr std::string_view k_retry_after_seconds = "2";

// Without what only helps at the command line: the rest of a line from where it comes to a command or an option.
std::string without_commands(std::string text) {
  for (const std::string_view marker : {"`weir ", "(weir ", "--set ", "--secret-env", "--unset "})
    for (auto at = text.find(marker); at != std::string::npos; at = text.find(marker)) {
      const auto line = text.rfind('\n', at) == std::string::npos ? 0 : text.rfind('\n', at);
      auto begin = text.rfind("; ", at);
      if (begin == std::string::npos || begin < line) begin = text.rfind(": ", at);
      if (begin == std::string::npos || begin < line) begin = at;
      const auto end = std::min(text.find('\n', at), text.size());
      text.erase(begin, end - begin);
    }
  return text;
}

std::string detail_of(const Error& error, const std::string& request_id) {
  if (traits(error.code).http_status < k_first_fault || error.code == ErrorCode::stopping)
    return without_commands(error.message);
  if (error.code == ErrorCode::limited) return fmt::format("{}; try again", error.message);
  if (error.code == ErrorCode::database_unreachable) return "the database cannot be reached now; try again";
  if (error.code == ErrorCode::timed_out) return "this service or its database did not get done in time; try again";
  if (error.code == ErrorCode::transaction_conflict) return "somebody else changed the same thing; try again";
  return fmt::format("the request could not be served; the log of this service says why under {}", request_id);
}

}  // namespace

bool may_pass(int http_status) { return http_status == 503 || http_status == 504; }

nlohmann::json problem_document(const Error& error, const std::string& request_id, const nlohmann::json& extra) {
  const auto& row = traits(error.code);
  auto title = std::string(row.name);
  std::ranges::replace(title, '_', ' ');
  nlohmann::json document{{"type", fmt::format("urn:weir:problem:{}", row.name)},
                          {"title", title},
                          {"status", row.http_status},
                          {"code", row.name},
                          {"detail", detail_of(error, request_id)},
                          {"request_id", request_id}};
  document.update(extra);
  return document;
}

HttpAnswer problem_answer(const Error& error, const std::string& request_id) {
  const auto& row = traits(error.code);
  HttpAnswer answer{.status = row.http_status,
                    .content_type = std::string(k_problem_type),
                    .body = dump(problem_document(error, request_id))};
  if (may_pass(row.http_status)) answer.headers.emplace_back("Retry-After", k_retry_after_seconds);
  if (error.code == ErrorCode::unauthenticated) answer.headers.emplace_back("WWW-Authenticate", "ApiKey");
  return answer;
}

Answer problem_with(const Error& error, const Request& request, const nlohmann::json& extra, Headers headers) {
  return {.status = traits(error.code).http_status,
          .headers = std::move(headers),
          .text = dump(problem_document(error, request.id, extra)),
          .content_type = std::string(k_problem_type)};
}

std::string dump(const nlohmann::json& document) {
  return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace weir::api
