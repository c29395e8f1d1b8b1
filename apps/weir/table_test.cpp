#include "weir/table.hpp"

#include <gtest/gtest.h>

namespace weir::app {
namespace {

TEST(Table, AlignsColumnsByCodePointsAndLeavesNoTrailingSpace) {
  Table table({{"TENANT"}, {"ROWS", Align::right}, {"STATE"}});
  table.add_row({"Zürich", "7", "IDLE"});
  table.add_row({"a", "1200", "RUNNING"});
  EXPECT_EQ(table.render(Cli{}),
            "TENANT  ROWS  STATE\n"
            "Zürich     7  IDLE\n"
            "a       1200  RUNNING\n");
}

TEST(Table, ColoursOnlyWhereTheOutputIsColoured) {
  Table table({{"STATE"}});
  table.add_row({Cell("FAILED", Colour::red)});
  EXPECT_EQ(table.render(Cli{}), "STATE\nFAILED\n");
  Cli cli;
  cli.is_coloured = true;
  EXPECT_EQ(table.render(cli), "\033[1mSTATE\033[0m\n\033[31mFAILED\033[0m\n");
}

TEST(Printable, ForeignTextCannotMoveTheCursorNorBreakTheEncoding) {
  EXPECT_EQ(printable("plain ünï 日本 😀"), "plain ünï 日本 😀");
  EXPECT_EQ(printable("a\033[2Jb\nc\x7F"), "a\uFFFD[2Jb\uFFFDc\uFFFD");
  EXPECT_EQ(printable("\xC2\x9B"), "\uFFFD");                                      // C1: CSI
  EXPECT_EQ(printable("\xC0\xAF\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD");  // overlong, surrogate
  EXPECT_EQ(printable("cut\xE2\x82"), "cut\uFFFD\uFFFD");
}

}  // namespace
}  // namespace weir::app
