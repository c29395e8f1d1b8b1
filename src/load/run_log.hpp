// The lines a run has for its tenant: at most 1,000, then only counted. They wait here until the run has a row of
// history; a run that did nothing worth one loses its lines of info and debug with itself.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "base/strong_id.hpp"
#include "base/time.hpp"
#include "pg/connection.hpp"

namespace weir::load {

class RunLog {
 public:
  static constexpr std::size_t k_lines_max = 1'000;

  // Message and details are cut to 8 KiB, the record's id to 200 bytes.
  void add(LogLevel level, std::string_view message, const nlohmann::json& details, std::string_view record_id);

  // Writes the pending lines, if the run has its row; nullopt when there are none.
  std::optional<pg::Command> command(TenantId tenant, RunId run) const;
  std::size_t pending() const { return pending_.size(); }
  void mark_written(std::size_t lines);

  bool is_notable() const { return is_notable_; }  // a warning or an error was logged
  std::int64_t lines() const { return lines_; }
  std::int64_t dropped() const { return dropped_; }

 private:
  struct Line {
    Instant at;
    LogLevel level;
    std::string message;
    std::string details;
    std::string record_id;
  };
  std::vector<Line> pending_;
  std::int64_t lines_ = 0;
  std::int64_t dropped_ = 0;
  bool is_notable_ = false;
};

}  // namespace weir::load
