// All open batches of a run: one store of rows for each resource, and a handle on it for each partition that appends.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "load/batch.hpp"
#include "load/row_store.hpp"

namespace weir::load {

// For whom a row was appended.
struct RowOrigin {
  std::string partition;
  std::optional<std::int64_t> generation;  // the listing that has seen it
};

class OpenBatches {
 public:
  explicit OpenBatches(const ResourceCatalog& catalog) : catalog_(catalog) {}

  Batch& open(std::string_view resource, std::string_view partition);
  void mark_generation(const std::string& partition, std::optional<std::int64_t> generation);
  const RowOrigin& origin(RowStore::Origin origin) const { return origins_[origin]; }

  std::size_t rows() const;
  std::size_t bytes() const;
  bool is_untouched() const;
  bool has_rows_of(std::string_view partition) const;

  // Everything appended so far, by resource; appending goes on in empty buffers.
  std::vector<RowStore> take();
  void give_back(std::vector<RowStore> used);
  // Their passes are over: nobody holds a batch of them any more.
  void forget(const std::set<std::string>& partitions);

 private:
  RowStore::Origin origin_of(const std::string& partition);

  const ResourceCatalog& catalog_;
  std::map<std::string, std::shared_ptr<RowStore>, std::less<>> stores_;
  std::map<std::string, std::map<std::string, Batch, std::less<>>, std::less<>> batches_;  // partition, resource
  std::map<std::string, RowStore::Origin, std::less<>> current_;                           // of each partition
  std::deque<RowOrigin> origins_;
};

}  // namespace weir::load
