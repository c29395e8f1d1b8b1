// Lists in pages: every item is reached, and no page is larger than it may be.
#include <set>

#include <gtest/gtest.h>

#include "tests/support/two_tenants.hpp"

namespace weir::api {
namespace {

using nlohmann::json;
using test::ApiProcess;

std::string escaped(std::string_view text) {
  std::string made;
  for (const auto c : text) made += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return made;
}

struct PagedLists : test::TwoTenants {
  // All items of a list, a page after the other.
  Task<json> read_all(ApiProcess& process, std::string path, std::string key, int limit) {
    auto items = json::array();
    std::string after;
    for (int pages = 0; pages < 20; ++pages) {
      const auto page = co_await process.get(fmt::format("{}?limit={}{}", path, limit, after), key);
      EXPECT_EQ(page.status, 200) << page.body;
      if (page.status != 200) co_return items;
      const auto document = page.document();
      for (const auto& item : document["items"]) items.push_back(item);
      if (document["next"].is_null()) co_return items;
      after = "&after=" + escaped(document["next"].get<std::string>());
    }
    ADD_FAILURE() << "the list does not end";
    co_return items;
  }
};

TEST_F(PagedLists, HaveCursorsOfLongPartitions) {
  const auto long_one = std::string(400, 'p') + " ä/" + std::string(400, 'q');
  for (const auto& partition : {long_one + "1", long_one + "2", std::string("a b"), std::string("z")})
    super(
        fmt::format("INSERT INTO weir.partition_cursor (tenant_id, data_source, script, partition, state, resume) "
                    "VALUES ('{}', 'acme-src', 'git/commit', '{}', '{{\"mark\": 1}}', '{{\"page\": 2}}')",
                    to_string(acme.id), partition));
  with_server([&](ApiProcess& process) -> Task<> {
    const std::string base = "/api/v1/tenants/acme/cursors";
    const auto all = co_await read_all(process, base, acme.read, 1);
    std::vector<std::string> partitions;
    for (const auto& item : all) partitions.push_back(item["partition"]);
    EXPECT_EQ(partitions.size(), 5U);
    for (const auto& partition : {std::string(), long_one + "1", long_one + "2", std::string("a b"), std::string("z")})
      EXPECT_EQ(std::ranges::count(partitions, partition), 1) << partition;
    EXPECT_FALSE(all[0].contains("state") || all[0].contains("resume"));
    const auto only = co_await process.get(base + "?source=acme-src&script=git/commit&partition=a%20b", acme.read);
    EXPECT_EQ(only.document()["items"].size(), 1U);
    const auto bad = co_await process.get(base + "?after=nonsense", acme.read);
    EXPECT_EQ(bad.code(), "usage");
    const auto history = co_await process.get(base + "/history?source=acme-src", acme.read);
    EXPECT_EQ(history.code(), "usage");
    EXPECT_TRUE(history.body.contains("'script' is missing")) << history.body;
    const auto& declared = process.services.openapi["paths"]["/api/v1/tenants/{tenant_id}/cursors/history"]["get"];
    for (const auto& parameter : declared["parameters"])
      if (parameter["name"] == "source" || parameter["name"] == "script") EXPECT_EQ(parameter["required"], true);
  });
}

TEST_F(PagedLists, HaveDataSourcesWithTheirSettings) {
  for (const std::string name : {"b", "c", "d"}) {
    database.add_data_source(acme.id, name, "git");
    super(
        fmt::format("INSERT INTO weir.tenant_data_source_config (tenant_id, data_source, key, is_secret, value) VALUES "
                    "('{}', '{}', 'MARK', false, 'of {}')",
                    to_string(acme.id), name, name));
  }
  with_server([&](ApiProcess& process) -> Task<> {
    const std::string base = "/api/v1/tenants/acme/data-sources";
    const auto all = co_await read_all(process, base, acme.read, 2);
    EXPECT_EQ(all.size(), 4U);
    EXPECT_EQ(all[0]["name"], "acme-src");
    EXPECT_EQ(all[3]["name"], "d");
    const auto marks = json{{"b", 1}, {"c", 2}, {"d", 3}};
    for (const auto& [name, at] : marks.items())
      EXPECT_TRUE(all[at.get<std::size_t>()]["settings"].dump().contains("of " + name)) << all.dump();
    const auto whole = co_await process.get(base, acme.read);
    EXPECT_EQ(whole.document()["items"], all);
    EXPECT_TRUE(whole.document()["next"].is_null());
  });
}

TEST_F(PagedLists, OfTheAuditLogAreBoundedInBytes) {
  super(fmt::format(
      "INSERT INTO weir.audit_log (tenant_id, tenant_key, action, target, after) SELECT '{}', 'acme', 'big', "
      "n::text, to_jsonb(repeat('x', 1500000)) FROM generate_series(1, 5) n",
      to_string(acme.id)));
  with_server([&](ApiProcess& process) -> Task<> {
    const std::string path = "/api/v1/tenants/acme/audit?action=big";
    const auto first = co_await process.get(path, acme.read);
    const auto page = first.document();
    EXPECT_EQ(page["items"].size(), 3U);
    EXPECT_EQ(page["next"], page["items"][2]["id"]);
    const auto second = co_await process.get(path + "&after=" + page["next"].get<std::string>(), acme.read);
    EXPECT_EQ(second.document()["items"].size(), 2U);
    EXPECT_TRUE(second.document()["next"].is_null());
    std::set<std::string> targets;
    for (const auto& document : {page, second.document()})
      for (const auto& item : document["items"]) targets.insert(item["target"].get<std::string>());
    EXPECT_EQ(targets.size(), 5U);
    const auto two = co_await process.get(path + "&limit=2", acme.read);
    EXPECT_EQ(two.document()["items"].size(), 2U);
    EXPECT_EQ(two.document()["next"], two.document()["items"][1]["id"]);
  });
}

TEST_F(PagedLists, ReadNumbersToTheirEnd) {
  with_server([&](ApiProcess& process) -> Task<> {
    for (const std::string number : {"%205", "5%20", "%2B5", "5.0", "0x5", "5e0", "", "99999999999999999999", "five"}) {
      const auto listed = co_await process.get("/api/v1/tenants/acme/pipelines?limit=" + number, acme.read);
      EXPECT_EQ(listed.code(), "usage") << number;
      for (const std::string name : {"max", "wait"}) {
        const auto claimed = co_await process.call(
            {.method = "POST", .target = fmt::format("/scheduler/process-queue?{}={}", name, number), .key = admin});
        EXPECT_EQ(claimed.code(), "usage") << name << ' ' << number;
      }
    }
    const auto fine = co_await process.get("/api/v1/tenants/acme/pipelines?limit=5", acme.read);
    EXPECT_EQ(fine.status, 200);
  });
}

}  // namespace
}  // namespace weir::api
