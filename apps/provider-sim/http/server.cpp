#include "provider-sim/http/server.hpp"

#include <list>

#include <restinio/all.hpp>

#include "base/task_group.hpp"
#include "provider-sim/http/compress.hpp"
#include "provider-sim/http/raw_delivery.hpp"

namespace weir::sim {
namespace {

struct Traits : restinio::single_thread_traits_t<restinio::asio_timer_manager_t, restinio::null_logger_t> {};
using Connection = restinio::impl::connection_t<Traits>;

constexpr std::size_t k_compressible_min = 1'000;
constexpr auto k_longest_answer = std::chrono::hours(6);

Request read_request(const restinio::request_t& raw) {
  const auto& header = raw.header();
  Request request = make_request(header.method().c_str(), header.request_target());
  const auto field = [&header](std::string_view name) {
    const auto value = header.opt_value_of(restinio::string_view_t(name.data(), name.size()));
    return value ? std::string(value->data(), value->size()) : std::string();
  };
  request.authorization = field("Authorization");
  request.user_agent = field("User-Agent");
  request.accept = field("Accept");
  request.api_version = field("X-GitHub-Api-Version");
  request.if_none_match = field("If-None-Match");
  request.if_modified_since = field("If-Modified-Since");
  request.accepts_gzip = field("Accept-Encoding").find("gzip") != std::string::npos;
  request.body = raw.body();
  return request;
}

// The socket of a request that will get no ordinary answer. This is the way RESTinio's own websockets take it.
asio::ip::tcp::socket take_socket(restinio::request_t& request) {
  auto connection = std::move(restinio::impl::access_req_connection(request));
  auto internals = dynamic_cast<Connection&>(*connection).move_upgrade_internals();
  return std::move(internals.m_socket);
}

// Compressed bodies, by the body they came from; the cache keeps those alive that are asked for again.
class Compressor {
 public:
  Body compress(const Body& body) {
    for (auto item = items_.begin(); item != items_.end(); ++item) {
      if (item->plain != body) continue;
      items_.splice(items_.begin(), items_, item);
      return items_.front().packed;
    }
    items_.push_front({body, std::make_shared<const std::string>(gzip(*body))});
    if (items_.size() > 64) items_.pop_back();
    return items_.front().packed;
  }

 private:
  struct Item {
    Body plain;
    Body packed;
  };
  std::list<Item> items_;
};

// Where ends are told; connections may die after the provider did.
struct Sink {
  Provider* provider = nullptr;
  void end(Provider::Exchange& exchange, int status, std::uint64_t bytes) const {
    if (provider) provider->end(exchange, status, bytes);
  }
};

}  // namespace

struct HttpServer::Impl {
  Impl(asio::io_context& io, Settings given)
      : context(io),
        settings(std::move(given)),
        tasks(io.get_executor()),
        server(restinio::external_io_context(io), [this](auto& options) {
          options.address(settings.address).port(settings.port).buffer_size(16'384);
          options.handle_request_timeout(k_longest_answer).write_http_response_timelimit(k_longest_answer);
          options.read_next_http_message_timelimit(k_longest_answer);
          options.acceptor_post_bind_hook(
              [this](asio::ip::tcp::acceptor& acceptor) { port = acceptor.local_endpoint().port(); });
          options.request_handler([this](restinio::request_handle_t request) { return handle(std::move(request)); });
        }) {
    server.open_sync();
  }

  restinio::request_handling_status_t handle(restinio::request_handle_t raw) {
    Request request = read_request(*raw);
    if (Control::owns(request.path)) {
      respond(std::move(raw), control->answer(request), request.accepts_gzip, {});
      return restinio::request_accepted();
    }
    std::shared_ptr<Provider::Exchange> exchange = sink->provider->begin(std::move(request));
    if (exchange->delay.count() == 0) {
      answer(std::move(raw), std::move(exchange));
    } else {
      auto timer = std::make_shared<asio::steady_timer>(context, exchange->delay);
      timer->async_wait([this, timer, raw = std::move(raw), exchange](const boost::system::error_code& error) mutable {
        if (!error) answer(std::move(raw), std::move(exchange));
      });
    }
    return restinio::request_accepted();
  }

  void answer(restinio::request_handle_t raw, std::shared_ptr<Provider::Exchange> exchange) {
    Response response = sink->provider->answer(*exchange);
    if (response.delivery != Delivery::normal) {
      tasks.spawn("raw delivery", deliver(take_socket(*raw), std::move(response), std::move(exchange)));
      return;
    }
    const bool accepts_gzip = exchange->request.accepts_gzip;
    respond(std::move(raw), std::move(response), accepts_gzip, std::move(exchange));
  }

  Task<> deliver(asio::ip::tcp::socket socket, Response response, std::shared_ptr<Provider::Exchange> exchange) {
    const int status = response.status;
    const auto sent = co_await deliver_raw(std::move(socket), std::move(response));
    sink->end(*exchange, status, sent);
  }

  void respond(restinio::request_handle_t raw, Response response, bool accepts_gzip,
               std::shared_ptr<Provider::Exchange> exchange) {
    auto builder = raw->create_response(restinio::http_status_line_t(
        restinio::http_status_code_t(static_cast<std::uint16_t>(response.status)), reason(response.status)));
    for (const auto& [name, value] : response.headers) builder.append_header(name, value);
    Body body = response.body;
    if (settings.compresses && accepts_gzip && body && body->size() >= k_compressible_min) {
      body = compressor.compress(body);
      builder.append_header("Content-Encoding", "gzip");
    }
    const int status = response.status;
    const auto bytes = body ? body->size() : 0;
    if (body) builder.set_body(std::move(body));
    builder.done([to = sink, exchange, status, bytes](const auto&) {
      if (exchange) to->end(*exchange, status, bytes);
    });
  }

  static std::string reason(int status) {
    switch (status) {
      case 200: return "OK";
      case 201: return "Created";
      case 204: return "No Content";
      case 301: return "Moved Permanently";
      case 304: return "Not Modified";
      case 401: return "Unauthorized";
      case 403: return "Forbidden";
      case 404: return "Not Found";
      case 409: return "Conflict";
      case 429: return "Too Many Requests";
      default: return "Status";
    }
  }

  asio::io_context& context;
  Settings settings;
  std::uint16_t port = 0;
  std::shared_ptr<Sink> sink = std::make_shared<Sink>();
  Control* control = nullptr;
  Compressor compressor;
  TaskGroup tasks;
  restinio::http_server_t<Traits> server;
};

HttpServer::HttpServer(asio::io_context& context, Settings settings)
    : impl_(std::make_unique<Impl>(context, std::move(settings))) {}
HttpServer::~HttpServer() { impl_->sink->provider = nullptr; }

std::uint16_t HttpServer::port() const { return impl_->port; }

void HttpServer::serve(Provider& provider, Control& control) {
  impl_->sink->provider = &provider;
  impl_->control = &control;
}

Task<> HttpServer::stop() {
  impl_->server.close_sync();
  co_await impl_->tasks.stop(Deadline::in(std::chrono::seconds(1)));
}

}  // namespace weir::sim
