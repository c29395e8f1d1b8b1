#include "base/metrics.hpp"

#include <algorithm>

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/text_serializer.h>

namespace weir {
namespace {

prometheus::ClientMetric labelled(const MetricLabels& labels) {
  prometheus::ClientMetric metric;
  for (const auto& [name, value] : labels) metric.label.push_back({name, value});
  return metric;
}

const prometheus::Histogram::BucketBoundaries& seconds_buckets() {
  static const prometheus::Histogram::BucketBoundaries buckets{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,    2.5,
                                                               5,     10,   30,    60,   120, 300,  900, 3600, 14400};
  return buckets;
}

}  // namespace

prometheus::MetricFamily& MetricSnapshot::family(const Metric& metric, prometheus::MetricType type) {
  const auto found = std::ranges::find(families_, metric.name, &prometheus::MetricFamily::name);
  if (found != families_.end()) return *found;
  return families_.emplace_back(prometheus::MetricFamily{metric.name, metric.help, type, {}});
}

void MetricSnapshot::add(const Metric& metric, const MetricLabels& labels, double value) {
  auto line = labelled(labels);
  line.gauge.value = value;
  family(metric, prometheus::MetricType::Gauge).metric.push_back(std::move(line));
}

void MetricSnapshot::add_counter(const Metric& metric, const MetricLabels& labels, double value) {
  auto line = labelled(labels);
  line.counter.value = value;
  family(metric, prometheus::MetricType::Counter).metric.push_back(std::move(line));
}

void MetricSnapshot::add_histogram(const Metric& metric, const MetricLabels& labels, const std::vector<Bucket>& buckets,
                                   std::uint64_t count, double sum) {
  auto line = labelled(labels);
  line.histogram.sample_count = count;
  line.histogram.sample_sum = sum;
  for (const auto& bucket : buckets) line.histogram.bucket.push_back({bucket.values, bucket.upper_bound});
  family(metric, prometheus::MetricType::Histogram).metric.push_back(std::move(line));
}

void Metrics::count(const Metric& metric, const MetricLabels& labels, double by) {
  prometheus::BuildCounter().Name(metric.name).Help(metric.help).Register(registry_).Add(labels).Increment(by);
}

void Metrics::observe(const Metric& metric, const MetricLabels& labels, double seconds) {
  prometheus::BuildHistogram()
      .Name(metric.name)
      .Help(metric.help)
      .Register(registry_)
      .Add(labels, seconds_buckets())
      .Observe(seconds);
}

std::string Metrics::text(const MetricSnapshot& snapshot) const {
  auto families = registry_.Collect();
  families.insert(families.end(), snapshot.families().begin(), snapshot.families().end());
  std::ranges::sort(families, {}, &prometheus::MetricFamily::name);
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace weir
