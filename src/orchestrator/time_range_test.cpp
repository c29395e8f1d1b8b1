#include "orchestrator/time_range.hpp"

#include <gtest/gtest.h>

namespace weir::orchestrator {
namespace {

Instant at(const char* text) { return parse_rfc3339(text).value(); }

Result<NamedRange> parse(const char* from, const char* to) {
  return parse_range(from, to, at("2026-03-10T15:00:00Z"), {"--from", "--to"});
}

std::string problem(const char* from, const char* to) { return parse(from, to).error().message; }

TEST(TimeRange, ADayIsWhole) {
  const auto range = parse("2026-01-31", "2026-01-31");
  EXPECT_EQ(range->from, at("2026-01-31T00:00:00Z"));
  EXPECT_EQ(range->to, at("2026-02-01T00:00:00Z"));
}

TEST(TimeRange, AnInstantIsExact) {
  const auto range = parse("2026-01-31T12:00:00+02:00", "2026-01-31T12:30:00Z");
  EXPECT_EQ(range->from, at("2026-01-31T10:00:00Z"));
  EXPECT_EQ(range->to, at("2026-01-31T12:30:00Z"));
  EXPECT_EQ(range->to_named, range->to);
}

TEST(TimeRange, TodayGoesUpToNow) {
  const auto range = parse("2026-03-01", "2026-03-10");
  EXPECT_EQ(range->to, at("2026-03-10T15:00:00Z"));
  EXPECT_EQ(range->to_named, at("2026-03-11T00:00:00Z"));
}

TEST(TimeRange, WhatIsNoneIsRefused) {
  EXPECT_EQ(problem("2026-02-01", "2026-01-31"),
            "--from 2026-02-01 is not before --to 2026-01-31: no time lies between");
  EXPECT_EQ(parse("2026-01-31T00:00:00Z", "2026-01-31T00:00:00Z").error().code, ErrorCode::usage);
  EXPECT_EQ(problem("2026-03-11", "2026-03-12"), "--from 2026-03-11 is in the future");
  EXPECT_EQ(problem("2026-03-01", "2026-03-11"), "--to 2026-03-11 is in the future");
  for (const auto* text : {"", "today", "2026-02-30", "2026-1-31", "31.01.2026", "2026-01-31T12:00"})
    EXPECT_TRUE(problem(text, "2026-03-01").starts_with("--from is '")) << text;
}

}  // namespace
}  // namespace weir::orchestrator
