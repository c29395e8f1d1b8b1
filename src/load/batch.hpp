// Rows of one resource on their way into its table, column by column. Appending allocates nothing per row beyond the
// growth of the columns' buffers.
//
//   auto row = batch.add_row();
//   row.text(k_sha, sha).integer(k_additions, 12).instant(k_authored_at, at);
//   row.done();
//
// A value that PostgreSQL would refuse is mended as it is set (NUL and invalid UTF-8 become U+FFFD, an instant out of
// range becomes null) and counted. A row is rejected by done(), and remembered with its id, when its key is missing,
// has a part over 512 bytes or one that is not storable text (mending could make two keys one), or when a value has
// over 64 MiB. Columns not set are null.
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
constexpr std::size_t k_value_bytes_max = 64U << 20U;

struct RejectedRecord {
  std::string record_id;  // the key as far as it can be shown, cut to 200 bytes
  std::string reason;
};

class Batch;
class RowStore;

// A column must be set by the function of its type (integer() also serves numeric and double, number() also numeric);
// another one is a bug of the script and throws Failure(internal).
class RowWriter {
 public:
  RowWriter& text(std::size_t column, std::string_view value);
  RowWriter& integer(std::size_t column, std::int64_t value);
  RowWriter& number(std::size_t column, double value);
  RowWriter& numeric(std::size_t column, std::string_view decimal);  // text such as -12.50; not a number: null, mended
  RowWriter& boolean(std::size_t column, bool value);
  RowWriter& instant(std::size_t column, Instant value);  // outside the years 1 to 9999: null, mended
  RowWriter& instant_seconds(std::size_t column, std::int64_t epoch_seconds);  // the same, for any value
  RowWriter& date(std::size_t column, std::chrono::sys_days value);            // the same
  RowWriter& json(std::size_t column, std::string_view text);                  // not JSON: null, mended
  RowWriter& texts(std::size_t column, std::span<const std::string_view> values);

  // When the provider changed the record: a later answer for the same key wins unless this is older. Default: the
  // resource's updated_at column, else the order of arrival.
  RowWriter& source_time(Instant value);

  // The row cannot be made: done() will reject it for this reason.
  RowWriter& reject(std::string reason);

  // The row is complete. False: it was rejected (see Batch::rejected).
  bool done();

 private:
  friend class Batch;
  RowWriter(RowStore& store, std::uint32_t origin) : store_(&store), origin_(origin) {}
  RowStore* store_;
  std::uint32_t origin_;
  bool has_source_time_ = false;
};

// A way to append rows of one resource. Those of one RunWriter share the resource's buffers, and each remembers for
// which partition its rows are.
class Batch {
 public:
  explicit Batch(const Resource& resource);  // with buffers of its own
  Batch(std::shared_ptr<RowStore> store, std::uint32_t origin);

  // The rows of `parent` (values of the first columns of the key) that are appended from now on are all it has: what
  // else this script wrote of it is tombstoned with them. Said again for the same parent, the earlier rows do not
  // count.
  void begin_set(std::span<const std::string_view> parent);

  RowWriter add_row();  // one at a time over all batches of the resource: done() before the next
  const Resource& resource() const;
  std::size_t rows() const;
  std::size_t bytes() const;  // of all buffers: what bounds memory
  std::int64_t mended() const;
  const std::vector<RejectedRecord>& rejected() const;  // the first thousand
  void clear();                                         // keeps the buffers

  const RowStore& store() const { return *store_; }

 private:
  friend class OpenBatches;
  std::shared_ptr<RowStore> store_;
  std::uint32_t origin_;
};

}  // namespace weir::load
