// What a process counts and measures, in the words of Prometheus. Names and labels are a contract with dashboards:
// docs/operations.md lists them. Labels have few values each; a tenant is none. From any thread.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/registry.h>

namespace weir {

using MetricLabels = std::map<std::string, std::string>;

struct Metric {
  const char* name;  // weir_…, in base units, counters end in _total
  const char* help;
};

// What was read at one instant, and is true of no other.
class MetricSnapshot {
 public:
  void add(const Metric& metric, const MetricLabels& labels, double value);
  // One that only grows, and that somebody else counts.
  void add_counter(const Metric& metric, const MetricLabels& labels, double value);
  // `values`: how many there are up to and including each upper bound, the bounds ascending; `count` and `sum` of all.
  struct Bucket {
    double upper_bound = 0;
    std::uint64_t values = 0;
  };
  void add_histogram(const Metric& metric, const MetricLabels& labels, const std::vector<Bucket>& buckets,
                     std::uint64_t count, double sum);

  const std::vector<prometheus::MetricFamily>& families() const { return families_; }

 private:
  prometheus::MetricFamily& family(const Metric& metric, prometheus::MetricType type);
  std::vector<prometheus::MetricFamily> families_;
};

class Metrics {
 public:
  void count(const Metric& metric, const MetricLabels& labels, double by = 1);
  // In seconds, from milliseconds to hours.
  void observe(const Metric& metric, const MetricLabels& labels, double seconds);

  // The text that a scrape is answered with: all of this, and the snapshot.
  std::string text(const MetricSnapshot& snapshot = {}) const;

 private:
  prometheus::Registry registry_{prometheus::Registry::InsertBehavior::Merge};
};

}  // namespace weir
