// What was asked, when and how it went, for tests that assert budgets, concurrency and obedience.
#pragma once
#include <cstdint>
#include <deque>
#include <string>

#include "base/time.hpp"

namespace weir::sim {

struct LogEntry {
  std::uint64_t sequence = 0;
  std::string identity{};    // who is charged: user:octo, installation:7, anonymous
  std::string credential{};  // a hash of the token; never the token
  std::string method{};
  std::string target{};
  std::string resource{};     // core, graphql, search, or empty
  Instant started_at{};       // real time
  Instant finished_at{};      // 0 while under way
  int status = 0;             // 0 while under way, or when nothing was answered
  std::int64_t counted = 0;   // points taken from the primary budget
  std::size_t in_flight = 0;  // of the identity, this one included
  std::uint64_t bytes = 0;
  std::string fault{};
  std::string refusal{};     // primary, secondary; empty: none
  std::int64_t late_ms = 0;  // started so long after the identity had been told to wait; 0: it had not
};

class RequestLog {
 public:
  explicit RequestLog(std::size_t entries_max) : entries_max_(entries_max) {}
  LogEntry& add(LogEntry entry);
  LogEntry* find(std::uint64_t sequence);
  // NDJSON of the entries after `sequence`.
  std::string text(std::uint64_t after) const;
  void clear() { entries_.clear(); }
  const std::deque<LogEntry>& entries() const { return entries_; }

 private:
  std::size_t entries_max_;
  std::uint64_t last_ = 0;
  std::deque<LogEntry> entries_;
};

}  // namespace weir::sim
