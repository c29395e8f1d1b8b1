// docs/plugins.md shows the tables that the files are checked against. WEIR_UPDATE_GOLDEN=1 rewrites it.
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "plugin/declaration_file.hpp"
#include "plugin/declarative/expression/filter.hpp"

namespace weir::plugin {
namespace {

const std::string k_document = std::string(WEIR_SOURCE_DIR) + "/docs/plugins.md";

std::string read_document() {
  std::ifstream in(k_document);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// The text with `table` after the line `marker`, in place of the table that is there.
std::string with_table(const std::string& text, const std::string& marker, const std::string& table) {
  const auto at = text.find(marker);
  if (at == std::string::npos) return text + "\n" + marker + " is missing\n";
  const auto begin = at + marker.size() + 1;
  auto end = begin;
  while (end < text.size() && (text[end] == '\n' || text[end] == '|')) end = text.find('\n', end) + 1;
  return text.substr(0, begin) + "\n" + table + "\n" + text.substr(end);
}

TEST(PluginDocument, ShowsEveryKeyThatTheFilesMayHave) {
  const auto text = read_document();
  auto expected = with_table(text, "<!-- provider keys -->", describe_yaml_keys(provider_file_keys()));
  expected = with_table(expected, "<!-- script keys -->", describe_yaml_keys(script_file_keys()));
  expected = with_table(expected, "<!-- filters -->", declarative::describe_filters());
  if (std::getenv("WEIR_UPDATE_GOLDEN") != nullptr) std::ofstream(k_document) << expected;
  EXPECT_EQ(text, expected) << "run the test with WEIR_UPDATE_GOLDEN=1";
}

}  // namespace
}  // namespace weir::plugin
