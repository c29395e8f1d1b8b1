#include "orchestrator/committer.hpp"

namespace weir::orchestrator {

class Committer::Turn {
 public:
  explicit Turn(Committer& committer) : committer_(committer) { committer_.is_busy_ = true; }
  ~Turn() {
    committer_.is_busy_ = false;
    committer_.idle_.notify();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  // Runs `work`, and remembers why it failed.
  template <class Work>
  auto run(Work work) -> decltype(work()) {
    try {
      co_return co_await work();
    } catch (const Failure& failure) {
      committer_.failure_ = failure.error();
      throw;
    }
  }

 private:
  Committer& committer_;
};

// Until no commit is under way.
Task<> Committer::hold() {
  while (is_busy_) co_await idle_.wait(Deadline::never());
  require_open();
}

void Committer::require_open() const {
  if (failure_) throw Failure(*failure_);
}

Task<> Committer::commit_if_due() {
  while (writer_.is_due()) {
    if (!is_busy_) {
      require_open();
      co_return spawn_(run_checkpoint(std::make_unique<Turn>(*this)));
    }
    if (!writer_.is_full()) co_return;
    co_await hold();
  }
}

Task<> Committer::commit() {
  const auto begun_before = begun_;
  while (committed_ <= begun_before) {
    co_await hold();
    if (committed_ <= begun_before) co_await run_checkpoint(std::make_unique<Turn>(*this));
  }
}

Task<> Committer::run_checkpoint(std::unique_ptr<Turn> turn) {
  const auto number = ++begun_;
  co_await turn->run([this] { return writer_.checkpoint(); });
  committed_ = number;
  on_commit_();
}

Task<load::GenerationOutcome> Committer::finish_generation(std::string partition, std::int64_t generation,
                                                           std::vector<std::string> resources,
                                                           std::map<std::string, std::string> columns) {
  co_await commit();
  co_await hold();
  Turn turn(*this);
  co_return co_await turn.run([&] {
    return writer_.finish_generation(std::move(partition), generation, std::move(resources), std::move(columns));
  });
}

}  // namespace weir::orchestrator
