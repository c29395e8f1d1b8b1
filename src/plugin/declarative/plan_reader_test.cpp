#include "plugin/declarative/plan_reader.hpp"

#include <gtest/gtest.h>

#include "plugin/declaration_file.hpp"
#include "tests/support/temporary_directory.hpp"

namespace weir::plugin::declarative {
namespace {

using Lines = std::vector<std::string>;

constexpr std::string_view k_provider =
    "title: Hub\n"
    "config:\n"
    "  HUB_URL: {description: where, default: 'https://api.hub.example'}\n"
    "  HUB_TOKEN: {description: key, secret: true}\n"
    "http:\n"
    "  url: \"{{ env.HUB_URL }}\"\n"
    "  headers: {Accept: application/json}\n"
    "  auth: {bearer: \"{{ env.HUB_TOKEN }}\"}\n";

constexpr std::string_view k_issue =
    "resources: [issue]\n"
    "dependencies: [repository]\n"
    "partition: {resource: repository, title: \"{{ partition.full_name }}\", filter: \"{{ not partition.archived "
    "}}\"}\n"
    "cursor: {field: updated_at, order: ascending, lookback: 5m}\n"
    "request:\n"
    "  url: /repos/{{ partition.full_name }}/issues\n"
    "  query: {state: all, since: \"{{ window.start }}\", per_page: 100}\n"
    "pages: keyset\n"
    "errors: [{status: [404, 451], do: unreachable}, {status: 410, do: empty}]\n"
    "filter: \"{{ not record.pull_request }}\"\n"
    "vars: {author: \"{{ record.user.id }}\"}\n"
    "map:\n"
    "  issue_key: \"{{ record.id }}\"\n"
    "  state: {value: \"{{ record.state }}\", values: {open: todo}, otherwise: other}\n"
    "  author: \"{{ vars.author }}\"\n";

class Plans : public testing::Test {
 protected:
  Plans() {
    directory_.write("repository.yaml",
                     "name: repository\ndescription: x\nkey: [repo_key]\ncolumns: {repo_key: text, full_name: text, "
                     "archived: boolean, pushed_at: timestamptz}\n");
    directory_.write("issue.yaml",
                     "name: issue\ndescription: x\nkey: [issue_key]\ncolumns: {issue_key: text, state: text, author: "
                     "text, at: timestamptz}\n");
    directory_.write("label.yaml",
                     "name: label\ndescription: x\nkey: [issue_key, label]\ncolumns: {issue_key: text, label: text}\n");
    resources_ = *load::ResourceCatalog::read({directory_.path()});
    auto provider = parse_provider(k_provider, "provider.yaml", "hub");
    if (provider) provider_ = std::move(*provider);
  }

  std::expected<ScriptDeclaration, Problems> parse(std::string_view yaml) const {
    return parse_script(yaml, "issue.yaml", {"hub", "issue", resources_, builtins_, &provider_});
  }
  Lines problems_of(std::string_view yaml) const {
    Lines lines;
    if (const auto script = parse(yaml); !script)
      for (const auto& problem : script.error()) lines.push_back(problem.to_string());
    return lines;
  }
  // The issue script with one piece of text replaced.
  Lines problems_with(std::string_view what, std::string_view by) const {
    std::string yaml(k_issue);
    const auto at = yaml.find(what);
    if (at == std::string::npos) return {"the test replaces nothing"};
    return problems_of(yaml.replace(at, what.size(), by));
  }

  test::TemporaryDirectory directory_;
  load::ResourceCatalog resources_;
  BuiltinRegistry builtins_;
  ProviderDeclaration provider_;
};

TEST_F(Plans, AreReadWhole) {
  const auto script = parse(k_issue);
  ASSERT_TRUE(script.has_value()) << problems_of(k_issue).front();
  ASSERT_NE(script->plan, nullptr);
  const auto& plan = *script->plan;
  EXPECT_EQ(plan.partition->resource, "repository");
  EXPECT_EQ(plan.partition->columns, (Lines{"archived", "full_name", "repo_key"}));
  EXPECT_EQ(plan.requests.size(), 1U);
  EXPECT_EQ(plan.requests.front().method, "GET");
  EXPECT_EQ(plan.requests.front().query.size(), 3U);
  EXPECT_EQ(plan.pages.style, PageStyle::keyset);
  EXPECT_EQ(plan.errors.size(), 2U);
  EXPECT_EQ(plan.errors[0].statuses, (std::vector{404, 451}));
  EXPECT_EQ(plan.errors[1].action, ErrorAction::empty);
  ASSERT_EQ(plan.rows.size(), 1U);
  EXPECT_EQ(plan.rows[0].columns.size(), 3U);
  EXPECT_TRUE(plan.rows[0].columns[0].is_key);
  EXPECT_EQ(plan.rows[0].columns[1].otherwise, "other");
  EXPECT_NE(plan.service, nullptr);
}

TEST_F(Plans, ChangeTheHashWithTheMeaningOfRowsOnly) {
  const auto hash = parse(k_issue)->hash;
  std::string paced(k_issue), mapped(k_issue);
  paced.replace(paced.find("lookback: 5m"), 12, "lookback: 9m");
  mapped.replace(mapped.find("record.id"), 9, "record.number");
  EXPECT_EQ(parse(paced)->hash, hash);
  EXPECT_NE(parse(mapped)->hash, hash);
}

TEST_F(Plans, KnowTheListsOfARecord) {
  const std::string lists =
      "lists:\n"
      "  name: notes\n"
      "  items: \"{{ record.notes }}\"\n"
      "  next: \"{{ record.more }}\"\n"
      "  request: {url: \"/notes/{{ record.id }}\", query: {after: \"{{ page.token }}\"}}\n"
      "  pages: {by: token, next: \"{{ response.more }}\"}\n";
  const auto with = [&](std::string_view what, std::string_view by) {
    auto yaml = lists + std::string(k_issue);
    yaml.replace(yaml.find("vars.author"), 11, "lists.notes | first");
    if (!what.empty()) yaml.replace(yaml.find(what), what.size(), by);
    return problems_of(yaml);
  };
  EXPECT_EQ(with("", ""), Lines{});
  EXPECT_EQ(with("lists.notes", "lists.note"),
            Lines{"issue.yaml:21:15: there is no 'note' in lists; declare it there"});
  EXPECT_EQ(with("by: token, next: \"{{ response.more }}\"", "by: link"),
            Lines{"issue.yaml:6:10: the pages of a list go by token; write {by: token, next: …}"});
  EXPECT_EQ(with("record.more", "response.more").size(), 1U) << "the record says where its list goes on";
  EXPECT_EQ(problems_with("vars.author", "lists.author").size(), 1U) << "there are no lists";
  auto script = parse(lists + std::string(k_issue));
  ASSERT_TRUE(script.has_value());
  EXPECT_NE(script->hash, parse(k_issue)->hash);
}

TEST_F(Plans, PointAtTheWordThatIsWrong) {
  EXPECT_EQ(problems_with("record.user.id", "recrod.user.id"),
            Lines{"issue.yaml:11:20: the name 'recrod' is not known here; did you mean 'record'?"});
  EXPECT_EQ(problems_with("window.start }}", "window.start | rfc339 }}"),
            Lines{"issue.yaml:7:49: there is no filter 'rfc339'; did you mean 'rfc3339'?"});
  EXPECT_EQ(problems_with("partition.full_name }}/issues", "partition.fullname }}/issues"),
            Lines{"issue.yaml:6:18: the resource 'repository' has no column 'fullname'; did you mean 'full_name'?"});
  EXPECT_EQ(
      problems_with("issue_key: \"{{ record.id }}\"", "issue_kye: \"{{ record.id }}\""),
      (Lines{"issue.yaml:13:3: the resource 'issue' has no column 'issue_kye'; did you mean 'issue_key'?",
             "issue.yaml:13:3: the key column 'issue_key' of 'issue' has no value; add it: every row needs its key"}));
  EXPECT_EQ(problems_with("/repos/{{ partition.full_name }}/issues", "\"{{ env.HUB_TOKEN }}/x\""),
            Lines{"issue.yaml:6:12: 'HUB_TOKEN' is a secret; use it in provider.yaml under http.auth only"});
  EXPECT_EQ(problems_with("/repos/{{ partition.full_name }}/issues", "\"{{ env.HUB_URI }}/x\""),
            Lines{"issue.yaml:6:12: the provider has no setting 'HUB_URI'; did you mean 'HUB_URL'?"});
  EXPECT_EQ(problems_with("vars.author", "vars.auther"),
            Lines{"issue.yaml:15:15: there is no 'auther' in vars; declare it there"});
  EXPECT_EQ(problems_with("do: empty", "do: ignore").size(), 1U);
  EXPECT_EQ(problems_with("status: 410", "status: gone"),
            Lines{"issue.yaml:9:58: 'gone' is not a status; write a number from 100 to 599"});
}

TEST_F(Plans, AskForWhatIsMissing) {
  EXPECT_EQ(problems_with("dependencies: [repository]\n", ""),
            Lines{"issue.yaml:2:23: the script does not depend on 'repository'; add it: dependencies: [repository]"});
  EXPECT_EQ(
      problems_of("resources: [issue]\n"),
      (Lines{"issue.yaml:1:1: the script asks for nothing; add request: {url: …}, or name a built-in with builtin:",
             "issue.yaml:1:1: nothing makes rows of 'issue'; add map, or an entry of rows for it"}));
  EXPECT_EQ(problems_with("field: updated_at, ", ""),
            Lines{"issue.yaml:4:9: a cursor of kind ascending needs a field; add field: the time that the listing is "
                  "sorted by"});
  EXPECT_EQ(problems_with("pages: keyset", "pages: {by: token}"),
            Lines{"issue.yaml:8:8: 'next' is missing; say where the answer has it: next: \"{{ response.… }}\""});
  EXPECT_EQ(
      problems_with("order: ascending", "order: descending"),
      Lines{"issue.yaml:8:8: pages by keyset need an ascending cursor; write cursor: {order: ascending, …}, or walk "
            "the pages by link, number, offset or token"});
  EXPECT_EQ(
      problems_with("cursor: {field: updated_at, order: ascending, lookback: 5m}", "cursor: {kind: heads}").size(), 2U);
}

TEST_F(Plans, AreConditionalOnlyWhereAnUnchangedPageSaysEverything) {
  const std::string newest_first =
      "resources: [issue]\n"
      "dependencies: [repository]\n"
      "partition: {resource: repository}\n"
      "cursor: {kind: descending, field: at, order: descending}\n"
      "request: {url: '/issues', query: {page: '{{ page.number }}'}}\n"
      "pages: {by: number, conditional: true}\n"
      "map: {issue_key: '{{ record.id }}', state: '{{ partition.full_name }}', author: '{{ env.HUB_URL }}'}\n";
  const auto script = parse(newest_first);
  ASSERT_TRUE(script.has_value()) << problems_of(newest_first).front();
  EXPECT_TRUE(script->plan->pages.is_conditional);
  EXPECT_EQ(script->plan->row_inputs.partition, Lines{"full_name"});
  EXPECT_EQ(script->plan->row_inputs.env, Lines{"HUB_URL"});

  const auto why_not = [&](std::string what, const std::string& by) {
    auto yaml = newest_first;
    yaml.replace(yaml.find(what), what.size(), by);
    const auto lines = problems_of(yaml);
    return lines.size() == 1 ? lines.front() : std::to_string(lines.size()) + " problems";
  };
  EXPECT_NE(why_not("{{ partition.full_name }}", "{{ now }}").find("'now' makes other rows of the same answer"),
            std::string::npos);
  EXPECT_NE(why_not("url: '/issues'", "url: '/issues', method: POST").find("a POST cannot be conditional"),
            std::string::npos);
  EXPECT_NE(why_not("map:", "until: '{{ records | length }}'\nmap:").find("with 'until' a page does not say"),
            std::string::npos);
  EXPECT_NE(why_not("kind: descending, field: at, order: descending", "kind: ascending, field: at, order: ascending")
                .find("of kind ascending are others in every pass"),
            std::string::npos);
}

TEST_F(Plans, FillSeveralResources) {
  const auto script = parse(
      "resources: [issue, label]\nrequest: {url: /issues}\nrows:\n"
      "  - {resource: issue, map: {issue_key: \"{{ record.id }}\"}}\n"
      "  - resource: label\n    each: \"{{ record.labels }}\"\n    filter: \"{{ item.name }}\"\n"
      "    map: {issue_key: \"{{ record.id }}\", label: \"{{ item.name }}\"}\n");
  ASSERT_TRUE(script.has_value());
  EXPECT_EQ(script->plan->rows.size(), 2U);
  EXPECT_EQ(problems_of("resources: [issue, label]\nrequest: {url: /issues}\nmap: {issue_key: \"{{ record.id }}\"}\n")
                .front(),
            "issue.yaml:3:6: the script has several resources; use rows: one entry with its map for each");
}

TEST_F(Plans, SayOfWhatAListIsTheWhole) {
  const auto file = [](const std::string& more) {
    return "resources: [issue, label]\nrequest: {url: /issues}\nrows:\n"
           "  - {resource: issue, map: {issue_key: \"{{ record.id }}\"}}\n"
           "  - resource: label\n    map: {issue_key: \"{{ record.id }}\", label: \"{{ record.name }}\"}\n" +
           more;
  };
  const std::string each = "    each: \"{{ record.labels }}\"\n";
  const auto script = parse(file(each + "    wholeOf: [issue_key]\n    wholeWhen: \"{{ record.count <= 30 }}\"\n"));
  ASSERT_TRUE(script.has_value());
  EXPECT_EQ(script->plan->rows[0].parent_columns, 0U);
  EXPECT_EQ(script->plan->rows[1].parent_columns, 1U);
  EXPECT_FALSE(script->plan->rows[1].whole_when.is_absent());
  EXPECT_EQ(problems_of(file("    wholeOf: [issue_key]\n")),
            Lines{"issue.yaml:7:14: 'wholeOf' needs a list; add each, or remove it"});
  EXPECT_EQ(problems_of(file(each + "    wholeWhen: \"{{ record.count }}\"\n")),
            Lines{"issue.yaml:8:16: 'wholeWhen' goes with 'wholeOf'; add wholeOf, or remove it"});
  for (const auto* columns : {"[label]", "[issue_key, label]"})
    EXPECT_EQ(
        problems_of(file(each + "    wholeOf: " + columns + "\n")),
        Lines{"issue.yaml:8:14: 'wholeOf' is not the first part of the key of 'label'; write the first columns of "
              "the key, for example [issue_key]"});
  const auto twice = problems_of(file(each + "    wholeOf: [issue_key]\n  - resource: label\n" + each +
                                      "    map: {issue_key: \"{{ record.id }}\", label: \"{{ item }}\"}\n"));
  ASSERT_EQ(twice.size(), 1U);
  EXPECT_TRUE(twice.front().contains("'wholeOf' and another entry that makes rows of 'label'")) << twice.front();
}

TEST_F(Plans, ABuiltinHasNoRequests) {
  builtins_.add("x", {});
  EXPECT_EQ(problems_of("resources: [issue]\nbuiltin: x\nrequest: {url: /a}\n"),
            Lines{"issue.yaml:3:10: 'request' has no meaning for a built-in; remove it, or 'builtin'"});
}

TEST_F(Plans, AProviderSaysExactlyOneWayToProveWhoAsks) {
  const auto provider = parse_provider(
      "title: x\nhttp:\n  url: https://x.example\n  auth:\n    - bearer: a\n      header: {name: b, value: c}\n",
      "provider.yaml", "hub");
  ASSERT_FALSE(provider.has_value());
  EXPECT_EQ(provider.error().front().to_string(),
            "provider.yaml:5:7: here are 2 ways to prove who asks; write exactly one of bearer, basic, header, query, "
            "oauth2 and githubApp");
}

}  // namespace
}  // namespace weir::plugin::declarative
