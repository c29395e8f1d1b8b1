#include "provider-sim/server/request_log.hpp"

#include "provider-sim/base/json_writer.hpp"

namespace weir::sim {

LogEntry& RequestLog::add(LogEntry entry) {
  entry.sequence = ++last_;
  entries_.push_back(std::move(entry));
  if (entries_.size() > entries_max_) entries_.pop_front();
  return entries_.back();
}

LogEntry* RequestLog::find(std::uint64_t sequence) {
  if (entries_.empty() || sequence < entries_.front().sequence || sequence > entries_.back().sequence) return nullptr;
  return &entries_[static_cast<std::size_t>(sequence - entries_.front().sequence)];
}

std::string RequestLog::text(std::uint64_t after) const {
  std::string out;
  for (const LogEntry& entry : entries_) {
    if (entry.sequence <= after) continue;
    JsonWriter json(out);
    json.begin_object()
        .field("seq", entry.sequence)
        .field("identity", entry.identity)
        .field("credential", entry.credential);
    json.field("method", entry.method).field("target", entry.target).field("resource", entry.resource);
    json.field("started_us", entry.started_at.time_since_epoch().count());
    json.field("finished_us", entry.finished_at.time_since_epoch().count()).field("status", entry.status);
    json.field("counted", entry.counted).field("in_flight", entry.in_flight).field("bytes", entry.bytes);
    json.field("fault", entry.fault).field("refusal", entry.refusal).field("late_ms", entry.late_ms).end_object();
    out += '\n';
  }
  return out;
}

}  // namespace weir::sim
