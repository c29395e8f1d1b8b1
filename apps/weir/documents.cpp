#include "weir/documents.hpp"

#include <chrono>

#include "base/time.hpp"

namespace weir::app {

using nlohmann::json;

std::string text_of(const json& document, const char* member) {
  const auto found = document.find(member);
  if (found == document.end() || found->is_null()) return "-";
  if (!found->is_string()) return found->dump();
  const auto& text = found->get_ref<const std::string&>();
  if (const auto instant = parse_rfc3339(text))
    return format_rfc3339(std::chrono::floor<std::chrono::seconds>(*instant));
  return printable(text);
}

Cell status_cell(const json& document) {
  const auto status = text_of(document, "status");
  if (status == "COMPLETED") return {status, Colour::green};
  if (status == "FAILED") return {status, Colour::red};
  if (status == "RUNNING") return {status, Colour::blue};
  if (status == "SKIPPED" || status == "IDLE") return {status, Colour::dim};
  return {status, Colour::yellow};
}

std::string time_taken(const json& document) {
  const auto started =
      parse_rfc3339(document.value("started_at", json("")).is_string() ? document.value("started_at", "") : "");
  if (!document.contains("completed_at") || !document["completed_at"].is_string() || !started) return "-";
  const auto completed = parse_rfc3339(document["completed_at"].get<std::string>());
  if (!completed) return "-";
  return format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(*completed - *started));
}

}  // namespace weir::app
