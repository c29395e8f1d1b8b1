// The new commits of a repository as batches for a coroutine. One thread walks, several count changes, the order of the
// walk is kept, and what is in flight is bounded: a slow consumer holds the threads back.
//
//   CommitStream stream(executor, {.objects = ..., .walk = ..., .read = ...});
//   for (;;) {
//     auto batch = co_await stream.next();
//     if (!batch) co_return std::unexpected(batch.error());
//     if (batch->commits.empty()) break;  // all of it
//     ...
//   }
#pragma once
#include <filesystem>
#include <memory>
#include <vector>

#include "base/asio.hpp"
#include "base/error.hpp"
#include "plugin/builtin/git/commit_reader.hpp"

namespace weir::plugin::git {

struct CommitBatch {
  std::vector<Commit> commits;
  // Stands for everything up to the end of this batch, see CommitWalk::frontier.
  std::vector<ObjectId> frontier;
};

struct StreamOptions {
  std::filesystem::path objects;  // the repository's object directory
  WalkRequest walk;
  ReadOptions read{};
  unsigned threads = 0;  // that read and count; 0: one for each hardware thread
  std::size_t batch_commits_max = 256;
  std::size_t batch_bytes_max = 1 << 20;  // of commit objects
  std::size_t frontier_max = 400;
};

// On its executor. Destroying it stops the threads and waits for them: at most as long as one pair of files takes to
// compare.
class CommitStream {
 public:
  CommitStream(Executor consumer, StreamOptions options);
  ~CommitStream();

  // The next batch; without commits when the walk is done. After an error nothing more comes.
  Task<Result<CommitBatch>> next();

 private:
  class Threads;
  std::unique_ptr<Threads> threads_;
};

}  // namespace weir::plugin::git
