#include "orchestrator/committer.hpp"

namespace weir::orchestrator {

// Runs `work` as the only one, and remembers why it failed.
template <class Work>
auto Committer::in_turn(Work work) -> decltype(work()) {
  co_await hold();
  struct Turn {
    Committer& committer;
    explicit Turn(Committer& owner) : committer(owner) { committer.is_busy_ = true; }
    ~Turn() {
      committer.is_busy_ = false;
      committer.idle_.notify();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
  };
  const Turn turn(*this);
  try {
    co_return co_await work();
  } catch (const Failure& failure) {
    failure_ = failure.error();
    throw;
  }
}

Task<> Committer::hold() {
  while (is_busy_) co_await idle_.wait(Deadline::never());
  if (failure_) throw Failure(*failure_);
}

Task<> Committer::commit_if_due() {
  if (writer_.is_due()) co_await commit();
}

Task<> Committer::commit() {
  co_await in_turn([this] { return run_checkpoint(); });
}

Task<> Committer::run_checkpoint() {
  const auto versions = co_await writer_.checkpoint();
  for (const auto& [partition, version] : versions)
    if (const auto found = versions_.find(partition); found != versions_.end()) found->second = version;
  on_commit_();
}

Task<load::GenerationOutcome> Committer::finish_generation(std::string partition, std::int64_t generation,
                                                           std::vector<std::string> resources,
                                                           std::map<std::string, std::string> columns) {
  co_await commit();
  const auto outcome = co_await in_turn([&] {
    return writer_.finish_generation(std::move(partition), generation, std::move(resources), std::move(columns));
  });
  co_return outcome;
}

}  // namespace weir::orchestrator
