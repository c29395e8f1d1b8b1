// A real server on loopback with a database of its own, and a client that checks every answer against the route's
// declaration.
#pragma once
#include <map>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <nlohmann/json.hpp>

#include "api/background.hpp"
#include "api/routes.hpp"
#include "api/server.hpp"
#include "scheduler/upkeep.hpp"
#include "tests/support/tenancy.hpp"

namespace weir::test {

using nlohmann::json;

struct ApiReply {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  json document() const { return json::parse(body, nullptr, false); }
  std::string code() const { return document().value("code", ""); }
};

struct ApiCall {
  std::string method = "GET";
  std::string target = "/";
  std::string key{};
  std::optional<json> body{};
  api::Headers headers{};
};

inline ApiReply parse_reply(const std::string& text) {
  ApiReply reply;
  const auto end = text.find("\r\n\r\n");
  if (!text.starts_with("HTTP/1.1 ") || end == std::string::npos) return reply;
  reply.status = std::stoi(text.substr(9, 3));
  for (auto at = text.find("\r\n") + 2; at < end; at = text.find("\r\n", at) + 2) {
    const auto line = text.substr(at, text.find("\r\n", at) - at);
    auto name = line.substr(0, line.find(':'));
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    reply.headers[name] = line.substr(std::min(line.size(), line.find(':') + 2));
  }
  reply.body = text.substr(end + 4);
  return reply;
}

// The bytes of a request, as they are, and all that comes back until the server closes.
inline Task<std::string> exchange(Executor executor, std::uint16_t port, std::string bytes) {
  asio::ip::tcp::socket socket(executor);
  boost::system::error_code error;
  co_await socket.async_connect({asio::ip::address_v4::loopback(), port}, asio::use_awaitable);
  co_await asio::async_write(socket, asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
  std::string got;
  co_await asio::async_read(socket, asio::dynamic_buffer(got), asio::redirect_error(asio::use_awaitable, error));
  co_return got;
}

inline std::string bytes_of(const ApiCall& call) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n", call.method, call.target);
  if (!call.key.empty()) text += fmt::format("X-API-Key: {}\r\n", call.key);
  for (const auto& [name, value] : call.headers) text += fmt::format("{}: {}\r\n", name, value);
  if (!call.body) return text + "\r\n";
  const auto body = call.body->is_binary() ? std::string(call.body->get_binary().begin(), call.body->get_binary().end())
                                           : call.body->dump();
  return text + fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
}

// What is wrong with an answer, by what its route declares.
inline std::vector<std::string> check_reply(const api::Router& router, const ApiCall& call, const ApiReply& reply) {
  const auto target = api::parse_target(call.target);
  const auto match = target ? router.find(call.method, *target) : api::Match{};
  if (reply.headers.count("x-request-id") == 0) return {"it lacks X-Request-Id"};
  if (reply.status >= 400) {
    auto problems = api::check_schema(api::schema::ref("Problem"), api::components(), reply.document(), "problem");
    if (match.route == nullptr) return problems;
    const auto errors = errors_of(*match.route);
    if (std::ranges::none_of(errors, [&](ErrorCode code) { return traits(code).name == reply.code(); }))
      problems.push_back(fmt::format("{} does not declare {}", match.route->operation, reply.code()));
    return problems;
  }
  if (match.route == nullptr) return {"there is no such route, but it was answered"};
  const auto row = std::ranges::find(match.route->answers, reply.status, &api::AnswerRow::status);
  if (row == match.route->answers.end())
    return {fmt::format("{} does not declare {}", match.route->operation, reply.status)};
  if (row->schema.is_null() || call.method == "HEAD") return {};
  return api::check_schema(row->schema, api::components(), reply.document(), "answer");
}

inline plugin::PluginCatalog shipped_plugins() {
  return plugin::PluginCatalog::read({std::filesystem::path(WEIR_SOURCE_DIR) / "plugins"}, plugin::product_builtins());
}

struct ApiProcess {
  ApiProcess(Context owner, const TestDatabase& database, const std::filesystem::path& key_file,
             const plugin::PluginCatalog& catalog, api::ServerSettings settings)
      : process(owner, database, key_file),
        queue(process.database, random),
        bell(owner.executor(), owner.blocking, process.database, database.pool_settings().connect, random),
        scheduler(process.database, bell, random),
        upkeep(process.database, random, "test",
               scheduler::queue_jobs(scheduler, queue, bell, []() -> Task<std::int64_t> { co_return 0; })),
        services{
            .executor = owner.executor(),
            .blocking = owner.blocking,
            .database = process.database,
            .vault = process.vault,
            .queue = queue,
            .bell = bell,
            .upkeep = upkeep,
            .plugins =
                [&catalog] { return std::shared_ptr<const plugin::PluginCatalog>(std::shared_ptr<void>(), &catalog); },
            .background = background,
            .version = "test"},
        door(services, api::all_routes()),
        server(owner.executor(), settings, door) {}

  Task<ApiReply> call(ApiCall call) {
    auto reply = parse_reply(co_await exchange(services.executor, server.port(), bytes_of(call)));
    for (const auto& problem : check_reply(door.router(), call, reply))
      ADD_FAILURE() << call.method << ' ' << call.target << ' ' << reply.status << ": " << problem << '\n'
                    << reply.body;
    co_return reply;
  }
  Task<> stop() {
    co_await server.stop(Deadline::in(std::chrono::seconds(5)));
    co_await background.stop(Deadline::in(std::chrono::seconds(5)));
  }
  Task<ApiReply> get(std::string target, std::string key) {
    return call({.target = std::move(target), .key = std::move(key)});
  }
  Task<ApiReply> post(std::string target, std::string key, json body) {
    return call({.method = "POST", .target = std::move(target), .key = std::move(key), .body = std::move(body)});
  }

  tenancy::testing::Process process;
  api::Background background{process.context.executor()};
  Random random{1};
  queue::Queue queue;
  queue::QueueBell bell;  // not started: nobody listens here
  scheduler::Scheduler scheduler;
  scheduler::Upkeep upkeep;
  api::Services services;
  api::Door door;
  api::Server server;
};

class ApiWorld : public ::testing::Test {
 protected:
  void with_server(const std::function<Task<>(ApiProcess&)>& body, api::ServerSettings settings = {.port = 0}) {
    settings.port = 0;
    run([&](Context context) -> Task<> {
      ApiProcess process(context, database, directory.path() / "master.key", catalog, settings);
      EXPECT_TRUE(process.server.open());
      co_await body(process);
      co_await process.stop();
    });
  }
  // A key, made without the API.
  std::string make_key(tenancy::KeyScope scope, std::optional<TenantId> tenant = {},
                       std::optional<std::chrono::seconds> lifetime = {}) {
    std::string text;
    run([&](Context context) -> Task<> {
      pg::Pool pool(context.executor(), context.blocking, database.pool_settings());
      pg::Database door(pool, database.roles());
      const auto made = co_await tenancy::create_api_key(
          door, "cli:tester", {.name = "test", .scope = scope, .tenant = tenant, .lifetime = lifetime});
      if (made) text = made->text.reveal();
    });
    EXPECT_FALSE(text.empty());
    return text;
  }
  std::string super(const std::string& sql) const { return database.super(sql); }

  TestDatabase database;
  TemporaryDirectory directory;
  plugin::PluginCatalog catalog = shipped_plugins();
};

}  // namespace weir::test
