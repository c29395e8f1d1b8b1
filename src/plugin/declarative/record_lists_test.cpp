// Lists inside records that go on: asked for to their ends, whole only when they are, and none twice.
#include <gtest/gtest.h>

#include "plugin/declaration_file.hpp"
#include "plugin/declarative/script.hpp"
#include "plugin/trial/replay.hpp"
#include "plugin/trial/trial_pass.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temporary_directory.hpp"

namespace weir::plugin::declarative {
namespace {

using json = nlohmann::json;

constexpr std::string_view k_provider = "title: Hub\nhttp: {url: 'https://hub.example'}\n";
constexpr std::string_view k_script =
    "resources: [label]\n"
    "cursor: {kind: full, order: immutable}\n"
    "request: {url: /issues, query: {after: '{{ page.token }}'}}\n"
    "pages: {by: token, next: '{{ response.next }}'}\n"
    "records: '{{ response.issues }}'\n"
    "lists:\n"
    "  name: labels\n"
    "  items: '{{ record.labels }}'\n"
    "  next: '{{ record.next }}'\n"
    "  request: {url: '/issues/{{ record.id }}/labels', query: {after: '{{ page.token }}'}}\n"
    "  records: '{{ response.labels }}'\n"
    "  pages: {by: token, next: '{{ response.next }}'}\n"
    "rows:\n"
    "  resource: label\n"
    "  each: '{{ lists.labels }}'\n"
    "  total: '{{ record.total }}'\n"
    "  wholeOf: [issue_key]\n"
    "  map: {issue_key: '{{ record.id }}', label: '{{ item }}'}\n";

Exchange answer(std::string path, json body, int status = 200) {
  return {.method = "GET", .url = "https://hub.example" + path, .status = status, .body = std::move(body)};
}

json issue(std::string_view id, std::vector<std::string> labels, json next = nullptr, json total = nullptr) {
  return {{"id", id}, {"labels", labels}, {"next", next}, {"total", total}};
}

json labels(std::vector<std::string> names, json next = nullptr) { return {{"labels", names}, {"next", next}}; }

class RecordLists : public testing::Test {
 protected:
  RecordLists() {
    directory_.write("label.yaml",
                     "name: label\ndescription: x\nkey: [issue_key, label]\ncolumns: {issue_key: text, label: text}\n");
    resources_ = *load::ResourceCatalog::read({directory_.path()});
    provider_ = *parse_provider(k_provider, "provider.yaml", "hub");
    script_ = make_script(*parse_script(k_script, "label.yaml", {"hub", "label", resources_, builtins_, &provider_}));
  }

  // One pass over these answers, each of which must be asked for.
  TrialOutcome pass(std::vector<Exchange> exchanges, TrialPass::Plan plan = {}) {
    ReplayAccess access(std::move(exchanges), system_clock());
    BlockingPool blocking(1);
    const tenancy::Environment environment;
    plan.end = *parse_rfc3339("2026-02-01T00:00:00Z");
    const Partition whole{.key = "", .title = {}};
    TrialPass pass(resources_, whole, std::move(plan));
    test::run([&](test::Context) -> Task<> {
      const auto run = script_->start({.tenant = {},
                                       .tenant_key = "t",
                                       .data_source = "hub",
                                       .environment = environment,
                                       .blocking = blocking,
                                       .clock = system_clock(),
                                       .cache_directory = {},
                                       .provider = &access});
      try {
        const auto done = co_await (*run)->run_pass(pass);
        error_ = done ? "" : done.error().message;
      } catch (const Failure& failure) {
        error_ = failure.what();
      }
    });
    pass.finish();
    EXPECT_EQ(access.unused(), std::vector<std::string>{});
    return pass.outcome();
  }

  static std::vector<std::string> names(const TrialOutcome& outcome) {
    std::vector<std::string> names;
    if (!outcome.rows.contains("label")) return names;
    for (const auto& row : outcome.rows.at("label"))
      names.push_back(row["issue_key"].get<std::string>() + row["label"].get<std::string>());
    std::ranges::sort(names);
    return names;
  }
  static json sets(const TrialOutcome& outcome) {
    return outcome.sets.contains("label") ? outcome.sets.at("label") : json::array();
  }

  test::TemporaryDirectory directory_;
  load::ResourceCatalog resources_;
  ProviderDeclaration provider_;
  BuiltinRegistry builtins_;
  std::unique_ptr<Script> script_;
  std::string error_;
};

using Names = std::vector<std::string>;

TEST_F(RecordLists, AreReadToTheirEnds) {
  const auto outcome = pass(
      {answer("/issues", {{"issues", {issue("1", {"a", "b"}, "x", 5), issue("2", {"a"}, nullptr, 1)}}}),
       answer("/issues/1/labels?after=x", labels({"c", "d"}, "y")), answer("/issues/1/labels?after=y", labels({"e"}))});
  EXPECT_EQ(error_, "");
  EXPECT_EQ(names(outcome), (Names{"1a", "1b", "1c", "1d", "1e", "2a"}));
  EXPECT_EQ(sets(outcome), (json{"2", "1"}));
  EXPECT_EQ(outcome.notes, Names{});
}

TEST_F(RecordLists, ThatEndBeforeTheirTotalAreNotWhole) {
  const auto outcome = pass({answer("/issues", {{"issues", {issue("1", {"a"}, "x", 3)}}}),
                             answer("/issues/1/labels?after=x", labels({"b"}))});
  EXPECT_EQ(names(outcome), (Names{"1a", "1b"}));
  EXPECT_EQ(sets(outcome), json::array());
  EXPECT_EQ(outcome.notes,
            Names{"1 records skipped: records show only parts of their lists, such as 2 of 3 items of label"});
}

TEST_F(RecordLists, OfARecordThatIsDeletedMeanwhileAreNotWhole) {
  const auto outcome = pass({answer("/issues", {{"issues", {issue("1", {"a"}, "x"), issue("2", {"b"}, "x")}}}),
                             answer("/issues/1/labels?after=x", {{"message", "Not Found"}}, 404),
                             answer("/issues/2/labels?after=x", labels({"c"}))});
  EXPECT_EQ(error_, "");
  EXPECT_EQ(names(outcome), (Names{"1a", "2b", "2c"}));
  EXPECT_EQ(sets(outcome), json{"2"});
  ASSERT_EQ(outcome.notes.size(), 1U);
  EXPECT_TRUE(outcome.notes[0].starts_with("1 records skipped: the list 'labels' of a record could not be read"))
      << outcome.notes[0];
}

TEST_F(RecordLists, ThatHoldNothingInPlaceOfAnItemAreNotWhole) {
  auto shown = issue("1", {"a"});
  shown["labels"].push_back(nullptr);
  const auto outcome = pass({answer("/issues", {{"issues", {shown}}})});
  EXPECT_EQ(names(outcome), Names{"1a"});
  EXPECT_EQ(sets(outcome), json::array());
  EXPECT_EQ(outcome.rejected, Names{});
}

TEST_F(RecordLists, ThatLeadInACircleEndThePass) {
  const auto outcome = pass({answer("/issues", {{"issues", {issue("1", {"a"}, "x")}}}),
                             answer("/issues/1/labels?after=x", labels({"b"}, "x"))});
  EXPECT_NE(error_.find("the next page is the page itself"), std::string::npos) << error_;
  EXPECT_EQ(names(outcome), Names{}) << "nothing is made of half a list";
}

TEST_F(RecordLists, ThatFailLeaveNothingHalf) {
  pass({answer("/issues", {{"issues", {issue("1", {"a"}, "x"), issue("2", {"b"})}}}),
        answer("/issues/1/labels?after=x", {{"message", "no"}}, 422)});
  EXPECT_NE(error_, "");
}

// A pass that ends in the middle of a page (killed, parked) goes on with the records whose lists were not done.
TEST_F(RecordLists, AreNotReadAgainWhenThePageIs) {
  const auto second =
      answer("/issues?after=p", {{"issues", {issue("1", {"a"}, "x"), issue("2", {"b"}, "x"), issue("3", {})}}});
  auto outcome =
      pass({answer("/issues", {{"issues", {issue("0", {"z"}, "x")}}, {"next", "p"}}),
            answer("/issues/0/labels?after=x", labels({})), second, answer("/issues/1/labels?after=x", labels({"c"}))},
           {.end = {}, .pages_max = 3});
  EXPECT_EQ(error_, "ended after 3 pages");
  EXPECT_EQ(names(outcome), (Names{"0z", "1a", "1c"}));
  const auto resume = outcome.resume;
  EXPECT_EQ(resume["listed"], json{"1"});
  outcome = pass({second, answer("/issues/2/labels?after=x", labels({"d"}))}, {.end = {}, .resume = resume});
  EXPECT_EQ(error_, "");
  EXPECT_EQ(names(outcome), (Names{"2b", "2d"}));
  EXPECT_FALSE(outcome.resume.contains("listed")) << "that was of the page before";
}

}  // namespace
}  // namespace weir::plugin::declarative
