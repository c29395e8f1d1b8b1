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

struct Pool::Waiter {
  asio::steady_timer timer;
  std::optional<Place> place{};  // once it was handed one
};

Pool::Pool(Executor executor, BlockingPool& blocking, PoolSettings settings)
    : executor_(executor), blocking_(blocking), settings_(std::move(settings)) {}

Pool::~Pool() = default;

Task<Lease> Pool::acquire(Deadline deadline) {
  auto place = take_place();
  if (!place) place = co_await wait_for_place(deadline.at_most(settings_.acquire_timeout));
  if (place->connection) co_return Lease(*this, std::move(place->connection), place->generation);
  const auto generation = generation_;
  try {
    auto connection = co_await Connection::open(blocking_, settings_.connect);
    co_return Lease(*this, std::move(connection), generation);
  } catch (...) {
    free_place({});
    throw;
  }
}

std::optional<Pool::Place> Pool::take_place() {
  while (!idle_.empty()) {
    Place place{std::move(idle_.back()), generation_};
    idle_.pop_back();
    if (place.connection->is_usable()) return place;
    --open_;
  }
  if (open_ >= settings_.connections_max) return std::nullopt;
  ++open_;
  return Place{};
}

Task<Pool::Place> Pool::wait_for_place(Deadline deadline) {
  const auto waiter = std::make_shared<Waiter>(asio::steady_timer(executor_, deadline.at()));
  waiters_.push_back(waiter);
  boost::system::error_code ignored;
  co_await waiter->timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  std::erase(waiters_, waiter);
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) {
    if (waiter->place) pass_on(std::move(*waiter->place));
    throw boost::system::system_error(asio::error::operation_aborted);
  }
  if (!waiter->place)
    throw Failure({ErrorCode::timed_out, "no database connection came free in time; raise the pool's limit"});
  co_return std::move(*waiter->place);
}

void Pool::give_back(std::unique_ptr<Connection> connection, int generation) {
  const bool stays = generation == generation_ && connection->is_usable() && !connection->is_in_transaction();
  if (!stays) connection.reset();
  free_place({std::move(connection), generation});
}

void Pool::pass_on(Place place) {
  if (place.connection)
    give_back(std::move(place.connection), place.generation);
  else
    free_place({});
}

void Pool::free_place(Place place) {
  if (!waiters_.empty()) {
    const auto waiter = waiters_.front();
    waiters_.pop_front();
    waiter->place = std::move(place);
    waiter->timer.cancel();
  } else if (place.connection) {
    idle_.push_back(std::move(place.connection));
  } else {
    --open_;
  }
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
