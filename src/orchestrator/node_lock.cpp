#include "orchestrator/node_lock.hpp"

#include <fmt/format.h>

#include "base/task_group.hpp"
#include "orchestrator/sql.hpp"

namespace weir::orchestrator {

NodeLock::NodeLock(pg::Database& database, BlockingPool& blocking, pg::ConnectSettings direct, Epoch epoch)
    : database_(database),
      blocking_(blocking),
      settings_(std::move(direct)),
      epoch_(epoch),
      channel_(fmt::format("weir_node_{}", epoch.value())) {}

Task<LockProof> NodeLock::take(Deadline deadline) {
  connection_.reset();
  connection_ = co_await pg::Connection::open(blocking_, settings_);
  const bool is_heard = co_await hears_itself(deadline);
  if (!is_heard) co_return LockProof::not_heard;
  const auto server_start = co_await lock(deadline);
  if (!server_start) co_return LockProof::refused;
  const auto rows =
      co_await database_.query(pg::Scope::control(), sql::prove_lock, pg::Params(epoch_, *server_start), deadline);
  co_return rows.empty() ? LockProof::refused : LockProof::proven;
}

Task<bool> NodeLock::hears_itself(Deadline deadline) {
  const auto listen = fmt::format("LISTEN {}", channel_);
  co_await connection_->query({"orchestrator.listen", listen}, {}, deadline);
  const auto word = fmt::format("proof {}", ++attempts_);
  co_await database_.query(pg::Scope::control(), sql::notify_node, pg::Params(channel_, word), deadline);
  for (;;) {
    const auto heard = co_await connection_->next_notification(deadline);
    if (!heard) co_return false;
    if (heard->payload == word) co_return true;
  }
}

// A session of ours that the server has not ended yet may hold it for a moment.
Task<std::optional<Instant>> NodeLock::lock(Deadline deadline) {
  for (;;) {
    auto commands = pg::open_transaction(database_.roles(), pg::Scope::control());
    commands.push_back({sql::take_node_lock, pg::Params(epoch_)});
    commands.push_back(pg::commit_transaction());
    const auto answers = co_await connection_->pipeline(std::move(commands), deadline);
    const auto answer = answers[answers.size() - 2].one();
    if (answer.get<bool>("is_ours")) co_return answer.get<Instant>("server_start");
    if (deadline.is_over()) co_return std::nullopt;
    co_await sleep_for(20ms);
  }
}

Task<std::string> NodeLock::next_message() {
  const auto heard = co_await connection_->next_notification(Deadline::never());
  co_return heard ? heard->payload : std::string();
}

}  // namespace weir::orchestrator
