#include "load/row_store.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/error.hpp"
#include "load/text.hpp"

namespace weir::load {
namespace {

constexpr std::size_t k_record_id_bytes_max = 200;
constexpr std::size_t k_mended_records_max = 10;
constexpr std::size_t k_rejected_kept_max = 1'000;
constexpr std::size_t k_arena_bytes_max = 1U << 30U;
constexpr std::size_t k_arena_bytes_kept = 8U << 20U;  // a larger one, grown by rare huge rows, is given back

}  // namespace

RowStore::RowStore(const Resource& resource) : resource_(&resource), row_(resource.columns.size()) {}

void RowStore::begin_row() {
  std::ranges::fill(row_, Cell{});
  row_start_ = content_.arena.size();
  source_time_ = k_no_time;
  is_row_mended_ = false;
  refusal_.clear();
}

void RowStore::set(std::size_t column, std::size_t value_start) {
  const auto end = content_.arena.size();
  if (end > k_arena_bytes_max)
    throw Failure({ErrorCode::internal,
                   fmt::format("a batch of {} outgrew 1 GiB: a checkpoint was due long before", resource_->name)});
  row_[column] = {static_cast<std::uint32_t>(value_start), static_cast<std::int32_t>(end - value_start)};
}

void RowStore::count_mended(std::size_t column, std::size_t values) {
  auto& mended = content_.notes.mended;
  if (mended.empty()) mended.resize(resource_->columns.size());
  mended[column] += static_cast<std::int64_t>(values);
  content_.mended_count += static_cast<std::int64_t>(values);
  is_row_mended_ = true;
}

void RowStore::refuse(std::string reason) {
  if (refusal_.empty()) refusal_ = std::move(reason);
}

bool RowStore::end_row(Origin origin) {
  auto reason = refusal_.empty() ? check_key() : std::move(refusal_);
  if (!reason.empty()) {
    reject(origin, std::move(reason));
    return false;
  }
  auto& mended_records = content_.notes.mended_records;
  if (is_row_mended_ && mended_records.size() < k_mended_records_max) mended_records.push_back(id_of(row_.data()));
  content_.cells.insert(content_.cells.end(), row_.begin(), row_.end());
  content_.origins.push_back(origin);
  content_.source_times.push_back(source_time_);
  return true;
}

// Why the key cannot be stored; empty when it can.
std::string RowStore::check_key() const {
  for (std::size_t i = 0; i < resource_->key_columns; ++i) {
    const auto& name = resource_->columns[i].name;
    if (row_[i].length < 0) return fmt::format("its key has no {}", name);
    const auto value = view(row_[i]);
    if (value.size() > k_key_part_bytes_max)
      return fmt::format("{} of its key has {} bytes, over the limit of {}", name, value.size(), k_key_part_bytes_max);
    if (!is_storable_text(value)) return fmt::format("{} of its key is not valid UTF-8 or holds NUL", name);
  }
  return {};
}

void RowStore::reject(Origin origin, std::string reason) {
  ++content_.rejected_count;
  ++content_.rejected_by_origin[origin];
  auto& rejected = content_.notes.rejected;
  if (rejected.size() < k_rejected_kept_max) rejected.push_back({id_of(row_.data()), std::move(reason)});
  content_.arena.resize(row_start_);
}

void RowStore::begin_set(std::span<const std::string_view> parent) {
  const bool is_alike = content_.sets.empty() || content_.sets.front().parent.size() == parent.size();
  if (parent.empty() || parent.size() >= resource_->key_columns || !is_alike)
    throw Failure({ErrorCode::internal, fmt::format("a parent of {} is {} columns of its key of {}", resource_->name,
                                                    parent.size(), resource_->key_columns)});
  // The key of such a parent's rows is refused, so there are none.
  const auto is_no_key = [](std::string_view part) {
    return part.size() > k_key_part_bytes_max || !is_storable_text(part);
  };
  if (std::ranges::any_of(parent, is_no_key)) return;
  auto& set = content_.sets.emplace_back(ChildSet{.first_row = static_cast<std::uint32_t>(rows())});
  for (const auto part : parent) {
    set.parent.emplace_back(part);
    content_.set_bytes += sizeof(ChildSet) + part.size();
  }
}

std::size_t RowStore::bytes() const {
  return content_.arena.size() + content_.cells.size() * sizeof(Cell) + content_.set_bytes +
         rows() * (sizeof(Origin) + sizeof(std::int64_t));
}

std::optional<std::string_view> RowStore::at(std::size_t row, std::size_t column) const {
  const auto& cell = content_.cells[row * resource_->columns.size() + column];
  if (cell.length < 0) return std::nullopt;
  return view(cell);
}

std::string RowStore::record_id(std::size_t row) const {
  return id_of(&content_.cells[row * resource_->columns.size()]);
}

std::string RowStore::id_of(const Cell* row) const {
  std::string id;
  for (std::size_t i = 0; i < resource_->key_columns; ++i) {
    if (i > 0) id += '/';
    if (row[i].length >= 0) append_mended(id, cut_text(view(row[i]), k_record_id_bytes_max));
  }
  return std::string(cut_text(id, k_record_id_bytes_max));
}

RowNotes RowStore::take_notes() { return std::exchange(content_.notes, {}); }

void RowStore::clear() {
  if (content_.arena.capacity() > k_arena_bytes_kept) content_.arena = {};
  content_.arena.clear();
  content_.cells.clear();
  content_.origins.clear();
  content_.source_times.clear();
  content_.sets.clear();
  content_.set_bytes = 0;
  content_.mended_count = 0;
  content_.rejected_count = 0;
  content_.rejected_by_origin.clear();
  content_.notes = {};
}

RowStore RowStore::take() {
  RowStore taken(*resource_);
  std::swap(taken.content_, content_);
  std::swap(content_, spare_);
  return taken;
}

void RowStore::give_back(RowStore used) {
  used.clear();
  spare_ = std::move(used.content_);
}

}  // namespace weir::load
