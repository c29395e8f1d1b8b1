#include "plugin/declarative/expression/template.hpp"

#include <gtest/gtest.h>

#include "plugin/declarative/expression/filter.hpp"

namespace weir::plugin::declarative {
namespace {

constexpr Roots k_roots{Root::env, Root::record, Root::window, Root::cursor, Root::item, Root::page};

class Expressions : public testing::Test {
 protected:
  Expressions() {
    set_record(R"({"id": 42, "big": 2983238245123, "title": "Ünïcode \"x\"", "user": {"login": "ann", "type": "Bot"},
                   "none": null, "empty": "", "flag": true, "ratio": 0.5, "zero": 0, "nil": [],
                   "labels": [{"name": "bug", "size": 3}, {"name": "ui", "size": 1}, {"name": null}],
                   "numbers": [3, 1, 2, 3], "at": "2026-11-21T22:49:23Z", "odd-key": 7, "path": "a/b c"})");
    scope_.set(Root::cursor, Value::Any(*parse_rfc3339("2026-11-21T00:00:00Z")));
  }
  void set_record(const std::string& json) { scope_.set(Root::record, Value::from(parser_.parse(json).value())); }

  Result<Value> value(std::string_view text, Roots known = k_roots) {
    auto compiled = Template::compile(text, known, {});
    if (!compiled) return fail(ErrorCode::declaration_invalid, compiled.error().message);
    template_ = std::move(*compiled);
    scratch_.reset();
    return template_.evaluate(scope_, scratch_);
  }
  // The result as JSON, or what is wrong.
  std::string run(std::string_view text) {
    const auto result = value(text);
    if (!result) return "! " + result.error().message;
    std::string out;
    append_json(out, *result);
    return out;
  }
  std::string problem_of(std::string_view text) {
    const auto compiled = Template::compile(text, k_roots, {});
    if (compiled) return "none";
    const auto& problem = compiled.error();
    return fmt::format("{}: {}{}{}", problem.offset, problem.message, problem.remedy.empty() ? "" : "; ",
                       problem.remedy);
  }

  simdjson::dom::parser parser_;
  Scope scope_;
  Scratch scratch_;
  Template template_;
};

TEST_F(Expressions, FollowPathsThroughRecords) {
  EXPECT_EQ(run("{{ record.id }}"), "42");
  EXPECT_EQ(run("{{record.user.login}}"), R"("ann")");
  EXPECT_EQ(run("{{ record['odd-key'] }}"), "7");
  EXPECT_EQ(run("{{ record.labels[0].name }}"), R"("bug")");
  EXPECT_EQ(run("{{ record.labels[-2]['name'] }}"), R"("ui")");
  EXPECT_EQ(run("{{ record.none }}"), "null");
  EXPECT_EQ(run("{{ record.nobody.login.at[3] }}"), "null");
  EXPECT_EQ(run("{{ record.id.x }}"), "null");
  EXPECT_EQ(run("{{ record.labels[9] }}"), "null");
  EXPECT_EQ(run("{{ record.big }}"), "2983238245123");
  EXPECT_EQ(run("{{ record.user }}"), R"({"login":"ann","type":"Bot"})");
}

TEST_F(Expressions, KeepTheirTypeAloneAndAreTextAmongText) {
  EXPECT_EQ(run("plain"), R"("plain")");
  EXPECT_EQ(run(""), R"("")");
  EXPECT_EQ(run("/repos/{{ record.user.login }}/{{ record.id }}"), R"("/repos/ann/42")");
  EXPECT_EQ(run("x{{ record.none }}"), "null");
  EXPECT_EQ(run(" {{ record.id }}"), R"(" 42")");
  EXPECT_EQ(run("{{ cursor }}"), R"("2026-11-21T00:00:00Z")");
  EXPECT_EQ(run("since {{ cursor }}"), R"("since 2026-11-21T00:00:00Z")");
}

TEST_F(Expressions, CalculateAndCompare) {
  EXPECT_EQ(run("{{ 1 + 2 * 3 - 4 // 3 }}"), "6");
  EXPECT_EQ(run("{{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2.5 * 2 }}"), R"("-4 2 3.5 5")");
  EXPECT_EQ(run("{{ (1 + 2) * 3 == 9 and not false }}"), "true");
  EXPECT_EQ(run("{{ record.id >= 42 and record.id < 42.5 }}"), "true");
  EXPECT_EQ(run("{{ record.id == 42.0 }}"), "true");
  EXPECT_EQ(run("{{ record.id == '42' }}"), "false");
  EXPECT_EQ(run("{{ record.none < 1 or record.none > 1 }}"), "false");
  EXPECT_EQ(run("{{ record.at > cursor }}"), "true");
  EXPECT_EQ(run("{{ 'bug' in record.labels[0].name }}"), "true");
  EXPECT_EQ(run("{{ 'x' not in ['a', 'b'] }}"), "true");
  EXPECT_EQ(run("{{ 'login' in record.user }}"), "true");
  EXPECT_EQ(run("{{ record.none is none and record.id is not none and record.x is not defined }}"), "true");
  EXPECT_EQ(run("{{ record.id ~ ':' ~ record.user.login }}"), R"("42:ann")");
  EXPECT_EQ(run("{{ record.none ~ 'a' }}"), "null");
  EXPECT_EQ(run("{{ record.none + 1 }}"), "null");
  EXPECT_EQ(run("{{ 'bot' if record.user.type == 'Bot' else 'user' }}"), R"("bot")");
  EXPECT_EQ(run("{{ 'a' if record.zero }}"), "null");
  EXPECT_EQ(run("{{ record.empty or record.nil or 'x' }}"), R"("x")");
  EXPECT_EQ(run("{{ {'a': 1, 'b': {'c': 2}}['b'].c }}"), "2");
  EXPECT_EQ(run("{{ {'queued': 'waiting'}[record.title] | default('unknown') }}"), R"("unknown")");
}

TEST_F(Expressions, RefuseWhatHasNoMeaning) {
  EXPECT_EQ(value("{{ record.title * 2 }}").error().message, ":0:0: text and a number are not numbers");
  EXPECT_EQ(value("{{ record.title < 2 }}").error().message, ":0:0: text cannot be compared with a number");
  EXPECT_EQ(value("{{ 1 // 0 }}").error().message, ":0:0: division by zero");
  EXPECT_EQ(value("{{ 9223372036854775807 + 1 }}").error().message, ":0:0: the number is too large");
  EXPECT_EQ(value("a{{ record.user }}").error().message, ":0:0: an object cannot stand inside a text");
  EXPECT_EQ(value("{{ record.id | join }}").error().message, ":0:0: join: a number is not a list");
  EXPECT_EQ(value("{{ 'x' | rfc3339 }}").error().message, ":0:0: rfc3339: text is not an instant");
}

TEST_F(Expressions, HaveFiltersForText) {
  EXPECT_EQ(run("{{ 'aBc' | upper }}{{ 'aBc' | lower }}"), R"("ABCabc")");
  EXPECT_EQ(run("{{ '  a b ' | trim }}"), R"("a b")");
  EXPECT_EQ(run("{{ record.path | replace('/', '::') }}"), R"("a::b c")");
  EXPECT_EQ(run("{{ 'a,b,,c' | split(',') }}"), R"(["a","b","","c"])");
  EXPECT_EQ(run("{{ ' a  b ' | split }}"), R"(["a","b"])");
  EXPECT_EQ(run("{{ record.path | urlencode }}"), R"("a%2Fb%20c")");
  EXPECT_EQ(run("{{ 'a:b' | b64encode }}"), R"("YTpi")");
  EXPECT_EQ(run("{{ 'a/b/c' | before('/') }} {{ 'a/b/c' | after('/') }}"), R"("a b/c")");
  EXPECT_EQ(run("{{ 'refs/heads/x' | starts_with('refs/') and 'x' | ends_with('x') }}"), "true");
  EXPECT_EQ(run("{{ record.title | truncate(2) }}"), R"("Ü")");
  EXPECT_EQ(run("{{ record.id | string }}"), R"("42")");
  EXPECT_EQ(run("{{ record.user | tojson }}"), R"("{\"login\":\"ann\",\"type\":\"Bot\"}")");
}

TEST_F(Expressions, MatchPatterns) {
  EXPECT_EQ(run("{{ 'acme/api' | like('acme/*') }}"), "true");
  EXPECT_EQ(run("{{ 'acme/api' | like('acme/w*, */ap?') }}"), "true");
  EXPECT_EQ(run("{{ 'acme/api' | like('acme/* !acme/api') }}"), "false");
  EXPECT_EQ(run("{{ 'acme/api' | like('!other/*') }}"), "true");
  EXPECT_EQ(run("{{ 'acme/api' | like('') and 'acme/api' | like(env.NONE) }}"), "true");
  EXPECT_EQ(run("{{ 'aaaaaaaaaaaaaaaaaaaaaaaaab' | like('*a*a*a*a*a*c') }}"), "false");
}

TEST_F(Expressions, HaveFiltersForTimes) {
  EXPECT_EQ(run("{{ record.at | timestamp | plus('1h30m') }}"), R"("2026-11-22T00:19:23Z")");
  EXPECT_EQ(run("{{ record.at | minus('1d') | rfc3339 }}"), R"("2026-11-20T22:49:23Z")");
  EXPECT_EQ(run("{{ cursor | epoch }} {{ cursor | epoch_ms }}"), R"("1795219200 1795219200000")");
  EXPECT_EQ(run("{{ 1795219200 | from_epoch }}"), R"("2026-11-21T00:00:00Z")");
  EXPECT_EQ(run("{{ '1795219200500' | from_epoch_ms }}"), R"("2026-11-21T00:00:00.5Z")");
  EXPECT_EQ(run("{{ 99999999999999999 | from_epoch }}"), "null");
  EXPECT_EQ(run("{{ 'yesterday' | timestamp }}"), "null");
  EXPECT_EQ(run("{{ record.at | strftime('%Y/%m/%d %H:%M:%S.%f%%') }}"), R"("2026/11/21 22:49:23.000000%")");
  EXPECT_EQ(run("{{ cursor | ms_until(record.at) }}"), "82163000");
}

TEST_F(Expressions, HaveFiltersForLists) {
  EXPECT_EQ(run("{{ record.labels | map('name') | join(', ') }}"), R"("bug, ui")");
  EXPECT_EQ(run("{{ record.numbers | unique | sort | join }}"), R"("123")");
  EXPECT_EQ(run("{{ record.numbers | min }}{{ record.numbers | max }}{{ record.numbers | sum }}"), R"("139")");
  EXPECT_EQ(run("{{ record.numbers | first }}{{ record.numbers | last }}{{ record.numbers | length }}"), R"("334")");
  EXPECT_EQ(run("{{ record.none | length }}"), "0");
  EXPECT_EQ(run("{{ record.labels | selectattr('size', '>', 2) | map('name') }}"), R"(["bug"])");
  EXPECT_EQ(run("{{ record.labels | rejectattr('name') | length }}"), "1");
  EXPECT_EQ(run("{{ record.labels | selectattr('name', 'ui') | length }}"), "1");
  EXPECT_EQ(run("{{ record.labels | selectattr('name', 'in', ['ui', 'x']) | map('name') }}"), R"(["ui"])");
  EXPECT_EQ(run("{{ [0, 1, '', 'a'] | select }}"), R"([1,"a"])");
  EXPECT_EQ(run("{{ record.user | keys }}"), R"(["login","type"])");
}

// Of the very first expression, before anything was made.
TEST_F(Expressions, MakeAnEmptyListOfAnEmptyList) { EXPECT_EQ(run("{{ record.nil | map('x') | max }}"), "null"); }

TEST_F(Expressions, ConvertNumbers) {
  EXPECT_EQ(run("{{ '12' | int + 1 }}"), "13");
  EXPECT_EQ(run("{{ '12.7' | int }} {{ 3.9 | int }} {{ '68.49' | float }} {{ 2.5 | round }}"), R"("12 3 68.49 3")");
  EXPECT_EQ(run("{{ '1000+' | int }}"), "null");
  EXPECT_EQ(run("{{ 'true' | bool }}"), "true");
  EXPECT_EQ(run("{{ (0 - 3) | abs }}"), "3");
}

TEST_F(Expressions, SayWhatIsWrongAndWhere) {
  EXPECT_EQ(problem_of("{{ recrod.id }}"), "3: the name 'recrod' is not known here; did you mean 'record'?");
  EXPECT_EQ(problem_of("a {{ record.id | lowr }}"), "17: there is no filter 'lowr'; did you mean 'lower'?");
  EXPECT_EQ(problem_of("{{ record.id"), "12: the expression does not end; close it with }}");
  EXPECT_EQ(problem_of("{{ }}"), "3: the expression is empty; write one between {{ and }}");
  EXPECT_EQ(problem_of("{{ record. }}"), "11: a name is missing after '.'");
  EXPECT_EQ(problem_of("{{ record.id | replace('a') }}"), "15: 'replace' has 1 arguments; it takes 2");
  EXPECT_EQ(problem_of("{{ 'a }}"), "3: the text does not end");
  EXPECT_EQ(problem_of("{{ 1 ? 2 }}"), "5: this character has no meaning here");
  EXPECT_EQ(problem_of("{% if x %}"), "0: '{%' is not supported; use {{ }}, with 'a if b else c'");
  EXPECT_EQ(problem_of("{{ vars.x }}").substr(0, 37), "3: the name 'vars' is not known here;");
  EXPECT_EQ(problem_of("{{ 1 2 }}"), "5: '2' is not expected here; check operators and quotes");
}

TEST_F(Expressions, AreBoundedInDepthStepsAndSize) {
  EXPECT_EQ(problem_of("{{ " + std::string(100, '(') + "1" + std::string(100, ')') + " }}").substr(4),
            "the expression is nested too deeply; split it with vars");
  EXPECT_EQ(problem_of(std::string(20'000, 'x')), "0: the text is too long; shorten it");
  std::string doubling = "{{ 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'";
  for (int i = 0; i < 10; ++i) doubling += " | replace('x', 'xxxxxxxx')";
  EXPECT_EQ(value(doubling + " | length }}").error().message.substr(6),
            "replace: it makes more text than one expression may");
  std::string numbers = "[0";
  for (int i = 1; i < 20'000; ++i) numbers += fmt::format(",{}", i);
  set_record("{\"list\": " + numbers + "]}");
  EXPECT_EQ(value("{{ record.list | unique | length }}").error().message.substr(6), "unique: the list is too long");
}

TEST_F(Expressions, KnowWhichNamesTheyUse) {
  ASSERT_TRUE(value("{{ env.A }} {{ env.B if env.C else env }}").has_value());
  std::vector<std::string> keys;
  for (const auto& [key, offset] : template_.keys_of(Root::env)) keys.emplace_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"A", "B", "C", ""}));
  EXPECT_FALSE(template_.uses(Root::record));
}

TEST(TemplatePlaces, PointIntoTheFile) {
  const std::string source =
      "a: 1\nurl: \"/x/{{ record.id }}\"\nlong: >-\n  one {{ 'é' ~ env.B }}\n  two {{ env.C }}\nquoted: 'it''s {{ "
      "env.D }}'\n";
  const auto root = parse_yaml(source, "f.yaml");
  ASSERT_TRUE(root.has_value());
  const auto place_of = [&](const char* key, std::string_view what) {
    const auto& node = *root->find(key);
    return TemplatePlace("f.yaml", source, node).at(node.text.find(what));
  };
  EXPECT_EQ(place_of("url", "record"), "f.yaml:2:13");
  EXPECT_EQ(place_of("long", "env.B"), "f.yaml:4:16");
  EXPECT_EQ(place_of("long", "env.C"), "f.yaml:5:10");
  EXPECT_EQ(place_of("quoted", "env.D"), "f.yaml:6:19");
}

TEST(Filters, AreDescribed) {
  const auto table = describe_filters();
  for (const auto& name : filter_names()) EXPECT_TRUE(table.contains("| `" + name + "` |")) << name;
}

}  // namespace
}  // namespace weir::plugin::declarative
