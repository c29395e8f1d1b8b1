#include <gtest/gtest.h>

#include "tests/support/api_world.hpp"

namespace weir::api {
namespace {

using nlohmann::json;
using tenancy::KeyScope;
using test::ApiCall;
using test::ApiProcess;

struct Repetitions : test::ApiWorld {
  TenantId acme = database.add_tenant("acme");
  std::string admin = make_key(KeyScope::admin);

  ApiCall making(std::string name, std::string once) const {
    return {.method = "POST",
            .target = "/api/v1/tenants/acme/keys",
            .key = admin,
            .body = json{{"name", name}, {"scope", "tenant:read"}},
            .headers = {{"Idempotency-Key", once}}};
  }
  std::string made() const { return super("SELECT count(*) FROM weir.api_key WHERE tenant_id IS NOT NULL"); }
};

TEST_F(Repetitions, AreAnsweredWithTheFirstAnswer) {
  with_server([&](ApiProcess& process) -> Task<> {
    const auto first = co_await process.call(making("a", "k1"));
    const auto again = co_await process.call(making("a", "k1"));
    EXPECT_EQ(again.status, 201);
    EXPECT_EQ(again.headers.at("idempotency-replayed"), "true");
    EXPECT_EQ(again.document()["id"], first.document()["id"]);
    EXPECT_TRUE(first.document()["api_key"].is_string());
    EXPECT_TRUE(again.document()["api_key"].is_null());
    const auto other = co_await process.call(making("b", "k1"));
    EXPECT_EQ(other.code(), "idempotency_key_reused");
    const auto fresh = co_await process.call(making("a", "k2"));
    EXPECT_NE(fresh.document()["id"], first.document()["id"]);
    const auto bad = co_await process.call(making("a", "with space"));
    EXPECT_EQ(bad.status, 400);
  });
  EXPECT_EQ(made(), "2");
}

TEST_F(Repetitions, BelongToOneKey) {
  const auto second = make_key(KeyScope::admin);
  with_server([&](ApiProcess& process) -> Task<> {
    co_await process.call(making("a", "k1"));
    auto call = making("b", "k1");
    call.key = second;
    const auto other = co_await process.call(call);
    EXPECT_EQ(other.status, 201);
  });
  EXPECT_EQ(made(), "2");
}

TEST_F(Repetitions, OfWhatFailedAreTriedAgain) {
  with_server([&](ApiProcess& process) -> Task<> {
    auto call = making("a", "k1");
    call.body = json{{"name", "two\nlines"}, {"scope", "tenant:read"}};
    const auto failed = co_await process.call(call);
    EXPECT_EQ(failed.status, 422);
    const auto mended = co_await process.call(making("a", "k1"));
    EXPECT_EQ(mended.status, 201);
  });
}

TEST_F(Repetitions, AtOnceAreDoneOnce) {
  with_server([&](ApiProcess& process) -> Task<> {
    TaskGroup clients(process.services.executor);
    std::vector<int> statuses;
    const auto ask = [](ApiProcess& to, ApiCall call, std::vector<int>& answers) -> Task<> {
      const auto reply = co_await to.call(std::move(call));
      answers.push_back(reply.status);
    };
    for (int i = 0; i < 12; ++i) clients.spawn("client", ask(process, making("a", "k1"), statuses));
    co_await clients.wait();
    EXPECT_EQ(statuses.size(), 12U);
    for (const auto status : statuses) EXPECT_TRUE(status == 201 || status == 409) << status;
  });
  EXPECT_EQ(made(), "1");
}

TEST_F(Repetitions, AreForgottenAfterADayAndWhenTheFirstNeverEnded) {
  with_server([&](ApiProcess& process) -> Task<> {
    co_await process.call(making("a", "k1"));
    super("UPDATE weir.idempotency_key SET created_at = now() - interval '25 hours'");
    const auto later = co_await process.call(making("b", "k1"));
    EXPECT_EQ(later.status, 201);
    super("UPDATE weir.idempotency_key SET http_status = NULL, answer = NULL");
    const auto running = co_await process.call(making("b", "k1"));
    EXPECT_EQ(running.code(), "conflict");
    super("UPDATE weir.idempotency_key SET created_at = now() - interval '11 minutes'");
    const auto taken = co_await process.call(making("b", "k1"));
    EXPECT_EQ(taken.status, 201);
  });
  EXPECT_EQ(made(), "3");
}

TEST_F(Repetitions, LeaveNoSecretInTheDatabase) {
  std::string secret;
  with_server([&](ApiProcess& process) -> Task<> {
    const auto first = co_await process.call(making("a", "k1"));
    secret = first.document()["api_key"].get<std::string>().substr(18);
  });
  EXPECT_EQ(super("SELECT count(*) FROM weir.idempotency_key i WHERE i::text LIKE '%" + secret + "%'"), "0");
}

}  // namespace
}  // namespace weir::api
