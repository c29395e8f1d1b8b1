// The buffers of one resource's rows: one arena of values, already in PostgreSQL's binary format, and one table of
// cells that point into it. A row costs no allocation beyond their growth.
#pragma once
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "load/batch.hpp"
#include "load/resource.hpp"

namespace weir::load {

class RowStore {
 public:
  using Origin = std::uint32_t;  // who appended a row; see RunWriter
  static constexpr std::int64_t k_no_time = std::numeric_limits<std::int64_t>::min();

  explicit RowStore(const Resource& resource);

  const Resource& resource() const { return *resource_; }

  // The row under construction.
  void begin_row();
  std::string& value() { return arena_; }                 // append the value's bytes, then call set()
  void set(std::size_t column, std::size_t value_start);  // the bytes since `value_start` are the column's value
  void set_null(std::size_t column) { row_[column] = {}; }
  void set_source_time(std::int64_t time) { source_time_ = time; }
  void count_mended(std::size_t column, std::size_t values);
  void refuse(std::string reason);  // done() will reject the row
  bool end_row(Origin origin);

  std::size_t rows() const { return origins_.size(); }
  std::size_t bytes() const;
  // The value in binary format; nullopt for null. Valid until the next append.
  std::optional<std::string_view> at(std::size_t row, std::size_t column) const;
  Origin origin(std::size_t row) const { return origins_[row]; }
  std::int64_t source_time(std::size_t row) const { return source_times_[row]; }
  // The key for people: its parts joined by '/', cut to 200 bytes.
  std::string record_id(std::size_t row) const;

  std::int64_t mended() const { return mended_total_; }
  const std::vector<std::int64_t>& mended_by_column() const { return mended_; }
  const std::vector<std::string>& mended_records() const { return mended_records_; }  // the first ten
  const std::vector<RejectedRecord>& rejected() const { return rejected_; }           // the first thousand
  std::int64_t rejected_count() const { return rejected_count_; }
  const std::map<Origin, std::int64_t>& rejected_by_origin() const { return rejected_by_origin_; }

  bool is_untouched() const { return rows() == 0 && rejected_count_ == 0; }
  void clear();

 private:
  struct Cell {
    std::uint32_t offset = 0;
    std::int32_t length = -1;  // -1: null
  };
  std::string_view view(const Cell& cell) const { return {arena_.data() + cell.offset, std::size_t(cell.length)}; }
  std::string id_of(const Cell* row) const;
  std::string check_key() const;
  void reject(Origin origin, std::string reason);

  const Resource* resource_;
  std::string arena_;
  std::vector<Cell> cells_;
  std::vector<Origin> origins_;
  std::vector<std::int64_t> source_times_;

  std::vector<Cell> row_;
  std::size_t row_start_ = 0;
  std::int64_t source_time_ = k_no_time;
  std::size_t row_mended_ = 0;
  std::string refusal_;

  std::int64_t mended_total_ = 0;
  std::vector<std::int64_t> mended_;
  std::vector<std::string> mended_records_;
  std::vector<RejectedRecord> rejected_;
  std::int64_t rejected_count_ = 0;
  std::map<Origin, std::int64_t> rejected_by_origin_;
};

}  // namespace weir::load
