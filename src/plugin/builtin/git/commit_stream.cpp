#include "plugin/builtin/git/commit_stream.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "base/thread_queue.hpp"

namespace weir::plugin::git {
namespace {

constexpr std::size_t k_batches_waiting_max = 4;

struct Job {
  std::vector<ObjectId> ids{};
  std::vector<ObjectId> frontier{};
  std::optional<Result<std::vector<Commit>>> result{};
};

template <class Work>
auto guarded(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (...) {
    return std::unexpected(current_error());
  }
}

}  // namespace

// walk() fills ordered_ and open_; each of work() takes from open_; hand_over() empties ordered_ from its front.
class CommitStream::Threads {
 public:
  Threads(Executor consumer, StreamOptions options)
      : options_(std::move(options)), ready_(consumer, k_batches_waiting_max) {
    const auto hardware = std::max(1U, std::thread::hardware_concurrency());
    const auto workers = options_.threads == 0 ? hardware : options_.threads;
    jobs_max_ = 2 * workers + 2;
    threads_.emplace_back([this] { hand_over(); });
    threads_.emplace_back([this] { walk(); });
    for (unsigned i = 0; i < workers; ++i) threads_.emplace_back([this] { work(); });
  }

  ~Threads() {
    source_.request_stop();
    ready_.close();
  }

  Task<Result<CommitBatch>> next() {
    auto batch = co_await ready_.pop();
    if (!batch) co_return CommitBatch{};
    co_return std::move(*batch);
  }

 private:
  using Lock = std::unique_lock<std::mutex>;

  void walk() {
    auto walked = guarded([this] { return walk_all(); });
    if (!walked) add_job({.result = std::unexpected(walked.error())});
    const Lock lock(mutex_);
    is_walked_ = true;
    changed_.notify_all();
  }

  Result<> walk_all() {
    auto store = ObjectStore::open(options_.objects);
    if (!store) return std::unexpected(store.error());
    CommitWalk walk(*store, std::move(options_.walk), Stop(source_.get_token()));
    for (;;) {
      auto ids = walk.next(options_.batch_commits_max, options_.batch_bytes_max);
      if (!ids) return std::unexpected(ids.error());
      if (ids->empty()) return {};
      if (!add_job({.ids = std::move(*ids), .frontier = walk.frontier(options_.frontier_max)})) return {};
    }
  }

  bool add_job(Job job) {
    const bool is_done = job.result.has_value();
    Lock lock(mutex_);
    if (!changed_.wait(lock, source_.get_token(), [this] { return ordered_.size() < jobs_max_; })) return false;
    ordered_.push_back(std::make_shared<Job>(std::move(job)));
    if (!is_done) open_.push_back(ordered_.back());
    changed_.notify_all();
    return true;
  }

  void work() {
    std::optional<CommitReader> reader;
    for (;;) {
      std::shared_ptr<Job> job;
      {
        Lock lock(mutex_);
        const auto has_job_or_end = [this] { return !open_.empty() || is_walked_; };
        if (!changed_.wait(lock, source_.get_token(), has_job_or_end) || open_.empty()) return;
        job = std::move(open_.front());
        open_.pop_front();
      }
      auto commits = guarded([&] { return read(*job, reader); });
      const Lock lock(mutex_);
      job->result = std::move(commits);
      changed_.notify_all();
    }
  }

  Result<std::vector<Commit>> read(const Job& job, std::optional<CommitReader>& reader) {
    if (!reader) {
      auto store = ObjectStore::open(options_.objects);
      if (!store) return std::unexpected(store.error());
      reader.emplace(std::move(*store), options_.read);
    }
    const Stop stop(source_.get_token());
    std::vector<Commit> commits;
    commits.reserve(job.ids.size());
    for (const auto& id : job.ids) {
      if (stop.is_requested()) return cancelled();
      auto commit = reader->read(id, stop);
      if (!commit) return std::unexpected(commit.error());
      commits.push_back(std::move(*commit));
    }
    return commits;
  }

  void hand_over() {
    for (;;) {
      std::shared_ptr<Job> job;
      {
        Lock lock(mutex_);
        const auto has_result_or_end = [this] {
          return ordered_.empty() ? is_walked_ : ordered_.front()->result.has_value();
        };
        if (!changed_.wait(lock, source_.get_token(), has_result_or_end) || ordered_.empty()) break;
        job = std::move(ordered_.front());
        ordered_.pop_front();
        changed_.notify_all();
      }
      auto& commits = *job->result;
      if (!commits) {
        ready_.push(std::unexpected(commits.error()));
        break;
      }
      if (!ready_.push(CommitBatch{std::move(*commits), std::move(job->frontier)})) break;
    }
    source_.request_stop();
    ready_.finish();
  }

  StreamOptions options_;
  std::size_t jobs_max_ = 0;
  std::stop_source source_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::shared_ptr<Job>> ordered_;
  std::deque<std::shared_ptr<Job>> open_;
  bool is_walked_ = false;
  ThreadQueue<Result<CommitBatch>> ready_;
  std::vector<std::jthread> threads_;
};

CommitStream::CommitStream(Executor consumer, StreamOptions options)
    : threads_(std::make_unique<Threads>(std::move(consumer), std::move(options))) {}

CommitStream::~CommitStream() = default;

Task<Result<CommitBatch>> CommitStream::next() { return threads_->next(); }

}  // namespace weir::plugin::git
