// What waits for the next checkpoint.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "load/row_store.hpp"
#include "load/run_writer.hpp"

namespace weir::load {

struct Unreachable {
  std::optional<std::string> reason;
  std::chrono::seconds probe_after{0};
};

struct Pending {
  std::vector<RowStore> rows;                                  // by resource name: the order all writers lock in
  std::map<std::string, std::int64_t> generations;             // listings begun or resumed, by partition
  std::map<std::string, CursorUpdate> cursors;                 // by partition
  std::map<std::string, std::optional<Validator>> validators;  // by partition; nullopt: it has none any more
  std::map<std::string, LedgerEntry> ledger;                   // by partition
  std::map<std::string, Unreachable> unreachable;              // by partition
  std::set<std::pair<std::string, std::string>> closed_gaps;   // partition, kind; before the gaps to open
  std::vector<Gap> gaps;

  bool is_empty() const {
    return rows.empty() && generations.empty() && cursors.empty() && validators.empty() && ledger.empty() &&
           unreachable.empty() && closed_gaps.empty() && gaps.empty();
  }
};

}  // namespace weir::load
