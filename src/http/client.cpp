#include "http/client.hpp"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

#include "http/redirect.hpp"
#include "http/transfer.hpp"

namespace weir::http {
namespace {

Result<> check_sendable(const Request& request) {
  const auto refuse = [](std::string_view what) {
    return fail(ErrorCode::invalid_input,
                fmt::format("the {} cannot be sent: it holds a character HTTP forbids", what));
  };
  if (!is_sendable(request.method, "")) return refuse("method");
  for (const auto& field : request.headers)
    if (!is_sendable(field.name, field.value)) return refuse(fmt::format("header {:?}", field.name));
  for (const auto& field : request.secret_headers)
    if (!is_sendable(field.name, field.value.reveal())) return refuse(fmt::format("secret in header {:?}", field.name));
  return {};
}

class Counted {
 public:
  explicit Counted(std::size_t& count) : count_(count) { ++count_; }
  ~Counted() { --count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  std::size_t& count_;
};

void apply(const Redirect& redirect, Request& request) {
  request.url = redirect.target;
  if (!redirect.is_get_from_now) return;
  if (request.method != "HEAD") request.method = "GET";
  request.body.clear();
}

// What the earlier hops cost and found out.
struct Journey {
  std::int64_t bytes = 0;
  std::chrono::milliseconds duration{0};
  int hops = 0;
  bool is_all_permanent = true;

  void add(const Response& hop, bool is_permanent) {
    bytes += hop.bytes;
    duration += hop.duration;
    ++hops;
    is_all_permanent = is_all_permanent && is_permanent;
  }
  void finish(Response& last) const {
    last.bytes += bytes;
    last.duration += duration;
    last.requests += hops;
    if (hops > 0 && is_all_permanent) last.moved_to = last.url;
  }
};

}  // namespace

HttpClient::HttpClient(const Executor& executor, ClientSettings settings)
    : executor_(executor),
      settings_(std::move(settings)),
      multi_(executor, {settings_.connections_max, settings_.connections_per_host_max}),
      room_(std::make_shared<BodyRoom>(settings_.bodies_bytes_max)) {}

HttpClient::~HttpClient() { assert(in_flight_ == 0); }

Task<Result<Response>> HttpClient::fetch(Request request) {
  if (const auto sendable = check_sendable(request); !sendable) co_return std::unexpected(sendable.error());
  const Counted counted(in_flight_);
  const auto deadline = request.deadline.at_most(settings_.total_timeout);
  const auto& egress = request.egress ? *request.egress : settings_.egress;
  auto buffer = std::move(request.buffer);
  Journey journey;
  for (;;) {
    const auto allowed = egress.check_host(request.url.origin().host);
    if (!allowed) co_return std::unexpected(allowed.error());
    Transfer transfer(executor_, multi_, settings_, request, egress, {std::move(buffer), room_});
    const auto outcome = co_await transfer.run(deadline);
    if (!outcome) co_return std::unexpected(outcome.error());
    auto response = transfer.take_response();
    const bool is_bound = !request.secret_headers.empty() || !request.body.empty();
    const auto redirect = decide_redirect(request.url, response.status, response.headers.get("Location"), is_bound,
                                          journey.hops, settings_.redirects_max);
    if (!redirect) co_return std::unexpected(redirect.error());
    if (!*redirect) {
      journey.finish(response);
      co_return response;
    }
    journey.add(response, (*redirect)->is_permanent);
    buffer = std::move(response.body);
    apply(**redirect, request);
  }
}

}  // namespace weir::http
