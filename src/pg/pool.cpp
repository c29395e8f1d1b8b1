#include "pg/pool.hpp"

#include <boost/asio/redirect_error.hpp>

namespace weir::pg {

Lease::Lease(Pool& pool, std::unique_ptr<Connection> connection, int generation)
    : pool_(&pool), connection_(std::move(connection)), generation_(generation) {}

Lease::Lease(Lease&& other) noexcept
    : pool_(other.pool_), connection_(std::move(other.connection_)), generation_(other.generation_) {}

Lease::~Lease() {
  if (connection_) pool_->give_back(std::move(connection_), generation_);
}

Pool::Pool(Executor executor, BlockingPool& blocking, PoolSettings settings)
    : executor_(executor), blocking_(blocking), settings_(std::move(settings)) {}

Pool::~Pool() = default;

Task<Lease> Pool::acquire(Deadline deadline) {
  const auto until = deadline.at_most(settings_.acquire_timeout);
  for (;;) {
    while (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      if (connection->is_usable()) co_return Lease(*this, std::move(connection), generation_);
      --open_;
    }
    if (open_ < settings_.connections_max) break;
    co_await wait_for_turn(until);
  }
  ++open_;
  const auto generation = generation_;
  try {
    auto connection = co_await Connection::open(blocking_, settings_.connect);
    co_return Lease(*this, std::move(connection), generation);
  } catch (...) {
    --open_;
    wake_one();
    throw;
  }
}

Task<> Pool::wait_for_turn(Deadline deadline) {
  const auto timer = std::make_shared<asio::steady_timer>(executor_, deadline.at());
  waiters_.push_back(timer);
  boost::system::error_code woken;
  co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, woken));
  const auto was_waiting = std::erase(waiters_, timer) > 0;
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) {
    if (!was_waiting) wake_one();  // the turn was ours: pass it on
    throw boost::system::system_error(asio::error::operation_aborted);
  }
  if (was_waiting && !woken)
    throw Failure({ErrorCode::timed_out, "no database connection came free in time; raise the pool's limit"});
}

void Pool::give_back(std::unique_ptr<Connection> connection, int generation) {
  if (generation == generation_ && connection->is_usable() && !connection->is_in_transaction())
    idle_.push_back(std::move(connection));
  else
    --open_;
  connection.reset();
  wake_one();
}

void Pool::wake_one() {
  if (waiters_.empty()) return;
  const auto timer = waiters_.front();
  waiters_.pop_front();
  timer->cancel();
}

void Pool::rename(std::string application_name) {
  settings_.connect.application_name = std::move(application_name);
  ++generation_;
  clear();
}

void Pool::clear() {
  open_ -= idle_.size();
  idle_.clear();
}

}  // namespace weir::pg
