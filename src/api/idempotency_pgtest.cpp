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
  // The next statements of that kind fail as with a database that goes; until mend().
  void breaks_down(const std::string& when) const {
    super(
        "CREATE FUNCTION weir.break_down() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'gone' USING ERRCODE = '57P03'; END $$; "
        "CREATE TRIGGER break_down BEFORE " +
        when + " ON weir.idempotency_key FOR EACH ROW EXECUTE FUNCTION weir.break_down()");
  }
  void mend() const { super("DROP TRIGGER break_down ON weir.idempotency_key"); }
  // Until the database says so, for ten seconds at most.
  Task<bool> comes_about(std::string condition) const {
    const auto deadline = Deadline::in(10s);
    while (super("SELECT " + condition) != "t") {
      if (deadline.is_over()) co_return false;
      co_await sleep_for(20ms);
    }
    co_return true;
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

TEST_F(Repetitions, AreForgottenWithTheirTenant) {
  database.add_tenant("globex");
  with_server([&](ApiProcess& process) -> Task<> {
    const test::ApiCall adding{.method = "POST",
                               .target = "/api/v1/tenants",
                               .key = admin,
                               .body = json{{"key", "initech"}, {"name", "Initech of Austin"}},
                               .headers = {{"Idempotency-Key", "k1"}}};
    auto within = making("theirs", "k2");
    within.target = "/api/v1/tenants/initech/keys";
    for (const auto& call : {adding, within, adding, within}) {
      const auto reply = co_await process.call(call);
      EXPECT_EQ(reply.status, 201) << call.target;
    }
    const auto replayed = co_await process.call(adding);
    EXPECT_EQ(replayed.headers.at("idempotency-replayed"), "true");
    auto other = making("theirs", "k2");
    other.target = "/api/v1/tenants/globex/keys";
    const auto reused = co_await process.call(other);
    EXPECT_EQ(reused.code(), "idempotency_key_reused");
    co_await process.call({.method = "DELETE", .target = "/api/v1/tenants/initech", .key = admin});
    EXPECT_EQ(super("SELECT count(*) FROM weir.idempotency_key"), "0");
    // A record that is taken over after a day is the new tenant's.
    co_await process.call(making("a", "k3"));
    super("UPDATE weir.idempotency_key SET created_at = now() - interval '25 hours'");
    other.headers = {{"Idempotency-Key", "k3"}};
    co_await process.call(other);
    EXPECT_EQ(
        super("SELECT string_agg(t.key, ' ') FROM weir.idempotency_key i JOIN weir.tenant t ON t.id = i.tenant_id"),
        "globex");
  });
}

TEST_F(Repetitions, AreKeptWhenTheDatabaseIsBack) {
  with_server([&](ApiProcess& process) -> Task<> {
    breaks_down("UPDATE");
    const auto first = co_await process.call(making("a", "k1"));
    EXPECT_EQ(first.status, 201);
    const auto meanwhile = co_await process.call(making("a", "k1"));
    EXPECT_EQ(meanwhile.code(), "conflict");
    mend();
    const bool is_kept = co_await comes_about("http_status = 201 FROM weir.idempotency_key");
    EXPECT_TRUE(is_kept);
    const auto again = co_await process.call(making("a", "k1"));
    EXPECT_EQ(again.document()["id"], first.document()["id"]);
  });
  EXPECT_EQ(made(), "1");
}

TEST_F(Repetitions, AreFreeAgainWhenTheDatabaseIsBack) {
  with_server([&](ApiProcess& process) -> Task<> {
    breaks_down("DELETE");
    auto bad = making("a", "k1");
    bad.body = json{{"name", "two\nlines"}, {"scope", "tenant:read"}};
    const auto refused = co_await process.call(bad);
    EXPECT_EQ(refused.status, 422);
    const auto meanwhile = co_await process.call(bad);
    EXPECT_EQ(meanwhile.code(), "conflict");
    mend();
    const bool is_free = co_await comes_about("count(*) = 0 FROM weir.idempotency_key");
    EXPECT_TRUE(is_free);
    const auto again = co_await process.call(making("a", "k1"));
    EXPECT_EQ(again.status, 201);
  });
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
