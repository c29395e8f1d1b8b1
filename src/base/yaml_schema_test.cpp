#include "base/yaml_schema.hpp"

#include <array>

#include <gtest/gtest.h>

namespace weir {
namespace {

using enum YamlType;

constexpr std::array<std::string_view, 2> k_colours{"red", "green"};
constexpr std::array<std::string_view, 1> k_all{"all"};
constexpr std::array k_inner{YamlKey{.name = "is_big", .type = boolean, .default_text = "`false`"}};
constexpr std::array k_keys{
    YamlKey{.name = "title", .type = text, .is_required = true, .meaning = "what it is", .max = 10},
    YamlKey{.name = "colour", .type = word, .choices = k_colours},
    YamlKey{.name = "days", .type = integer, .min = 1, .max = 9, .choices = k_all},
    YamlKey{.name = "every", .type = duration, .min = 60, .max = 3600},
    YamlKey{.name = "names", .type = names, .min = 1, .max = 2},
    YamlKey{.name = "id", .type = name},
    YamlKey{.name = "inner", .type = mapping, .keys = k_inner},
    YamlKey{.name = "by_name", .type = entries, .keys = k_inner},
    YamlKey{.name = "several", .type = mappings, .max = 2, .keys = k_inner},
    YamlKey{.name = "labels", .type = texts, .max = 2},
    YamlKey{.name = "shape", .type = mapping, .choices = k_colours, .keys = k_inner},
    YamlKey{.name = "free", .type = anything},
};

std::vector<std::string> problems_of(std::string_view yaml) {
  std::vector<FileProblem> problems;
  check_yaml(*parse_yaml(yaml, "x.yaml"), k_keys, "x.yaml", problems);
  std::vector<std::string> lines;
  for (const auto& problem : problems) lines.push_back(problem.to_string());
  return lines;
}

TEST(YamlSchema, AcceptsWhatTheTableSays) {
  EXPECT_TRUE(problems_of("title: x\ncolour: red\ndays: all\nevery: 1m\nnames: [a, b]\nid: a_1\n"
                          "inner: {is_big: true}\nby_name: {X: {is_big: false}, Y: {}}\n")
                  .empty());
}

TEST(YamlSchema, AcceptsListsOfMappingsFreeTextsAndShortForms) {
  EXPECT_TRUE(problems_of("title: x\nseveral: [{is_big: true}, {}]\nlabels: {A: 1, b c: x}\nshape: red\n"
                          "free: [1, {a: []}]\n")
                  .empty());
  EXPECT_TRUE(problems_of("title: x\nseveral: {is_big: true}\nshape: {is_big: true}\n").empty());
  EXPECT_EQ(problems_of("title: x\nseveral: [1]\n").at(0),
            "x.yaml:2:11: an item of 'several' must be a mapping, but here is '1'; write 'key: value'");
  EXPECT_EQ(problems_of("title: x\nseveral: [{}, {}, {}]\n").at(0),
            "x.yaml:2:10: 'several' has 3 entries; it must be between 0 and 2");
  EXPECT_EQ(problems_of("title: x\nlabels: {a: [1]}\n").at(0),
            "x.yaml:2:13: 'a' must be a single value, but here is a list");
  EXPECT_EQ(problems_of("title: x\nshape: blue\n").at(0),
            "x.yaml:2:8: 'shape' cannot be 'blue'; use one of: red, green");
}

TEST(YamlSchema, NamesTheNearestKey) {
  EXPECT_EQ(problems_of("titel: x\ntitle: y\n"),
            std::vector<std::string>{"x.yaml:1:1: unknown key 'titel'; did you mean 'title'?"});
}

TEST(YamlSchema, ReportsEveryProblemWithItsPlace) {
  EXPECT_EQ(problems_of("colour: gren\ndays: 10\nevery: 5s\nnames: [a, a]\nid: A\ninner: {is_big: \"true\"}\n"
                        "by_name: [1]\n"),
            (std::vector<std::string>{
                "x.yaml:1:9: 'colour' cannot be 'gren'; did you mean 'green'?",
                "x.yaml:2:7: 'days' cannot be '10'; it must be between 1 and 9, or all",
                "x.yaml:3:8: 'every' cannot be '5s'; it must be between 1m 00s and 1h 00m",
                "x.yaml:4:12: 'a' is repeated; remove one of them",
                "x.yaml:5:5: 'id' cannot be 'A'; use small letters, digits and _, at most 60 of them",
                "x.yaml:6:17: 'is_big' must be true or false, not 'true'; write true or false without quotes",
                "x.yaml:7:10: 'by_name' must be a mapping, but here is a list; write one 'NAME:' with its keys below "
                "it for each",
                "x.yaml:1:1: the key 'title' is missing; add it: what it is",
            }));
}

TEST(YamlSchema, TypesAreNotGuessed) {
  EXPECT_EQ(problems_of("title: [x]\n").size(), 1U);
  EXPECT_EQ(problems_of("title: x\ndays: \"3\"\n").size(), 1U);
  EXPECT_EQ(problems_of("title: x\ndays: 3.5\n").size(), 1U);
  EXPECT_EQ(problems_of("title: x\nevery: soon\n").size(), 1U);
  EXPECT_EQ(problems_of("title: x\nnames: a\n").size(), 1U);
  EXPECT_EQ(problems_of("title: 12345678901\n").size(), 1U);
  EXPECT_EQ(problems_of("title:\n").size(), 1U);
  EXPECT_EQ(problems_of("- title\n").size(), 1U);
  EXPECT_EQ(problems_of("").size(), 1U);
}

TEST(YamlSchema, ReadsCheckedValues) {
  const auto root = *parse_yaml("title: x\nevery: 2m\nnames: [a]\ndays: 7\ninner: {is_big: true}\n", "x");
  EXPECT_EQ(yaml_text(root, "title"), "x");
  EXPECT_EQ(yaml_optional_text(root, "colour"), std::nullopt);
  EXPECT_EQ(yaml_duration(root, "every", std::chrono::seconds(1)), std::chrono::seconds(120));
  EXPECT_EQ(yaml_names(root, "names"), std::vector<std::string>{"a"});
  EXPECT_EQ(yaml_integer(root, "days", 0), 7);
  EXPECT_TRUE(yaml_flag(*root.find("inner"), "is_big", false));
}

TEST(YamlSchema, PrintsItsDocumentation) {
  const auto text = describe_yaml_keys(k_keys);
  EXPECT_NE(text.find("| `title` | text | required | what it is |"), std::string::npos) << text;
  EXPECT_NE(text.find("| `by_name.NAME.is_big` | true or false | `false` |"), std::string::npos) << text;
  EXPECT_NE(text.find("| `days` | number: `all` |"), std::string::npos) << text;
}

}  // namespace
}  // namespace weir
