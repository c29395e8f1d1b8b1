// Makes rows of records.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "load/batch.hpp"
#include "plugin/declarative/plan.hpp"
#include "plugin/script.hpp"

namespace weir::plugin::declarative {

// One page's worth of mapping; on the run's executor, no awaits inside. A record whose expressions fail is rejected
// with its key and reason; a value that does not fit an optional column becomes null and is counted.
class RecordMapper {
 public:
  enum class Lists { whole, cut };  // whether the lists of a record were followed to their ends
  RecordMapper(const ScriptPlan& plan, PassContext& pass, Scratch& scratch);

  // `scope` has the record. Sets `vars`, and appends the rows of all resources.
  void add(Scope& scope, Lists lists = Lists::whole);

  // Items that lists in records did not show since the last call, and an example.
  std::pair<std::int64_t, std::string> take_cut() { return {std::exchange(cut_, 0), std::move(first_cut_)}; }
  std::int64_t misfits() const { return misfits_; }  // values that did not fit their column
  const std::string& first_misfit() const { return first_misfit_; }

 private:
  struct Target {
    const RowsPlan& plan;
    load::Batch& batch;
  };
  Result<bool> add_vars(Scope& scope);
  void add_rows(const Target& target, Scope& scope);
  void note_cut(const RowsPlan& plan, const Scope& scope, std::int64_t shown);
  bool is_whole(const RowsPlan& plan, const Value& list, const Scope& scope);
  std::optional<std::int64_t> total_of(const RowsPlan& plan, const Scope& scope);
  void begin_set(const Target& target, Scope& scope);
  void add_row(const Target& target, const Scope& scope);
  void reject(const Target& target, const Scope& scope, const Error& error);
  void set(load::RowWriter& row, const ColumnPlan& column, const Value& value);
  bool fits(load::RowWriter& row, const ColumnPlan& column, const Value& value);
  bool set_texts(load::RowWriter& row, const ColumnPlan& column, const Value& value);
  Value translate(const ColumnPlan& column, const Value& value);

  const ScriptPlan& plan_;
  Scratch& scratch_;
  std::vector<Target> targets_;
  std::vector<Entry> vars_;
  std::string buffer_;
  Lists lists_ = Lists::whole;
  std::int64_t cut_ = 0;
  std::string first_cut_;
  std::vector<std::string> parent_;
  std::int64_t misfits_ = 0;
  std::string first_misfit_;
};

}  // namespace weir::plugin::declarative
