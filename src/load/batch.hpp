// Rows of one resource on their way into its table, column by column. Appending allocates nothing per row beyond the
// growth of the columns' buffers.
//
//   auto row = batch.add_row();
//   row.text(k_sha, sha).integer(k_additions, 12).instant(k_authored_at, at);
//   row.done();
//
// A value that PostgreSQL would refuse is mended as it is set (NUL and invalid UTF-8 become U+FFFD, an instant out of
// range becomes null) and counted; a row whose key is missing or has a part over 512 bytes is rejected by done() and
// remembered with its id. Columns not set are null.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "load/resource.hpp"

namespace weir::load {

constexpr std::size_t k_key_part_bytes_max = 512;

struct RejectedRecord {
  std::string record_id;  // the key as far as it can be shown, cut to 200 bytes
  std::string reason;
};

class Batch;

class RowWriter {
 public:
  RowWriter& text(std::size_t column, std::string_view value);
  RowWriter& integer(std::size_t column, std::int64_t value);
  RowWriter& number(std::size_t column, double value);
  RowWriter& numeric(std::size_t column, std::string_view decimal);  // text such as -12.50; not a number: null, mended
  RowWriter& boolean(std::size_t column, bool value);
  RowWriter& instant(std::size_t column, Instant value);
  RowWriter& instant_seconds(std::size_t column, std::int64_t epoch_seconds);  // any value; out of range: null, mended
  RowWriter& date(std::size_t column, std::chrono::sys_days value);
  RowWriter& json(std::size_t column, std::string_view text);  // not JSON: null, mended
  RowWriter& texts(std::size_t column, std::span<const std::string_view> values);

  // When the provider changed the record: a later answer for the same key wins unless this is older. Default: the
  // resource's updated_at column, else the order of arrival.
  RowWriter& source_time(Instant value);

  // The row is complete. False: it was rejected (see Batch::rejected).
  bool done();

 private:
  friend class Batch;
  explicit RowWriter(Batch& batch) : batch_(&batch) {}
  Batch* batch_;
};

class Batch {
 public:
  explicit Batch(const Resource& resource);
  ~Batch();
  Batch(Batch&&) noexcept;
  Batch& operator=(Batch&&) noexcept;

  RowWriter add_row();  // one at a time: done() before the next
  const Resource& resource() const { return *resource_; }
  std::size_t rows() const;
  std::size_t bytes() const;  // of all buffers: what bounds memory
  std::int64_t mended() const;
  const std::vector<RejectedRecord>& rejected() const;
  void clear();  // keeps the buffers

 private:
  friend class RowWriter;
  friend class BatchMerge;
  const Resource* resource_;
  struct Columns;
  std::unique_ptr<Columns> columns_;
};

}  // namespace weir::load
