// The buffers of one resource's rows: one arena of values, already in PostgreSQL's binary format, and one table of
// cells that point into it. A row costs no allocation beyond their growth.
#pragma once
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "load/batch.hpp"
#include "load/resource.hpp"

namespace weir::load {

// What is to be said about rows since the last time it was said.
struct RowNotes {
  std::vector<RejectedRecord> rejected;     // at most a thousand
  std::vector<std::int64_t> mended;         // values, by column
  std::vector<std::string> mended_records;  // the first ten
};

// From `first_row` on, the rows of this parent are all it has; see Batch::begin_set.
struct ChildSet {
  std::vector<std::string> parent{};
  std::uint32_t first_row = 0;
};

class RowStore {
 public:
  using Origin = std::uint32_t;  // who appended a row; see OpenBatches
  static constexpr std::int64_t k_no_time = std::numeric_limits<std::int64_t>::min();

  explicit RowStore(const Resource& resource);

  const Resource& resource() const { return *resource_; }

  // The row under construction.
  void begin_row();
  std::string& value() { return content_.arena; }         // append the value's bytes, then call set()
  void set(std::size_t column, std::size_t value_start);  // the bytes since `value_start` are the column's value
  void set_null(std::size_t column) { row_[column] = {}; }
  void set_source_time(std::int64_t time) { source_time_ = time; }
  void count_mended(std::size_t column, std::size_t values);
  void refuse(std::string reason);  // end_row() will reject the row
  bool end_row(Origin origin);

  void begin_set(std::span<const std::string_view> parent);
  const std::vector<ChildSet>& sets() const { return content_.sets; }

  std::size_t rows() const { return content_.origins.size(); }
  std::size_t bytes() const;
  // The value in binary format; nullopt for null. Valid until the next append.
  std::optional<std::string_view> at(std::size_t row, std::size_t column) const;
  Origin origin(std::size_t row) const { return content_.origins[row]; }
  std::int64_t source_time(std::size_t row) const { return content_.source_times[row]; }
  // The key for people: its parts joined by '/', cut to 200 bytes.
  std::string record_id(std::size_t row) const;

  std::int64_t mended_count() const { return content_.mended_count; }
  std::int64_t rejected_count() const { return content_.rejected_count; }
  const std::map<Origin, std::int64_t>& rejected_by_origin() const { return content_.rejected_by_origin; }
  const RowNotes& notes() const { return content_.notes; }
  RowNotes take_notes();

  bool is_untouched() const { return rows() == 0 && content_.rejected_count == 0 && content_.sets.empty(); }
  void clear();

  // Moves everything appended so far into a store of its own, so that appending can go on while it is committed.
  RowStore take();
  // Gives the buffers of a store that was taken back for the next one.
  void give_back(RowStore used);

 private:
  struct Cell {
    std::uint32_t offset = 0;
    std::int32_t length = -1;  // -1: null
  };
  struct Content {
    std::string arena;
    std::vector<Cell> cells;
    std::vector<Origin> origins;
    std::vector<std::int64_t> source_times;
    std::vector<ChildSet> sets;
    std::size_t set_bytes = 0;
    std::int64_t mended_count = 0;
    std::int64_t rejected_count = 0;
    std::map<Origin, std::int64_t> rejected_by_origin;
    RowNotes notes;
  };
  std::string_view view(const Cell& cell) const {
    return {content_.arena.data() + cell.offset, static_cast<std::size_t>(cell.length)};
  }
  std::string id_of(const Cell* row) const;
  std::string check_key() const;
  void reject(Origin origin, std::string reason);

  const Resource* resource_;
  Content content_;
  Content spare_;

  std::vector<Cell> row_;
  std::size_t row_start_ = 0;
  std::int64_t source_time_ = k_no_time;
  bool is_row_mended_ = false;
  std::string refusal_;
};

}  // namespace weir::load
