#include "base/metrics.hpp"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr Metric k_rows{"weir_rows_total", "Rows that were loaded."};
constexpr Metric k_time{"weir_run_seconds", "How long runs took."};
constexpr Metric k_depth{"weir_queue_entries", "What waits."};
constexpr Metric k_age{"weir_age_seconds", "How old it is."};

TEST(Metrics, CountsByLabels) {
  Metrics metrics;
  metrics.count(k_rows, {{"kind", "imported"}}, 2);
  metrics.count(k_rows, {{"kind", "imported"}});
  metrics.count(k_rows, {{"kind", "deleted"}}, 0);
  const auto text = metrics.text();
  EXPECT_TRUE(text.contains("# TYPE weir_rows_total counter")) << text;
  EXPECT_TRUE(text.contains("weir_rows_total{kind=\"imported\"} 3")) << text;
  EXPECT_TRUE(text.contains("weir_rows_total{kind=\"deleted\"} 0")) << text;
}

TEST(Metrics, MeasuresSeconds) {
  Metrics metrics;
  metrics.observe(k_time, {{"provider", "git"}}, 0.2);
  metrics.observe(k_time, {{"provider", "git"}}, 100'000);
  const auto text = metrics.text();
  EXPECT_TRUE(text.contains("weir_run_seconds_bucket{provider=\"git\",le=\"0.1\"} 0")) << text;
  EXPECT_TRUE(text.contains("weir_run_seconds_bucket{provider=\"git\",le=\"0.25\"} 1")) << text;
  EXPECT_TRUE(text.contains("weir_run_seconds_count{provider=\"git\"} 2")) << text;
}

TEST(Metrics, ASnapshotIsOfOneScrape) {
  Metrics metrics;
  MetricSnapshot snapshot;
  snapshot.add(k_depth, {{"class", "manual"}}, 7);
  snapshot.add(k_depth, {{"class", "scheduled"}}, 0);
  snapshot.add_counter(k_rows, {}, 5);
  snapshot.add_histogram(k_age, {}, {{60, 3}, {3600, 5}}, 6, 90'000);
  const auto text = metrics.text(snapshot);
  EXPECT_TRUE(text.contains("# TYPE weir_queue_entries gauge")) << text;
  EXPECT_TRUE(text.contains("weir_queue_entries{class=\"manual\"} 7")) << text;
  EXPECT_TRUE(text.contains("# TYPE weir_rows_total counter\nweir_rows_total 5")) << text;
  EXPECT_TRUE(text.contains("weir_age_seconds_bucket{le=\"3600\"} 5")) << text;
  EXPECT_TRUE(text.contains("weir_age_seconds_bucket{le=\"+Inf\"} 6")) << text;
  EXPECT_TRUE(text.contains("weir_age_seconds_sum 90000")) << text;
  EXPECT_TRUE(metrics.text().empty()) << "nothing stays of it";
}

TEST(Metrics, ALabelMayBeAnyText) {
  MetricSnapshot snapshot;
  snapshot.add(k_depth, {{"source", "a\"b\\c\nd"}}, 1);
  EXPECT_TRUE(Metrics().text(snapshot).contains("{source=\"a\\\"b\\\\c\\nd\"}"));
}

}  // namespace
}  // namespace weir
