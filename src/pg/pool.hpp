// A bounded pool of connections, used by one executor. First come, first served: what comes free goes to whoever has
// waited for longest, and nobody who comes later takes it away.
#pragma once
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "pg/connection.hpp"

namespace weir::pg {

struct PoolSettings {
  ConnectSettings connect;
  std::size_t connections_max = 8;
  std::chrono::milliseconds acquire_timeout = std::chrono::seconds(30);
};

class Pool;

// A borrowed connection; given back when this dies. One that broke or was left inside a transaction is dropped.
class Lease {
 public:
  Lease(Pool& pool, std::unique_ptr<Connection> connection, int generation);
  Lease(Lease&& other) noexcept;
  Lease& operator=(Lease&&) = delete;
  ~Lease();
  Connection* operator->() const { return connection_.get(); }
  Connection& operator*() const { return *connection_; }

 private:
  Pool* pool_;
  std::unique_ptr<Connection> connection_;
  int generation_;  // of the pool's name when it was opened
};

class Pool {
 public:
  Pool(Executor executor, BlockingPool& blocking, PoolSettings settings);
  ~Pool();  // every Lease must be gone

  // Throws timed_out when none comes free in acquire_timeout (or by the deadline), database_unreachable when a new one
  // cannot be opened.
  Task<Lease> acquire(Deadline deadline = Deadline::never());

  // Closes idle connections.
  void clear();
  // The application name of connections from now on; those opened before are closed when they come back.
  void rename(std::string application_name);

  std::size_t open_count() const { return open_; }
  std::size_t idle_count() const { return idle_.size(); }
  const PoolSettings& settings() const { return settings_; }

 private:
  friend class Lease;
  // One of the connections_max places: an idle connection in it, or the right to open one.
  struct Place {
    std::unique_ptr<Connection> connection{};
    int generation = 0;
  };
  struct Waiter;

  void give_back(std::unique_ptr<Connection> connection, int generation);
  std::optional<Place> take_place();
  Task<Place> wait_for_place(Deadline deadline);
  void pass_on(Place place);
  void free_place(Place place);

  Executor executor_;
  BlockingPool& blocking_;
  PoolSettings settings_;
  std::vector<std::unique_ptr<Connection>> idle_;
  std::deque<std::shared_ptr<Waiter>> waiters_;  // while there are any nothing is idle, and all places are taken
  int generation_ = 0;                           // grows with rename()
  std::size_t open_ = 0;                         // borrowed, idle or being opened
};

}  // namespace weir::pg
