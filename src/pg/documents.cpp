#include "pg/documents.hpp"

#include <algorithm>
#include <array>

#include "base/time.hpp"

namespace weir::pg {
namespace {

bool is_of_instant(std::string_view name) {
  constexpr std::array<std::string_view, 3> k_ends{"_at", "_start", "_end"};
  return name == "at" || std::ranges::any_of(k_ends, [&](std::string_view end) { return name.ends_with(end); });
}

}  // namespace

nlohmann::json read_document(const Row& row) {
  auto document = row.get<nlohmann::json>("document");
  if (!document.is_object()) return document;
  for (auto& [name, value] : document.items()) {
    if (!value.is_string() || !is_of_instant(name)) continue;
    if (const auto instant = parse_rfc3339(value.get_ref<const std::string&>())) value = format_rfc3339(*instant);
  }
  return document;
}

nlohmann::json read_documents(const Rows& rows) {
  auto list = nlohmann::json::array();
  for (const auto row : rows) list.push_back(read_document(row));
  return list;
}

}  // namespace weir::pg
