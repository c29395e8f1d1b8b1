#include "queue/queue_bell.hpp"

#include "base/outlive.hpp"
#include "queue/sql.hpp"

namespace weir::queue {
namespace {

constexpr auto k_reconnect_pause = 1s;
constexpr pg::Statement k_listen{"queue.listen", "LISTEN weir_queue"};

}  // namespace

QueueBell::QueueBell(Executor executor, BlockingPool& blocking, pg::Database& database, pg::ConnectSettings direct,
                     Random& random, BellSettings settings)
    : blocking_(blocking),
      database_(database),
      direct_(std::move(direct)),
      random_(random),
      settings_(settings),
      rung_(executor),
      heard_more_(executor),
      tasks_(executor) {}

void QueueBell::start() {
  if (settings_.is_poll_only) return;
  tasks_.spawn("queue bell, sending", send());
  tasks_.spawn("queue bell, listening", listen());
}

// A connection that is being made is not cut short; it ends by its own timeout.
Task<> QueueBell::stop() {
  co_await tasks_.stop(Deadline::in(5s));
  co_await tasks_.wait();
}

void QueueBell::ring() {
  hear();
  is_rung_ = true;
  rung_.notify();
}

void QueueBell::hear() {
  ++heard_;
  heard_more_.notify();
}

Task<> QueueBell::wait(std::uint64_t seen) {
  const auto spread = static_cast<std::uint64_t>((settings_.poll_max - settings_.poll_min).count()) + 1;
  const auto pause = settings_.poll_min + std::chrono::milliseconds(random_.below(spread));
  const auto deadline = Deadline::in(pause);
  while (heard_ <= seen && !deadline.is_over()) co_await heard_more_.wait(deadline);
}

// The first ring after a quiet while goes out at once, those within the next moments together.
Task<> QueueBell::send() {
  for (;;) {
    while (!is_rung_) co_await rung_.wait(Deadline::never());
    is_rung_ = false;
    try {
      co_await database_.query(pg::Scope::control(), sql::ring_queue, {}, Deadline::in(5s));
    } catch (...) {
      outlive("queue bell");
    }
    co_await sleep_for(settings_.debounce);
  }
}

Task<> QueueBell::listen() {
  for (;;) {
    try {
      co_await listen_once();
    } catch (...) {
      outlive("queue bell");
    }
    is_listening_ = false;
    co_await sleep_for(k_reconnect_pause);
  }
}

Task<> QueueBell::listen_once() {
  const auto connection = co_await pg::Connection::open(blocking_, direct_);
  co_await connection->query(k_listen, {}, Deadline::in(5s));
  is_listening_ = true;
  hear();  // what rang while nobody listened
  for (;;) {
    const auto heard = co_await connection->next_notification(Deadline::never());
    if (heard) hear();
  }
}

}  // namespace weir::queue
