// Rows that belong to a parent as a whole (labels of a pull request): what a later answer does not show is tombstoned.
#pragma once
#include <string>

#include "load/merge.hpp"

namespace weir::load {

// Without the rows of a set that was said again: only the last one counts.
RowOrder without_replaced(const RowStore& store, RowOrder rows);

class ChildSetStatement {
 public:
  // The parent is the first `parent_columns` columns of the key.
  ChildSetStatement(const Resource& resource, std::size_t parent_columns);
  ChildSetStatement(const ChildSetStatement&) = delete;
  ChildSetStatement& operator=(const ChildSetStatement&) = delete;

  // Tombstones what this script wrote of the parents and `rows` do not hold. Answers one row: `deleted`. This object
  // outlives the command.
  pg::Command shrink(const RunRight& right, const RowStore& store, std::span<const std::uint32_t> rows) const;

 private:
  std::string name_;
  std::string sql_;
};

}  // namespace weir::load
