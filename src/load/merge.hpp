// How a batch becomes rows of its table: one statement that carries the batch as arrays, compares it with what is there
// and writes only what is new or different. See docs/adr/0001-staging-in-arrays.md.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "load/resource.hpp"
#include "load/row_store.hpp"
#include "pg/database.hpp"

namespace weir::load {

struct RunRight;

// Rows of a store by their index.
using RowOrder = std::vector<std::uint32_t>;

// Each key once, in the bytes' order of the keys: all writers take row locks in the same order, and pages of the index
// are visited once. Of several rows with one key the latest wins, unless its source time is older.
RowOrder order_by_key(const RowStore& store);

// What a batch is believed to bring. Only the work differs: a careful merge looks for each row first, so that unchanged
// ones leave no trace; a hopeful one inserts at once and finds what was there by the conflict, which locks it.
enum class MergeKind { careful, hopeful };

class MergeStatement {
 public:
  explicit MergeStatement(const Resource& resource);
  MergeStatement(const MergeStatement&) = delete;
  MergeStatement& operator=(const MergeStatement&) = delete;

  // Answers one row: `imported`, how many rows were new or different. This object outlives the command.
  pg::Command merge(const RunRight& right, const RowStore& store, std::span<const std::uint32_t> rows,
                    MergeKind kind = MergeKind::careful) const;

 private:
  struct Form {
    std::string name;
    std::string sql;
  };
  Form careful_;
  Form hopeful_;
};

// The keys of `rows` as text arrays in PostgreSQL's text form, one element per row: {"repo","sha"}.
std::string key_literals(const RowStore& store, std::span<const std::uint32_t> rows);

}  // namespace weir::load
