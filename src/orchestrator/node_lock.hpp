// The direct connection of a node: it holds the session advisory lock of its epoch and hears what is said to the node.
// While the lock is held and proven, nobody takes the node's runs away before its lease is over; the moment the process
// dies the server frees it.
#pragma once
#include <memory>
#include <string>

#include "base/asio.hpp"
#include "base/blocking.hpp"
#include "pg/connection.hpp"
#include "pg/database.hpp"

namespace weir::orchestrator {

enum class LockProof {
  proven,
  not_heard,  // a NOTIFY to ourselves did not come back: a pooler is in between, this is no session of ours
  refused,    // the lock is held by another session, or the epoch is over
};

class NodeLock {
 public:
  // `database` is the connection everything else uses: the proof is seen from there.
  NodeLock(pg::Database& database, BlockingPool& blocking, pg::ConnectSettings direct, Epoch epoch);

  // Connects, listens, hears itself, takes the lock and records that. Throws when the database cannot be reached.
  Task<LockProof> take(Deadline deadline);
  // The next thing said to this node. Throws when the connection, and with it the lock, is lost.
  Task<std::string> next_message();
  // Closes the connection: the lock is free.
  void drop() { connection_.reset(); }

 private:
  Task<bool> hears_itself(Deadline deadline);
  Task<std::optional<Instant>> lock(Deadline deadline);  // since when the server runs that gave the lock

  pg::Database& database_;
  BlockingPool& blocking_;
  pg::ConnectSettings settings_;
  Epoch epoch_;
  std::string channel_;
  std::unique_ptr<pg::Connection> connection_;
  int attempts_ = 0;
};

}  // namespace weir::orchestrator
