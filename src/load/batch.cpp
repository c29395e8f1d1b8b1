#include "load/batch.hpp"

#include <fmt/format.h>

#include "load/array_literal.hpp"
#include "load/json_text.hpp"
#include "load/row_store.hpp"
#include "load/text.hpp"
#include "pg/wire.hpp"

namespace weir::load {
namespace {

using enum ColumnType;

constexpr std::chrono::sys_days k_first_day = std::chrono::year(1) / 1 / 1;
constexpr std::chrono::sys_days k_end_day = std::chrono::year(10000) / 1 / 1;

bool is_in_range(Instant value) { return value >= k_first_day && value < k_end_day; }

// The column's type, when it is among those that the setter serves.
ColumnType expect(const RowStore& store, std::size_t column, std::initializer_list<ColumnType> served,
                  std::string_view setter) {
  const auto& resource = store.resource();
  if (column >= resource.columns.size())
    throw Failure({ErrorCode::internal, fmt::format("the resource {} has no column number {}", resource.name, column)});
  const auto& declared = resource.columns[column];
  for (const auto type : served)
    if (declared.type == type) return type;
  throw Failure({ErrorCode::internal, fmt::format("the column {}.{} is {}, which {}() does not set", resource.name,
                                                  declared.name, sql_name(declared.type), setter)});
}

void set_null_mended(RowStore& store, std::size_t column) {
  store.set_null(column);
  store.count_mended(column, 1);
}

// False, and the row refused, when the value is too large.
bool accepts_size(RowStore& store, std::size_t column, std::size_t bytes) {
  if (bytes <= k_value_bytes_max) return true;
  store.refuse(fmt::format("{} has {} bytes, over the limit of {}", store.resource().columns[column].name, bytes,
                           k_value_bytes_max));
  return false;
}

// numeric and text[] travel as text and are cast by the statement; see merge_sql.
void set_bytes(RowStore& store, std::size_t column, std::string_view value) {
  const auto start = store.value().size();
  store.value().append(value);
  store.set(column, start);
}

}  // namespace

RowWriter& RowWriter::text(std::size_t column, std::string_view value) {
  expect(*store_, column, {ColumnType::text}, "text");
  if (!accepts_size(*store_, column, value.size())) return *this;
  if (column < store_->resource().key_columns) {  // judged whole by done()
    set_bytes(*store_, column, value);
    return *this;
  }
  const auto start = store_->value().size();
  const auto mended = append_mended(store_->value(), value);
  store_->set(column, start);
  if (mended > 0) store_->count_mended(column, 1);
  return *this;
}

RowWriter& RowWriter::integer(std::size_t column, std::int64_t value) {
  const auto type = expect(*store_, column, {bigint, ColumnType::numeric, double_precision}, "integer");
  if (type == double_precision) return number(column, static_cast<double>(value));
  if (type == ColumnType::numeric) {
    set_bytes(*store_, column, std::string_view(fmt::format_int(value).c_str()));
    return *this;
  }
  const auto start = store_->value().size();
  pg::append_network_order(store_->value(), value);
  store_->set(column, start);
  return *this;
}

RowWriter& RowWriter::number(std::size_t column, double value) {
  const auto type = expect(*store_, column, {double_precision, ColumnType::numeric}, "number");
  if (type == ColumnType::numeric) return numeric(column, fmt::format("{}", value));
  const auto start = store_->value().size();
  pg::append_float8(store_->value(), value);
  store_->set(column, start);
  return *this;
}

RowWriter& RowWriter::numeric(std::size_t column, std::string_view decimal) {
  expect(*store_, column, {ColumnType::numeric}, "numeric");
  if (is_storable_numeric(decimal))
    set_bytes(*store_, column, decimal);
  else
    set_null_mended(*store_, column);
  return *this;
}

RowWriter& RowWriter::boolean(std::size_t column, bool value) {
  expect(*store_, column, {ColumnType::boolean}, "boolean");
  set_bytes(*store_, column, value ? std::string_view("\1", 1) : std::string_view("\0", 1));
  return *this;
}

RowWriter& RowWriter::instant(std::size_t column, Instant value) {
  expect(*store_, column, {timestamptz}, "instant");
  if (!is_in_range(value)) {
    set_null_mended(*store_, column);
    return *this;
  }
  const auto start = store_->value().size();
  pg::append_timestamptz(store_->value(), value);
  store_->set(column, start);
  if (store_->resource().updated_at == column && !has_source_time_)
    store_->set_source_time(value.time_since_epoch().count());
  return *this;
}

RowWriter& RowWriter::instant_seconds(std::size_t column, std::int64_t epoch_seconds) {
  constexpr auto k_first = k_first_day.time_since_epoch() / std::chrono::seconds(1);
  constexpr auto k_end = k_end_day.time_since_epoch() / std::chrono::seconds(1);
  if (epoch_seconds >= k_first && epoch_seconds < k_end)
    return instant(column, Instant(std::chrono::seconds(epoch_seconds)));
  expect(*store_, column, {timestamptz}, "instant_seconds");
  set_null_mended(*store_, column);
  return *this;
}

RowWriter& RowWriter::date(std::size_t column, std::chrono::sys_days value) {
  expect(*store_, column, {ColumnType::date}, "date");
  if (value < k_first_day || value >= k_end_day) {
    set_null_mended(*store_, column);
    return *this;
  }
  const auto start = store_->value().size();
  pg::append_date(store_->value(), value);
  store_->set(column, start);
  return *this;
}

RowWriter& RowWriter::json(std::size_t column, std::string_view text) {
  expect(*store_, column, {jsonb}, "json");
  if (!accepts_size(*store_, column, text.size())) return *this;
  const auto start = store_->value().size();
  store_->value() += '\1';  // the version of jsonb's binary format
  const auto fate = append_json(store_->value(), text);
  if (fate == JsonFate::refused) {
    store_->value().resize(start);
    set_null_mended(*store_, column);
    return *this;
  }
  store_->set(column, start);
  if (fate == JsonFate::mended) store_->count_mended(column, 1);
  return *this;
}

RowWriter& RowWriter::texts(std::size_t column, std::span<const std::string_view> values) {
  expect(*store_, column, {text_array}, "texts");
  std::size_t bytes = 0;
  for (const auto value : values) bytes += value.size();
  if (!accepts_size(*store_, column, bytes)) return *this;
  const auto start = store_->value().size();
  auto& out = store_->value();
  out += '{';
  bool is_mended = false;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ',';
    const bool is_storable = is_storable_text(values[i]);
    append_array_item(out, is_storable ? values[i] : std::string_view(mended_text(values[i])));
    is_mended = is_mended || !is_storable;
  }
  out += '}';
  store_->set(column, start);
  if (is_mended) store_->count_mended(column, 1);
  return *this;
}

RowWriter& RowWriter::source_time(Instant value) {
  store_->set_source_time(value.time_since_epoch().count());
  has_source_time_ = true;
  return *this;
}

RowWriter& RowWriter::reject(std::string reason) {
  store_->refuse(std::move(reason));
  return *this;
}

bool RowWriter::done() { return store_->end_row(origin_); }

Batch::Batch(const Resource& resource) : Batch(std::make_shared<RowStore>(resource), 0) {}

Batch::Batch(std::shared_ptr<RowStore> store, std::uint32_t origin) : store_(std::move(store)), origin_(origin) {}

void Batch::begin_set(std::span<const std::string_view> parent) { store_->begin_set(parent); }

RowWriter Batch::add_row() {
  store_->begin_row();
  return {*store_, origin_};
}

const Resource& Batch::resource() const { return store_->resource(); }
std::size_t Batch::rows() const { return store_->rows(); }
std::size_t Batch::bytes() const { return store_->bytes(); }
std::int64_t Batch::mended() const { return store_->mended_count(); }
const std::vector<RejectedRecord>& Batch::rejected() const { return store_->notes().rejected; }
void Batch::clear() { store_->clear(); }

}  // namespace weir::load
