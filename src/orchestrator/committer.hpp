// The turns at a run's one writer. Several partitions of a run may be collected in turns: whoever finds a checkpoint
// due makes it, for all of them; the others wait, so that a cursor is never set from a version that is just changing.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/wakeup.hpp"
#include "load/run_writer.hpp"

namespace weir::orchestrator {

class Committer {
 public:
  // `on_commit` is called after each checkpoint.
  Committer(Executor executor, load::RunWriter& writer, std::function<void()> on_commit)
      : writer_(writer), idle_(executor), on_commit_(std::move(on_commit)) {}

  load::RunWriter& writer() { return writer_; }
  // The version of a partition's cursor row: what was read, or what our last checkpoint made of it.
  void set_version(const std::string& partition, std::int64_t version) { versions_[partition] = version; }
  std::int64_t version(const std::string& partition) const { return versions_.at(partition); }
  void forget(const std::string& partition) { versions_.erase(partition); }

  // Waits until no commit is under way. Throws what made an earlier one fail: then the run is over.
  Task<> hold();
  Task<> commit_if_due();
  Task<> commit();
  Task<load::GenerationOutcome> finish_generation(std::string partition, std::int64_t generation,
                                                  std::vector<std::string> resources,
                                                  std::map<std::string, std::string> columns);

  // A commit that failed. Everything that was thrown meanwhile is its consequence.
  const std::optional<Error>& failure() const { return failure_; }

 private:
  Task<> run_checkpoint();
  template <class Work>
  auto in_turn(Work work) -> decltype(work());

  load::RunWriter& writer_;
  Wakeup idle_;
  std::function<void()> on_commit_;
  std::map<std::string, std::int64_t> versions_;
  std::optional<Error> failure_;
  bool is_busy_ = false;
};

}  // namespace weir::orchestrator
