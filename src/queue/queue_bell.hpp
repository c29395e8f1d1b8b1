// How nodes learn that something became ready: a NOTIFY without payload, at most one in `debounce` from each node,
// since every NOTIFY takes a lock of the whole database. It is a hint: whoever hears nothing looks after a jittered
// pause, and behind a pooler that shares sessions that is all there is (`is_poll_only`).
//
//   for (auto heard = bell.count();; heard = bell.count()) {
//     … take what is there …
//     co_await bell.wait(heard);
//   }
//
// All on one executor.
#pragma once
#include <chrono>
#include <cstdint>

#include "base/blocking.hpp"
#include "base/random.hpp"
#include "base/task_group.hpp"
#include "base/wakeup.hpp"
#include "pg/database.hpp"

namespace weir::queue {

struct BellSettings {
  std::chrono::milliseconds debounce{50};
  std::chrono::milliseconds poll_min{1000};  // an unheard ring is noticed between these
  std::chrono::milliseconds poll_max{2000};
  bool is_poll_only = false;
};

class QueueBell {
 public:
  // `direct` must not lead through a pooler that shares sessions; all references outlive this object.
  QueueBell(Executor executor, BlockingPool& blocking, pg::Database& database, pg::ConnectSettings direct,
            Random& random, BellSettings settings = {});

  void start();   // listens and sends from now on
  Task<> stop();  // every wait() has returned

  // Something became ready (after the commit): this node hears it at once, the others soon.
  void ring();
  // Rings heard so far.
  std::uint64_t count() const { return heard_; }
  // Returns when more than `seen` were heard, or after the pause. Cancelled like sleep_for.
  Task<> wait(std::uint64_t seen);

  bool is_listening() const { return is_listening_; }

 private:
  Task<> send();
  Task<> listen();
  Task<> listen_once();
  void hear();

  BlockingPool& blocking_;
  pg::Database& database_;
  pg::ConnectSettings direct_;
  Random& random_;
  BellSettings settings_;
  std::uint64_t heard_ = 0;
  bool is_rung_ = false;  // and not yet sent
  bool is_listening_ = false;
  Wakeup rung_;
  Wakeup heard_more_;
  TaskGroup tasks_;
};

}  // namespace weir::queue
