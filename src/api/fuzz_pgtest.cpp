// Thousands of requests, from nearly right to nonsense, the same each time: every one is answered, none with a fault of
// ours.
#include <random>

#include <gtest/gtest.h>

#include "tests/support/two_tenants.hpp"

namespace weir::api {
namespace {

using nlohmann::json;
using test::ApiCall;
using test::ApiProcess;

class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>(0, bound - 1)(engine_); }
  bool one_in(std::size_t n) { return below(n) == 0; }
  template <class List>
  const auto& pick(const List& list) {
    return *std::next(list.begin(), static_cast<std::ptrdiff_t>(below(list.size())));
  }

 private:
  std::mt19937 engine_;
};

const std::vector<json> k_odd_values{nullptr,
                                     true,
                                     0,
                                     -1,
                                     1.5,
                                     9223372036854775807LL,
                                     18446744073709551615ULL,
                                     1e300,
                                     "",
                                     "a",
                                     "2026-01-31T12:00:00Z",
                                     "0001-01-01T00:00:00Z",
                                     "9999-12-31T23:59:59.999999Z",
                                     "15m",
                                     "99999999999w",
                                     "'; DROP TABLE weir.tenant; --",
                                     "../../etc/passwd",
                                     "{{ env.PATH }}",
                                     "\u202e\u0000\ufeff",
                                     std::string("nul\0nul", 7),
                                     "äöü €  𝄞",
                                     std::string(5000, 'x'),
                                     json::array(),
                                     json::object(),
                                     json::array({1, "a", nullptr}),
                                     {{"a", {{"b", {{"c", 1}}}}}}};
const std::vector<std::string> k_odd_segments{
    "",
    "..",
    "%2e%2e",
    "%00",
    "%ff",
    "a%20b",
    "*",
    "{tenant_id}",
    "-1",
    "0",
    "null",
    "'",
    "%27%3B",
    "acme/",
    "ä",
    "?",
    "%2F",
    "00000000-0000-0000-0000-000000000000",
    "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"};
const std::vector<std::string> k_methods{"GET",  "POST",    "PUT",   "PATCH", "DELETE",
                                         "HEAD", "OPTIONS", "TRACE", "get",   "FROB"};

struct Fuzzing : test::TwoTenants {
  json mutate(json value, Dice& dice, int depth = 0) {
    if (dice.one_in(6) || depth > 3) return dice.pick(k_odd_values);
    if (value.is_object()) {
      if (dice.one_in(4)) value["unknown" + std::to_string(dice.below(3))] = dice.pick(k_odd_values);
      if (!value.empty() && dice.one_in(4)) value.erase(value.begin());
      for (auto& [name, member] : value.items())
        if (dice.one_in(3)) member = mutate(member, dice, depth + 1);
    }
    if (value.is_array() && dice.one_in(2)) value.push_back(dice.pick(k_odd_values));
    return value;
  }

  std::string target(const Route& route, Dice& dice) {
    auto names = dice.one_in(4) ? globex.names : acme.names;
    std::string path;
    for (const auto& segment : split_path(route.path)) {
      const bool is_parameter = segment.starts_with('{');
      auto text = is_parameter ? names.at(segment.substr(1, segment.size() - 2)) : segment;
      if (dice.one_in(is_parameter ? 4 : 30)) text = dice.pick(k_odd_segments);
      path += "/" + text;
    }
    if (dice.one_in(3) && !route.query.empty())
      path += "?" + dice.pick(route.query).name + "=" + dice.pick(k_odd_segments);
    if (dice.one_in(10)) path += "&limit=" + std::to_string(dice.below(3000)) + "&after=" + dice.pick(k_odd_segments);
    std::erase(path, '\0');
    return path;
  }

  ApiCall request(const std::vector<Route>& routes, Dice& dice) {
    const auto& route = dice.pick(routes);
    const std::vector<std::string> keys{admin, acme.write, acme.read, globex.write, "", "weir_nonsense"};
    ApiCall call{.method = dice.one_in(8) ? dice.pick(k_methods) : route.method,
                 .target = target(route, dice),
                 .key = dice.one_in(3) ? dice.pick(keys) : admin};
    if (route.body) call.body = mutate(route.body->example, dice);
    if (dice.one_in(12)) call.body = dice.pick(k_odd_values);
    if (dice.one_in(10))
      call.headers.emplace_back("Idempotency-Key", dice.one_in(4) ? "a b" : "k" + std::to_string(dice.below(20)));
    if (dice.one_in(10)) call.headers.emplace_back("X-User-ID", dice.one_in(2) ? "\xff\xfe" : "alice");
    if (dice.one_in(20)) call.headers.emplace_back("X-Request-Id", "ä");
    if (dice.one_in(20)) call.headers.emplace_back("Last-Event-ID", "x");
    return call;
  }
};

TEST_F(Fuzzing, NeverMakesAFaultOfOurs) {
  constexpr int k_requests = 4000;
  std::map<int, int> seen;
  with_server([&](ApiProcess& process) -> Task<> {
    Dice dice(20261122);
    // A tenant that is gone would leave nothing to try.
    auto routes = process.door.router().routes();
    std::erase_if(routes, [](const Route& route) { return route.operation == "remove_tenant"; });
    for (int i = 0; i < k_requests; ++i) {
      const auto call = request(routes, dice);
      const auto reply =
          test::parse_reply(co_await test::exchange(process.services.executor, process.server.port(), bytes_of(call)));
      ++seen[reply.status / 100 * 100];
      EXPECT_TRUE(reply.status >= 200 && reply.status < 500)
          << call.method << ' ' << call.target << ' ' << (call.body ? call.body->dump() : "") << ": " << reply.status
          << ' ' << reply.body;
      if (reply.status < 400 || call.method == "HEAD") continue;
      for (const auto& problem : check_reply(process.door.router(), call, reply))
        ADD_FAILURE() << call.method << ' ' << call.target << ' ' << (call.body ? call.body->dump() : "") << ": "
                      << problem;
    }
  });
  EXPECT_GT(seen[200], 300);
  EXPECT_GT(seen[400], 1000);
}

// Bytes that are hardly HTTP: answered with 4xx or not at all, and the next client is served.
TEST_F(Fuzzing, GarbageHarmsNobody) {
  with_server(
      [](ApiProcess& process) -> Task<> {
        Dice dice(7);
        const std::string good =
            "POST /api/v1/keys HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: "
            "2\r\nConnection: close\r\n\r\n{}";
        for (int i = 0; i < 300; ++i) {
          auto bytes = good;
          for (auto changes = dice.below(8) + 1; changes > 0; --changes)
            bytes[dice.below(bytes.size())] = static_cast<char>(dice.below(256));
          const auto reply =
              test::parse_reply(co_await test::exchange(process.services.executor, process.server.port(), bytes));
          EXPECT_TRUE(reply.status == 0 || (reply.status >= 400 && reply.status < 500)) << bytes;
        }
        const auto fine = co_await process.get("/healthz", "");
        EXPECT_EQ(fine.status, 200);
      },
      {.port = 0, .idle_timeout = 50ms, .header_timeout = 50ms, .body_timeout = 50ms});
}

}  // namespace
}  // namespace weir::api
