#include "load/merge.hpp"

#include <algorithm>
#include <bit>
#include <compare>
#include <cstring>

#include <fmt/format.h>

#include "load/array_literal.hpp"
#include "load/run_writer.hpp"
#include "pg/wire.hpp"

namespace weir::load {
namespace {

constexpr int k_first_column_parameter = 5;

// How a column's values travel: as arrays of their type where its binary format is simple, as text with a cast else.
struct Transport {
  pg::Oid element;
  pg::Oid array;
  std::string_view cast;  // of each element; empty: none
};

Transport transport_of(ColumnType type) {
  switch (type) {
    case ColumnType::text: return {pg::k_oid_text, pg::k_oid_text_array, ""};
    case ColumnType::bigint: return {pg::k_oid_int8, pg::k_oid_int8_array, ""};
    case ColumnType::numeric: return {pg::k_oid_text, pg::k_oid_text_array, "::numeric"};
    case ColumnType::double_precision: return {pg::k_oid_float8, pg::k_oid_float8_array, ""};
    case ColumnType::boolean: return {pg::k_oid_bool, pg::k_oid_bool_array, ""};
    case ColumnType::timestamptz: return {pg::k_oid_timestamptz, pg::k_oid_timestamptz_array, ""};
    case ColumnType::date: return {pg::k_oid_date, pg::k_oid_date_array, ""};
    case ColumnType::jsonb: return {pg::k_oid_jsonb, pg::k_oid_jsonb_array, ""};
    case ColumnType::text_array: return {pg::k_oid_text, pg::k_oid_text_array, "::text[]"};
  }
  return {pg::k_oid_text, pg::k_oid_text_array, ""};
}

std::string_view array_type(ColumnType type) {
  switch (type) {
    case ColumnType::bigint: return "bigint[]";
    case ColumnType::double_precision: return "double precision[]";
    case ColumnType::boolean: return "boolean[]";
    case ColumnType::timestamptz: return "timestamptz[]";
    case ColumnType::date: return "date[]";
    case ColumnType::jsonb: return "jsonb[]";
    default: return "text[]";
  }
}

// `first, second, …` of what `format_column` makes of the columns from `first` to `last`.
template <class Format>
std::string list(const Resource& resource, std::size_t first, std::size_t last, std::string_view between,
                 Format format_column) {
  std::string out;
  for (std::size_t i = first; i < last; ++i) {
    if (i > first) out += between;
    out += format_column(pg::quote_identifier(resource.columns[i].name), i);
  }
  return out;
}

// Leaves out the staged rows that are there already, unchanged. OFFSET 0 keeps the comparison a probe of the primary
// key for each staged row, whatever the planner believes of a table that nobody has analyzed yet; the probes follow the
// order of the staged keys, and so do the row locks.
std::string unless_same(const Resource& resource, const std::string& table) {
  const auto same_key = [](const std::string& column, std::size_t) { return fmt::format("t.{0} = s.{0}", column); };
  const auto same_value = [](const std::string& column, std::size_t) {
    return fmt::format(" AND t.{0} IS NOT DISTINCT FROM s.{0}", column);
  };
  return fmt::format(
      "WHERE NOT EXISTS (SELECT FROM {} t WHERE t.tenant_id = $1::uuid AND t.data_source = $2::text AND {} "
      "AND t.deleted_at IS NULL{} OFFSET 0) ",
      table, list(resource, 0, resource.key_columns, " AND ", same_key),
      list(resource, resource.key_columns, resource.columns.size(), "", same_value));
}

// Leaves the conflicting row as it is when it is the same.
std::string if_other(const Resource& resource) {
  const auto other_value = [](const std::string& column, std::size_t) {
    return fmt::format(" OR old.{0} IS DISTINCT FROM excluded.{0}", column);
  };
  return " WHERE old.deleted_at IS NOT NULL" +
         list(resource, resource.key_columns, resource.columns.size(), "", other_value);
}

std::string merge_sql(const Resource& resource, MergeKind kind) {
  const auto keys = resource.key_columns;
  const auto all = resource.columns.size();
  const auto table = "data." + pg::quote_identifier(resource.name);
  const auto plain = [](const std::string& column, std::size_t) { return column; };
  const auto staged = [](const std::string& column, std::size_t) { return "s." + column; };
  const auto unnest = [&](const std::string& column, std::size_t i) {
    const auto type = resource.columns[i].type;
    return fmt::format("unnest(${}::{}){} AS {}", static_cast<std::size_t>(k_first_column_parameter) + i,
                       array_type(type), transport_of(type).cast, column);
  };
  const auto set = [](const std::string& column, std::size_t) { return fmt::format("{0} = excluded.{0}, ", column); };
  const bool is_careful = kind == MergeKind::careful;
  return fmt::format(
      "WITH merged AS (INSERT INTO {table} AS old (tenant_id, data_source, {columns}, script, imported_at, run_id) "
      "SELECT $1::uuid, $2::text, {staged}, $3::text, now(), $4::uuid FROM (SELECT {unnest}) s {unless_same}"
      "ON CONFLICT (tenant_id, data_source, {key}) DO UPDATE SET {set}script = excluded.script, "
      "imported_at = excluded.imported_at, run_id = excluded.run_id, deleted_at = NULL{if_other} RETURNING 1) "
      "SELECT weir.tally('imported', count(*)) AS imported FROM merged",
      fmt::arg("table", table), fmt::arg("columns", list(resource, 0, all, ", ", plain)),
      fmt::arg("staged", list(resource, 0, all, ", ", staged)),
      fmt::arg("unnest", list(resource, 0, all, ", ", unnest)),
      fmt::arg("unless_same", is_careful ? unless_same(resource, table) : ""),
      fmt::arg("if_other", is_careful ? "" : if_other(resource)), fmt::arg("key", list(resource, 0, keys, ", ", plain)),
      fmt::arg("set", list(resource, keys, all, "", set)));
}

std::string column_array(const RowStore& store, std::size_t column, std::span<const std::uint32_t> rows) {
  std::size_t bytes = 0;
  for (const auto row : rows)
    if (const auto value = store.at(row, column)) bytes += value->size();
  pg::ArrayWriter array(transport_of(store.resource().columns[column].type).element, rows.size(), bytes);
  for (const auto row : rows) {
    const auto value = store.at(row, column);
    if (value)
      array.add(*value);
    else
      array.add_null();
  }
  return std::move(array).finish();
}

// A part of a key, and its first eight bytes as a number of the same order: most comparisons end with it.
struct KeyPart {
  explicit KeyPart(std::string_view part) : bytes(part) {
    std::memcpy(&head, part.data(), std::min(part.size(), sizeof head));
    if constexpr (std::endian::native == std::endian::little) head = std::byteswap(head);
  }
  std::strong_ordering operator<=>(const KeyPart& other) const {
    if (head != other.head) return head <=> other.head;
    if (bytes.size() <= sizeof head && other.bytes.size() <= sizeof head) return bytes.size() <=> other.bytes.size();
    return bytes.compare(other.bytes) <=> 0;
  }
  std::uint64_t head = 0;
  std::string_view bytes;
};

// The keys of all rows of a store.
class Keys {
 public:
  explicit Keys(const RowStore& store) : columns_(store.resource().key_columns) {
    parts_.reserve(store.rows() * columns_);
    for (std::size_t row = 0; row < store.rows(); ++row)
      for (std::size_t i = 0; i < columns_; ++i) parts_.emplace_back(*store.at(row, i));
  }
  std::strong_ordering compare(std::uint32_t left, std::uint32_t right) const {
    const auto* a = &parts_[left * columns_];
    const auto* b = &parts_[right * columns_];
    for (std::size_t i = 0; i < columns_; ++i)
      if (const auto order = a[i] <=> b[i]; order != std::strong_ordering::equal) return order;
    return std::strong_ordering::equal;
  }

 private:
  std::size_t columns_;
  std::vector<KeyPart> parts_;
};

bool is_older(const RowStore& store, std::uint32_t row, std::uint32_t than) {
  const auto time = store.source_time(row);
  const auto other = store.source_time(than);
  return time != RowStore::k_no_time && other != RowStore::k_no_time && time < other;
}

}  // namespace

RowOrder order_by_key(const RowStore& store) {
  RowOrder rows(store.rows());
  for (std::uint32_t i = 0; i < rows.size(); ++i) rows[i] = i;
  const Keys keys(store);
  std::ranges::sort(rows, [&](std::uint32_t left, std::uint32_t right) {
    const auto order = keys.compare(left, right);
    return order == std::strong_ordering::equal ? left < right : order == std::strong_ordering::less;
  });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (kept > 0 && keys.compare(rows[kept - 1], rows[i]) == std::strong_ordering::equal) {
      if (!is_older(store, rows[i], rows[kept - 1])) rows[kept - 1] = rows[i];
      continue;
    }
    rows[kept++] = rows[i];
  }
  rows.resize(kept);
  return rows;
}

MergeStatement::MergeStatement(const Resource& resource)
    : careful_{"load.merge_" + resource.name, merge_sql(resource, MergeKind::careful)},
      hopeful_{"load.merge_new_" + resource.name, merge_sql(resource, MergeKind::hopeful)} {}

pg::Command MergeStatement::merge(const RunRight& right, const RowStore& store, std::span<const std::uint32_t> rows,
                                  MergeKind kind) const {
  pg::Params params(right.tenant, right.data_source, right.script, right.run);
  for (std::size_t i = 0; i < store.resource().columns.size(); ++i)
    params.add_binary(transport_of(store.resource().columns[i].type).array, column_array(store, i, rows));
  const auto& form = kind == MergeKind::careful ? careful_ : hopeful_;
  return {{form.name, form.sql}, std::move(params)};
}

std::string key_literals(const RowStore& store, std::span<const std::uint32_t> rows) {
  pg::ArrayWriter array(pg::k_oid_text, rows.size(), store.bytes());
  std::string literal;
  for (const auto row : rows) {
    literal = "{";
    for (std::size_t i = 0; i < store.resource().key_columns; ++i) {
      if (i > 0) literal += ',';
      append_array_item(literal, *store.at(row, i));
    }
    literal += '}';
    array.add(literal);
  }
  return std::move(array).finish();
}

}  // namespace weir::load
