// Errors as application/problem+json (RFC 9457): "code" is the stable name in the error table of base/error.hpp,
// "detail" the sentence for a person.
#pragma once
#include <string>

#include <nlohmann/json.hpp>

#include "api/request.hpp"
#include "base/error.hpp"

namespace weir::api {

inline constexpr std::string_view k_problem_type = "application/problem+json";

// Of a fault of this service (5xx) only the code is told; the message is for its log. `extra` are further members.
nlohmann::json problem_document(const Error& error, const std::string& request_id,
                                const nlohmann::json& extra = nlohmann::json::object());
// Whether an answer says Retry-After: trying again may help.
bool may_pass(int http_status);
HttpAnswer problem_answer(const Error& error, const std::string& request_id);
// A handler's own: 429 with what is left and when it begins anew.
Answer problem_with(const Error& error, const Request& request, const nlohmann::json& extra, Headers headers);

std::string dump(const nlohmann::json& document);

}  // namespace weir::api
