// Who may what, for every route there is: made of the table of routes, so that a new one is in it.
#include <gtest/gtest.h>

#include "tests/support/two_tenants.hpp"

namespace weir::api {
namespace {

using test::ApiProcess;

struct AccessMatrix : test::TwoTenants {
  // A fingerprint of everything that is the other tenant's.
  std::string state_of(const Things& things) const {
    return super(
        fmt::format("SELECT md5(concat((SELECT t FROM weir.tenant t WHERE id = '{0}'), "
                    "(SELECT string_agg(s::text, '') FROM weir.data_source s WHERE tenant_id = '{0}'), "
                    "(SELECT string_agg(c::text, '') FROM weir.tenant_data_source_config c WHERE tenant_id = '{0}'), "
                    "(SELECT string_agg(c::text, '') FROM weir.partition_cursor c WHERE tenant_id = '{0}'), "
                    "(SELECT string_agg(r::text, '') FROM weir.run r WHERE tenant_id = '{0}'), "
                    "(SELECT string_agg(p::text, '') FROM weir.tenant_pipeline_configs p WHERE tenant_id = '{0}'), "
                    "(SELECT string_agg(s::text, '') FROM weir.subscription s WHERE tenant_id = '{0}'), "
                    "(SELECT string_agg(k::text, '') FROM weir.api_key k WHERE tenant_id = '{0}'), "
                    "(SELECT string_agg(a::text, '') FROM weir.audit_log a WHERE tenant_id = '{0}')))",
                    to_string(things.id)));
  }
};

TEST_F(AccessMatrix, ATenantsKeyFindsNothingOfAnotherTenant) {
  const auto before = state_of(globex);
  int asked = 0;
  with_server([&](ApiProcess& process) -> Task<> {
    for (const auto& route : process.door.router().routes()) {
      if (!route.has_tenant()) continue;
      for (const auto& key : {acme.read, acme.write}) {
        auto names = globex.names;
        const auto by_key = co_await process.call(call_of(route, names, key));
        EXPECT_EQ(by_key.code(), "not_found") << route.operation;
        names["tenant_id"] = to_string(globex.id);
        const auto by_id = co_await process.call(call_of(route, names, key));
        EXPECT_EQ(by_id.code(), "not_found") << route.operation;
        EXPECT_FALSE(by_id.body.contains("globex said")) << route.operation;
        ++asked;
      }
    }
  });
  EXPECT_GT(asked, 10);
  EXPECT_EQ(state_of(globex), before);
}

// The same things under the caller's own tenant: an id of another tenant's thing is as unknown as any.
TEST_F(AccessMatrix, AnotherTenantsThingsAreNotReachedThroughOnesOwn) {
  const auto before = state_of(globex);
  int asked = 0;
  with_server([&](ApiProcess& process) -> Task<> {
    for (const auto& route : process.door.router().routes()) {
      if (!route.has_tenant() || route.path.find('{') == route.path.rfind('{') || route.access == Access::admin)
        continue;
      auto names = globex.names;
      names["tenant_id"] = "acme";
      const auto reply = co_await process.call(call_of(route, names, acme.write));
      EXPECT_EQ(reply.code(), "not_found") << route.operation << ' ' << reply.body;
      ++asked;
    }
    // For the operator too.
    for (const auto& route : process.door.router().routes()) {
      if (!route.has_tenant() || route.path.find('{') == route.path.rfind('{')) continue;
      auto names = globex.names;
      names["tenant_id"] = "acme";
      const auto reply = co_await process.call(call_of(route, names, admin));
      EXPECT_EQ(reply.code(), "not_found") << route.operation << ' ' << reply.body;
    }
  });
  EXPECT_GT(asked, 5);
  EXPECT_EQ(state_of(globex), before);
}

// A parameter that no route knows lets a request pass all doors and do nothing.
TEST_F(AccessMatrix, EachRouteAsksForItsScope) {
  with_server([&](ApiProcess& process) -> Task<> {
    for (const auto& route : process.door.router().routes()) {
      const auto ask = [&](std::string key) {
        auto call = call_of(route, acme.names, std::move(key));
        call.target += "?x-unknown=1";
        return process.call(std::move(call));
      };
      const auto nobody = co_await ask("");
      const auto reader = co_await ask(acme.read);
      const auto writer = co_await ask(acme.write);
      const auto operators = co_await ask(admin);
      const bool is_open = route.access == Access::open;
      EXPECT_EQ(nobody.status, is_open ? 400 : 401) << route.operation;
      EXPECT_EQ(reader.status, is_open || route.access == Access::tenant_read ? 400 : 403) << route.operation;
      EXPECT_EQ(writer.status, route.access == Access::admin ? 403 : 400) << route.operation;
      EXPECT_EQ(operators.status, 400) << route.operation;
    }
  });
}

TEST_F(AccessMatrix, OnlyWhatIsMeantToBeIsOpen) {
  std::vector<std::string> open;
  for (const auto& route : all_routes())
    if (route.access == Access::open) open.push_back(route.path);
  EXPECT_EQ(open, (std::vector<std::string>{"/healthz", "/readyz", "/metrics", "/openapi.json"}));
  for (const auto& route : all_routes())
    if (!route.has_tenant() && route.access != Access::open) EXPECT_EQ(route.access, Access::admin) << route.operation;
}

}  // namespace
}  // namespace weir::api
