#include "orchestrator/queued_record.hpp"

#include <gtest/gtest.h>

namespace weir::orchestrator {
namespace {

using queue::RunEndStatus;

ScriptReport script(std::string name, std::string status) {
  return {.id = {"src", "fake/" + name}, .status = std::move(status)};
}
ScriptReport failed(std::string name, bool may_retry) {
  auto report = script(std::move(name), "FAILED");
  report.reason = "it broke";
  report.may_retry = may_retry;
  return report;
}
ScriptReport parked(std::string name, int hours) {
  auto report = script(std::move(name), "PARKED");
  report.reason = "a limit";
  report.wake_at = Instant{} + std::chrono::hours(hours);
  return report;
}
ScriptReport skipped(SkipCode code) {
  auto report = script("waiting", "SKIPPED");
  report.skipped = code;
  return report;
}
queue::RunEnd end_of(std::string status, std::vector<ScriptReport> scripts, bool was_stopped = false) {
  return queue_end_of({.tenant_key = "acme", .status = std::move(status), .scripts = std::move(scripts)}, was_stopped);
}

TEST(QueueEnd, WhatIsDoneIsDone) {
  const auto end = end_of("COMPLETED", {script("a", "COMPLETED")});
  EXPECT_EQ(end.status, RunEndStatus::completed);
  EXPECT_FALSE(end.error);
  EXPECT_EQ(end.summary.size(), 1U);
  EXPECT_EQ(end_of("COMPLETED_WITH_GAPS", {}).status, RunEndStatus::completed_with_gaps);
  EXPECT_EQ(end_of("CANCELLED", {}).status, RunEndStatus::cancelled);
}

TEST(QueueEnd, ARetryComesBeforeAParkAndThatBeforeAFailureForGood) {
  const auto retry = end_of("FAILED", {failed("a", true), parked("b", 1), failed("c", false)});
  EXPECT_EQ(retry.status, RunEndStatus::failed);
  EXPECT_TRUE(retry.may_retry);
  EXPECT_EQ(*retry.error, "src:fake/a: it broke (and 1 more)");
  const auto park = end_of("FAILED", {failed("c", false), parked("b", 3), parked("a", 2)});
  EXPECT_EQ(park.status, RunEndStatus::parked);
  EXPECT_EQ(*park.wake_at, Instant{} + std::chrono::hours(2));
  const auto final = end_of("FAILED", {failed("c", false)});
  EXPECT_EQ(final.status, RunEndStatus::failed);
  EXPECT_FALSE(final.may_retry);
}

TEST(QueueEnd, WhatEarlierPartsSaidStaysWhenThisOneNeverBegan) {
  const auto end = queue_end_of({.tenant_key = "acme", .error = Error{ErrorCode::database_unreachable, "gone"}}, false);
  EXPECT_TRUE(end.summary.is_null());
}

TEST(QueueEnd, WhatIsParkedBesideAFailureIsNotForgottenWithTheLastRetry) {
  const auto end = end_of("FAILED", {failed("a", true), parked("b", 3)});
  EXPECT_EQ(end.status, RunEndStatus::failed);
  EXPECT_EQ(end.wake_at, Instant{} + std::chrono::hours(3));
}

TEST(QueueEnd, AnInterruptionIsTheNodesUnlessItWasAFault) {
  EXPECT_EQ(end_of("INTERRUPTED", {}, true).status, RunEndStatus::released);
  EXPECT_EQ(end_of("INTERRUPTED", {}).status, RunEndStatus::interrupted);
  const auto with = [](ErrorCode code) {
    return queue_end_of({.tenant_key = "acme", .error = Error{code, "why"}}, false);
  };
  EXPECT_EQ(with(ErrorCode::database_unreachable).status, RunEndStatus::interrupted);
  EXPECT_EQ(with(ErrorCode::lease_lost).status, RunEndStatus::interrupted);
  EXPECT_EQ(with(ErrorCode::database_error).status, RunEndStatus::failed);
  EXPECT_EQ(*with(ErrorCode::database_error).error, "why");
}

TEST(ScriptReports, AreReadBackAsTheyWereKept) {
  auto report = failed("a", true);
  report.counts.imported = 7;
  report.counts.waited_ms = 5;
  report.duration = std::chrono::milliseconds(12);
  report.run = RunId(Uuid::parse("01a20065-a932-70bb-b31e-38151ade6567").value());
  report.wake_at = parse_rfc3339("2026-01-01T00:00:00Z");
  EXPECT_EQ(nlohmann::json(read_script_report(report)), nlohmann::json(report));
  const auto waiting = skipped(SkipCode::parked);
  EXPECT_EQ(read_script_report(waiting).skipped, SkipCode::parked);
  EXPECT_EQ(read_script_report(nlohmann::json::object()).status, "");
}

TEST(ScriptReports, AreSettledWhenNothingIsLeftToTry) {
  for (const auto* status : {"COMPLETED", "COMPLETED_WITH_GAPS"}) EXPECT_TRUE(is_settled(script("a", status)));
  for (const auto* status : {"PARKED", "INTERRUPTED", "CANCELLED"}) EXPECT_FALSE(is_settled(script("a", status)));
  EXPECT_TRUE(is_settled(failed("a", false)));
  EXPECT_FALSE(is_settled(failed("a", true)));
  for (const auto code : {SkipCode::ancestor, SkipCode::parked, SkipCode::stopped})
    EXPECT_FALSE(is_settled(skipped(code)));
  for (const auto code : {SkipCode::held, SkipCode::disabled, SkipCode::not_configured})
    EXPECT_TRUE(is_settled(skipped(code)));
}

TEST(SkipCodes, AreFoundByTheirNames) {
  for (int i = 0; i <= static_cast<int>(SkipCode::stopped); ++i)
    EXPECT_EQ(skip_code_of(name_of(static_cast<SkipCode>(i))), static_cast<SkipCode>(i));
  EXPECT_FALSE(skip_code_of("nonsense"));
}

}  // namespace
}  // namespace weir::orchestrator
