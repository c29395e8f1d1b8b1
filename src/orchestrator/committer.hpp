// The turns at a run's one writer. A checkpoint is made in the background when one is due: the partitions of the run
// are collected meanwhile, and wait only where a second batch is full before the first is committed.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/wakeup.hpp"
#include "load/run_writer.hpp"

namespace weir::orchestrator {

class Committer {
 public:
  // Runs a checkpoint beside its caller; whoever gives it awaits it before the committer dies, and hears how it ended.
  using Spawn = std::function<void(Task<>)>;

  // `on_commit` is called after each checkpoint.
  Committer(Executor executor, load::RunWriter& writer, Spawn spawn, std::function<void()> on_commit)
      : writer_(writer), idle_(executor), spawn_(std::move(spawn)), on_commit_(std::move(on_commit)) {}

  load::RunWriter& writer() { return writer_; }

  // Throws what made a commit fail: then the run is over.
  void require_open() const;
  // Returns as soon as more may be appended.
  Task<> commit_if_due();
  // Everything that was appended and set before is committed then, by this or by somebody else's checkpoint.
  Task<> commit();
  Task<load::GenerationOutcome> finish_generation(std::string partition, std::int64_t generation,
                                                  std::vector<std::string> resources,
                                                  std::map<std::string, std::string> columns);

  // A commit that failed. Everything that was thrown meanwhile is its consequence.
  const std::optional<Error>& failure() const { return failure_; }

 private:
  class Turn;

  Task<> hold();
  Task<> run_checkpoint(std::unique_ptr<Turn> turn);

  load::RunWriter& writer_;
  Wakeup idle_;
  Spawn spawn_;
  std::function<void()> on_commit_;
  std::optional<Error> failure_;
  std::uint64_t begun_ = 0;  // checkpoints
  std::uint64_t committed_ = 0;
  bool is_busy_ = false;
};

}  // namespace weir::orchestrator
