#include <set>

#include <gtest/gtest.h>

#include "tests/support/two_tenants.hpp"

namespace weir::api {
namespace {

using nlohmann::json;
using test::ApiProcess;

std::set<std::string> names_of(const json& object) {
  std::set<std::string> names;
  for (const auto& [name, value] : object.items()) names.insert(name);
  return names;
}

// What instants look like to those who compare them as texts.
void expect_utc(const json& document) {
  if (document.is_structured())
    for (const auto& member : document) expect_utc(member);
  if (document.is_string()) EXPECT_FALSE(document.get<std::string>().ends_with("+00:00")) << document;
}

// Neither is anything sent that is not declared, nor declared what is never sent.
void expect_declared(const json& document, const std::string& component) {
  EXPECT_EQ(names_of(document), names_of(components().at(component).at("properties"))) << component;
  expect_utc(document);
}

struct Declared : test::TwoTenants {
  std::string base = "/api/v1/tenants/acme";

  Task<json> first_of(ApiProcess& process, std::string path, std::string key) {
    const auto reply = co_await process.get(base + path, std::move(key));
    const auto items = reply.document().value("items", json::array());
    EXPECT_FALSE(items.empty()) << path << ' ' << reply.body;
    co_return items.empty() ? json::object() : items[0];
  }
  Task<json> first_of(ApiProcess& process, std::string path) { return first_of(process, path, acme.read); }
};

// Of a run: the operator is sent all of it, a tenant which process works on it is not.
void expect_declared_run(const json& for_tenant, const json& for_operator, const std::string& component) {
  expect_declared(for_operator, component);
  auto names = names_of(for_operator);
  for (const auto* one : {"node_id", "epoch"}) names.erase(one);
  EXPECT_EQ(names_of(for_tenant), names) << component;
}

TEST_F(Declared, AnswersHaveTheFieldsThatAreDeclared) {
  super("UPDATE weir.tenant_pipeline_configs SET plan_error = 'x'");
  super("UPDATE weir.run SET started_at = '2026-01-31T12:00:00+00', completed_at = '2026-01-31T12:00:09.5+00'");
  with_server([&](ApiProcess& process) -> Task<> {
    const auto pipeline = co_await first_of(process, "/pipelines");
    expect_declared(pipeline, "Pipeline");
    const auto asked = co_await process.post(base + "/pipelines/acme-pipeline/run", acme.write, json::object());
    EXPECT_EQ(asked.status, 202) << asked.body;
    const auto id = asked.document()["run_id"].get<std::string>();
    const auto entry = co_await first_of(process, "/queue");
    expect_declared(entry, "QueueEntry");
    EXPECT_EQ(entry["class"], "manual");
    const auto run = co_await first_of(process, "/runs");
    const auto operators_run = co_await first_of(process, "/runs", admin);
    expect_declared_run(run, operators_run, "Run");
    EXPECT_EQ(run["completed_at"], "2026-01-31T12:00:09.5Z");
    const auto pipeline_run = co_await first_of(process, "/pipeline-runs");
    const auto operators_pipeline_run = co_await first_of(process, "/pipeline-runs", admin);
    expect_declared_run(pipeline_run, operators_pipeline_run, "PipelineRun");
    const auto cursor = co_await first_of(process, "/cursors");
    expect_declared(cursor, "Cursor");
    co_await process.post(base + "/cursors/reset", acme.write, {{"data_source", "acme-src"}});
    const auto change = co_await first_of(process, "/cursors/history?source=acme-src&script=git/commit");
    expect_declared(change, "CursorChange");
    const auto record = co_await first_of(process, "/audit");
    expect_declared(record, "AuditRecord");
    const auto line = co_await first_of(process, "/runs/" + acme.names.at("run_id") + "/logs");
    expect_declared(line, "LogLine");
    super(fmt::format("UPDATE weir.run SET pipeline_run_id = '{}' WHERE tenant_id = '{}'", id, to_string(acme.id)));
    for (const auto& [path, component] : {std::pair{base + "/runs/" + acme.names.at("run_id"), "RunDetails"},
                                          std::pair{base + "/runs/" + id, "PipelineRunDetails"}}) {
      const auto shown = co_await process.get(path, acme.read);
      const auto operators = co_await process.get(path, admin);
      expect_declared_run(shown.document(), operators.document(), component);
      EXPECT_FALSE(shown.body.contains("node_id") || shown.body.contains("epoch")) << shown.body;
    }
    const auto whole = co_await process.get(base + "/runs/" + id, acme.read);
    EXPECT_EQ(whole.document()["pipeline"], "acme-pipeline");
    EXPECT_EQ(whole.document()["runs"].size(), 1U);
  });
}

TEST_F(Declared, ErrorsGiveNoAdviceForTheCommandLine) {
  with_server([&](ApiProcess& process) -> Task<> {
    const auto sources = base + "/data-sources";
    std::vector<test::ApiReply> replies;
    replies.push_back(co_await process.post(sources, acme.write,
                                            {{"provider", "github"}, {"settings", {{"GITHUB_TOKEN", "hush-4711"}}}}));
    EXPECT_TRUE(replies.back().body.contains("GITHUB_TOKEN is a secret: send it in secrets")) << replies.back().body;
    replies.push_back(
        co_await process.post(sources, acme.write, {{"provider", "github"}, {"secrets", {{"GITHUB_ORG", "x"}}}}));
    EXPECT_TRUE(replies.back().body.contains("GITHUB_ORG is no secret: send it in settings")) << replies.back().body;
    replies.push_back(co_await process.post(sources, acme.write, {{"provider", "github"}}));
    EXPECT_TRUE(replies.back().body.contains("GITHUB_ORG is required")) << replies.back().body;
    replies.push_back(co_await process.get(sources + "/nope", acme.read));
    EXPECT_EQ(replies.back().document()["detail"], "the tenant has no data source 'nope'");
    replies.push_back(co_await process.get(base + "/runs/0197a000-0000-7000-8000-000000000000", acme.read));
    replies.push_back(
        co_await process.post(base + "/cursors/reset", acme.write, {{"data_source", "acme-src"}, {"script", "git/x"}}));
    for (const auto& reply : replies) {
      EXPECT_GE(reply.status, 400) << reply.body;
      for (const auto* advice : {"weir ", "--"}) EXPECT_FALSE(reply.body.contains(advice)) << reply.body;
    }
  });
}

}  // namespace
}  // namespace weir::api
