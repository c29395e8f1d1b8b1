#include "plugin/trial/trial_pass.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "plugin/trial/row_document.hpp"

namespace weir::plugin {

TrialPass::TrialPass(const load::ResourceCatalog& resources, const Partition& partition, Plan plan)
    : resources_(resources), partition_(partition), plan_(std::move(plan)) {
  outcome_.rows_max = plan_.rows_max;
}

void TrialPass::note_provider_time(Instant now) {
  if (outcome_.pages == 0 && now < plan_.end) plan_.end = now;
}

load::Batch& TrialPass::rows(std::string_view resource) {
  const auto found = batches_.find(resource);
  if (found != batches_.end()) return *found->second;
  const auto* declared = resources_.find(resource);
  if (declared == nullptr)
    throw Failure({ErrorCode::declaration_invalid, fmt::format("the resource '{}' is not declared", resource)});
  return *batches_.emplace(std::string(resource), std::make_unique<load::Batch>(*declared)).first->second;
}

Task<> TrialPass::page_done(nlohmann::json resume) {
  collect_rows();
  outcome_.resume = std::move(resume);
  ++outcome_.pages;
  if (plan_.pages_max > 0 && outcome_.pages >= plan_.pages_max)
    throw Failure({ErrorCode::cancelled, fmt::format("ended after {} pages", outcome_.pages)});
  co_return;
}

void TrialPass::collect_rows() {
  for (auto& [resource, batch] : batches_) {
    auto& rows = outcome_.rows[resource];
    if (rows.is_null()) rows = nlohmann::json::array();
    for (std::size_t i = 0; i < batch->rows(); ++i) {
      if (outcome_.rows_max > 0 && outcome_.rows_count >= outcome_.rows_max) {
        ++outcome_.rows_count;
        continue;
      }
      ++outcome_.rows_count;
      rows.push_back(row_document(batch->store(), i));
    }
    for (const auto& set : batch->store().sets())
      outcome_.sets[resource].push_back(fmt::to_string(fmt::join(set.parent, "/")));
    for (const auto& rejected : batch->rejected())
      outcome_.rejected.push_back(fmt::format("{} {}: {}", resource, rejected.record_id, rejected.reason));
    batch->clear();
  }
}

void TrialPass::skip(std::int64_t records, std::string reason) {
  outcome_.notes.push_back(fmt::format("{} records skipped: {}", records, reason));
}

void TrialPass::cap(Instant from, Instant to, std::string reason) {
  outcome_.notes.push_back(
      fmt::format("not complete from {} to {}: {}", format_rfc3339(from), format_rfc3339(to), reason));
}

void TrialPass::log(LogLevel, std::string message, nlohmann::json, std::string record_id) {
  outcome_.notes.push_back(record_id.empty() ? std::move(message) : fmt::format("{}: {}", record_id, message));
}

}  // namespace weir::plugin
