// One commit with everything that a row of `commit` says about it.
#pragma once
#include <memory>
#include <optional>
#include <utility>

#include "plugin/builtin/git/commit_walk.hpp"
#include "plugin/builtin/git/diff_stats.hpp"
#include "plugin/builtin/git/raw_object.hpp"

namespace weir::plugin::git {

struct Commit {
  ObjectId id;
  RawCommit content;
  DiffStats stats;  // against the first parent; nothing is known when they were not asked for
};

enum class Stats { counted, left_out };

struct ReadOptions {
  Stats stats = Stats::counted;
  DiffLimits limits{};
  Completeness completeness = Completeness::whole;
};

// For one thread, like the store it owns.
class CommitReader {
 public:
  CommitReader(ObjectStore store, ReadOptions options)
      : store_(std::make_unique<ObjectStore>(std::move(store))),
        trees_(std::make_unique<TreeCache>(*store_)),
        options_(options) {}

  // Errors as ObjectStore::read, with not_found only for objects the repository ought to have; cancelled.
  Result<Commit> read(const ObjectId& id, const Stop& stop);

 private:
  Result<DiffStats> count(const RawCommit& commit, const Stop& stop);
  Result<ObjectId> tree_of(const ObjectId& commit);

  std::unique_ptr<ObjectStore> store_;
  std::unique_ptr<TreeCache> trees_;
  ReadOptions options_;
  std::optional<std::pair<ObjectId, ObjectId>> last_;  // the commit read last and its tree: often the next one's parent
};

}  // namespace weir::plugin::git
