// A pass that commits nothing: its rows are kept as documents for people and tests.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "load/resource.hpp"
#include "plugin/script.hpp"

namespace weir::plugin {

struct TrialOutcome {
  std::map<std::string, nlohmann::json> rows{};  // by resource: objects of the columns that are not null
  std::map<std::string, nlohmann::json> sets{};  // by resource: the parents, a/b, whose rows are all they have
  std::int64_t rows_max = 0;                     // more are counted only; 0: no bound
  std::int64_t rows_count = 0;
  std::vector<std::string> rejected{};
  std::vector<std::string> notes{};  // log lines, caps and skips
  std::optional<std::int64_t> expected{};
  std::int64_t requests = 0;
  std::int64_t pages = 0;
  nlohmann::json resume = nullptr;
  nlohmann::json state = nullptr;
  std::optional<Instant> wake_at{};
};

class TrialPass final : public PassContext {
 public:
  struct Plan {
    std::optional<Instant> start{};
    Instant end;
    nlohmann::json state = nullptr;
    nlohmann::json resume = nullptr;
    std::int64_t pages_max = 0;  // after so many it ends with ErrorCode::cancelled; 0: no bound
    std::int64_t rows_max = 0;
  };
  TrialPass(const load::ResourceCatalog& resources, const Partition& partition, Plan plan);

  const TrialOutcome& outcome() const { return outcome_; }
  void finish() { collect_rows(); }

  const Partition& partition() const override { return partition_; }
  std::optional<Instant> start() const override { return plan_.start; }
  Instant end() const override { return plan_.end; }
  void note_provider_time(Instant now) override;
  const nlohmann::json& state() const override { return plan_.state; }
  const nlohmann::json& resume() const override { return plan_.resume; }
  load::Batch& rows(std::string_view resource) override;
  Task<> page_done(nlohmann::json resume) override;
  void set_state(nlohmann::json state) override { outcome_.state = std::move(state); }
  void expect(std::int64_t records) override { outcome_.expected = records; }
  void skip(std::int64_t records, std::string reason) override;
  void cap(Instant from, Instant to, std::string reason) override;
  void count_requests(const RequestCounts& more) override { outcome_.requests += more.requests; }
  void log(LogLevel level, std::string message, nlohmann::json details, std::string record_id) override;
  void park_until(Instant wake_at) override { outcome_.wake_at = wake_at; }
  const std::atomic<bool>& stop_requested() const override { return stop_; }

 private:
  void collect_rows();

  const load::ResourceCatalog& resources_;
  const Partition& partition_;
  Plan plan_;
  TrialOutcome outcome_;
  std::map<std::string, std::unique_ptr<load::Batch>, std::less<>> batches_;
  std::atomic<bool> stop_{false};
};

}  // namespace weir::plugin
