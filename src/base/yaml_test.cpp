#include "base/yaml.hpp"

#include <gtest/gtest.h>

namespace weir {
namespace {

std::string problem_of(std::string_view text, YamlLimits limits = {}) {
  const auto result = parse_yaml(text, "x.yaml", limits);
  return result ? "" : result.error().to_string();
}

TEST(Yaml, KeepsPlacesAndOrder) {
  const auto root = parse_yaml("b: 1\na:\n  - \"true\"\n  - {c: ~}\n", "x.yaml");
  ASSERT_TRUE(root.has_value());
  ASSERT_EQ(root->entries.size(), 2U);
  EXPECT_EQ(root->entries[0].key.text, "b");
  EXPECT_TRUE(root->find("b")->is_plain);
  const auto& list = *root->find("a");
  ASSERT_EQ(list.items.size(), 2U);
  EXPECT_EQ(list.items[0].text, "true");
  EXPECT_FALSE(list.items[0].is_plain);
  EXPECT_EQ(list.items[0].line, 3);
  EXPECT_EQ(list.items[0].column, 5);
  EXPECT_EQ(list.items[1].find("c")->kind, YamlNode::Kind::null);
  EXPECT_EQ(root->find("d"), nullptr);
}

TEST(Yaml, AnEmptyFileIsNothing) { EXPECT_EQ(parse_yaml("# only a comment\n", "x")->kind, YamlNode::Kind::null); }

TEST(Yaml, RefusesWhatADeclarationDoesNotNeed) {
  EXPECT_EQ(problem_of("a: &x 1\n"), "x.yaml:1:4: anchors and aliases (& and *) are not allowed; write the value out");
  EXPECT_NE(problem_of("a: *x\n"), "");
  EXPECT_NE(problem_of("a: !!binary x\n"), "");
  EXPECT_NE(problem_of("a: 1\n---\nb: 1\n").find("second document"), std::string::npos);
  EXPECT_EQ(problem_of("a: 1\nb: 2\na: 3\n"), "x.yaml:3:1: the key 'a' is repeated; remove it here or in line 1");
  EXPECT_NE(problem_of("? [a, b]\n: c\n").find("a key must be a word"), std::string::npos);
  EXPECT_NE(problem_of(std::string("a: \0b", 5)).find("NUL"), std::string::npos);
  EXPECT_EQ(problem_of("a: [1, 2\nb: 3\n").substr(0, 9), "x.yaml:2:");
}

TEST(Yaml, IsBounded) {
  EXPECT_NE(problem_of(std::string(1U << 20U, 'a')).find("larger than 256 KiB"), std::string::npos);
  EXPECT_NE(problem_of(std::string(100'000, '[')), "");
  EXPECT_NE(problem_of("[[[1]]]", {.depth_max = 2}).find("nested deeper than 2"), std::string::npos);
  EXPECT_NE(problem_of("[1, 2, 3]", {.nodes_max = 3}).find("more than 3 values"), std::string::npos);
}

TEST(Yaml, WhatIsNoUtf8IsRefusedWhereverItStands) {
  for (const std::string text : {"a: caf\xe9", "caf\xe9: 1", "a: [b, \"c\\0d\"]", "a: \"\xed\xa0\x80\""}) {
    const auto result = parse_yaml(text, "f.yaml");
    ASSERT_FALSE(result.has_value()) << text;
    EXPECT_TRUE(result.error().to_string().contains("this is not UTF-8 text; save the file as UTF-8")) << text;
  }
  EXPECT_TRUE(parse_yaml("caf\u00e9: \"\xc3\xa9 \\u00e9\"", "f.yaml").has_value());
}

TEST(Yaml, AMissingFileIsAProblemOfThatFile) {
  const auto result = read_yaml_file("/nonexistent/x.yaml");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().to_string(),
            "/nonexistent/x.yaml: the file cannot be read: No such file or directory; check that it exists and its "
            "permissions");
}

}  // namespace
}  // namespace weir
