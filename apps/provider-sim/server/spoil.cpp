// Faults: what goes wrong on demand.
#include <fmt/format.h>

#include "provider-sim/server/provider.hpp"

namespace weir::sim {
namespace {

Response html_page(int status, std::string_view title) {
  Response response{.status = status,
                    .body = std::make_shared<const std::string>(
                        fmt::format("<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></"
                                    "center>\r\n</body>\r\n</html>\r\n",
                                    title))};
  response.headers.emplace_back("Content-Type", "text/html");
  return response;
}

Response failure(int status) {
  if (status == 502) return html_page(502, "502 Bad Gateway");
  const auto message =
      status == 503 ? "No server is currently available to service your request. Sorry about that." : "Server Error";
  return json_response(status, fmt::format("{{\"message\":\"{}\"}}", message));
}

Response deep_arrays() {
  constexpr std::size_t depth = 1'000'000;
  std::string body(depth, '[');
  body.append(depth, ']');
  return json_response(200, std::move(body));
}

// Right after the opening quote of the first text under one of the keys that importers keep.
std::string with_insert(const std::string& body, std::string_view bytes) {
  for (const std::string_view key : {"\"message\":\"", "\"title\":\"", "\"description\":\"", "\"name\":\""}) {
    const auto found = body.find(key);
    if (found == std::string::npos) continue;
    std::string spoilt = body;
    spoilt.insert(found + key.size(), bytes);
    return spoilt;
  }
  return body;
}

}  // namespace

// The faults that take effect at the door; the others wait for the answer.
void Provider::apply_fault(Exchange& exchange) {
  const Fault& fault = *exchange.fault;
  Identity& identity = *exchange.identity;
  const auto sever = [&](Delivery delivery) {
    exchange.decided = Response{.status = 0, .body = std::make_shared<const std::string>(), .delivery = delivery};
  };
  switch (fault.kind) {
    case FaultKind::status_500: exchange.decided = failure(500); break;
    case FaultKind::status_502: exchange.decided = failure(502); break;
    case FaultKind::status_503: exchange.decided = failure(503); break;
    case FaultKind::html: exchange.decided = html_page(200, "Sign in"); break;
    case FaultKind::empty_body: exchange.decided = json_response(200, ""); break;
    case FaultKind::reset: sever(Delivery::reset); break;
    case FaultKind::hang: sever(Delivery::hang); break;
    case FaultKind::slow: exchange.delay += fault.pause; break;
    case FaultKind::deep: exchange.decided = deep_arrays(); break;
    case FaultKind::huge:
      exchange.decided = json_response(200, "");
      exchange.decided->delivery = Delivery::endless;
      exchange.decided->endless_bytes = fault.bytes;
      break;
    case FaultKind::secondary:
      identity.refused_until = clock_.now() + fault.seconds;
      identity.refusal = fault.form;
      exchange.decided = secondary_refusal(exchange, fault.seconds, fault.form);
      break;
    case FaultKind::exhaust: {
      auto& window = identity.window(exchange.bucket, clock_.seconds());
      window.used = window.limit;
      window.reset = clock_.seconds() + fault.seconds;
      break;
    }
    case FaultKind::graphql_error:
      exchange.decided = json_response(
          200,
          R"({"errors":[{"message":"Something went wrong while executing your query. This may be the result of a timeout, or it could be a GitHub bug. Please include `0000:SIM:ERROR` when reporting this issue."}]})");
      break;
    case FaultKind::graphql_secondary:
      identity.refused_until = clock_.now() + fault.seconds;
      identity.refusal = fault.form;
      tell(exchange, "secondary", fault.seconds, true);
      exchange.decided = json_response(
          200,
          R"({"documentation_url":"https://docs.github.com/graphql/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits","message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again."})");
      exchange.decided->headers.emplace_back("Retry-After", std::to_string(fault.seconds.count()));
      break;
    default: break;
  }
}

void Provider::spoil_body(const Fault& fault, Response& response) {
  if (!response.body || response.status != 200) return;
  switch (fault.kind) {
    case FaultKind::truncated: response.delivery = Delivery::truncated; break;
    case FaultKind::drip:
      response.delivery = Delivery::drip;
      response.delay = fault.pause;
      break;
    case FaultKind::invalid_utf8:
      response.body = std::make_shared<const std::string>(with_insert(*response.body, "\xff\xfe\xc3("));
      break;
    case FaultKind::nul:
      response.body = std::make_shared<const std::string>(with_insert(*response.body, "\\u0000"));
      break;
    default: break;
  }
}

}  // namespace weir::sim
