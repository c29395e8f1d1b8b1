#include "plugin/trial/row_document.hpp"

#include <bit>
#include <chrono>

#include <fmt/format.h>

namespace weir::plugin {
namespace {

using nlohmann::json;

// PostgreSQL counts from 2000-01-01.
constexpr std::chrono::sys_days k_epoch = std::chrono::year(2000) / 1 / 1;

template <class T>
T read_network_order(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8U | static_cast<unsigned char>(c);
  return static_cast<T>(value);
}

// {"a","b \"c\""}
json read_array(std::string_view text) {
  json items = json::array();
  std::string item;
  bool is_inside = false;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '\\' && is_inside) {
      item += text[++i];
    } else if (text[i] == '"') {
      is_inside = !is_inside;
      if (!is_inside) items.push_back(std::exchange(item, {}));
    } else if (is_inside) {
      item += text[i];
    }
  }
  return items;
}

json value_of(load::ColumnType type, std::string_view bytes) {
  using enum load::ColumnType;
  switch (type) {
    case bigint: return read_network_order<std::int64_t>(bytes);
    case double_precision: return std::bit_cast<double>(read_network_order<std::uint64_t>(bytes));
    case boolean: return bytes == std::string_view("\1", 1);
    case timestamptz: return format_rfc3339(Instant(k_epoch) + Duration(read_network_order<std::int64_t>(bytes)));
    case date: {
      const std::chrono::year_month_day day(k_epoch + std::chrono::days(read_network_order<std::int32_t>(bytes)));
      return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                         static_cast<unsigned>(day.day()));
    }
    case jsonb: return json::parse(bytes.substr(1), nullptr, false);
    case text_array: return read_array(bytes);
    case text:
    case numeric: break;
  }
  return std::string(bytes);
}

}  // namespace

json row_document(const load::RowStore& store, std::size_t row) {
  json document = json::object();
  const auto& columns = store.resource().columns;
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (const auto bytes = store.at(row, i)) document[columns[i].name] = value_of(columns[i].type, *bytes);
  return document;
}

}  // namespace weir::plugin
