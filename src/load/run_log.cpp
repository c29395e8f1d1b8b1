#include "load/run_log.hpp"

#include "load/json_param.hpp"
#include "load/sql.hpp"
#include "load/text.hpp"

namespace weir::load {
namespace {

constexpr std::size_t k_message_bytes_max = 8U << 10U;
constexpr std::size_t k_record_id_bytes_max = 200;

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warning: return "warning";
    case LogLevel::error: return "error";
  }
  return "info";
}

std::string stored_details(const nlohmann::json& details) {
  if (details.is_null()) return {};
  auto text = json_text(details);
  if (text.size() <= k_message_bytes_max) return text;
  return json_text({{"cut", mended_text(cut_text(text, k_message_bytes_max))}});
}

}  // namespace

void RunLog::add(LogLevel level, std::string_view message, const nlohmann::json& details, std::string_view record_id) {
  is_notable_ = is_notable_ || level >= LogLevel::warning;
  if (lines_ == static_cast<std::int64_t>(k_lines_max)) {
    ++dropped_;
    return;
  }
  ++lines_;
  pending_.push_back({system_clock().now(), level, mended_text(cut_text(message, k_message_bytes_max)),
                      stored_details(details), mended_text(cut_text(record_id, k_record_id_bytes_max))});
}

std::optional<pg::Command> RunLog::command(TenantId tenant, RunId run) const {
  if (pending_.empty()) return std::nullopt;
  std::vector<std::string> times;
  std::vector<std::string> levels;
  std::vector<std::string> messages;
  std::vector<std::string> details;
  std::vector<std::string> record_ids;
  for (const auto& line : pending_) {
    times.push_back(format_rfc3339(line.at));
    levels.emplace_back(name_of(line.level));
    messages.push_back(line.message);
    details.push_back(line.details);
    record_ids.push_back(line.record_id);
  }
  const auto first_line = lines_ - static_cast<std::int64_t>(pending_.size()) + 1;
  pg::Params params(tenant, run, first_line);
  params.add_array(times).add_array(levels).add_array(messages).add_array(details).add_array(record_ids);
  return pg::Command{sql::append_log, std::move(params)};
}

void RunLog::mark_written(std::size_t lines) {
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(lines));
}

}  // namespace weir::load
