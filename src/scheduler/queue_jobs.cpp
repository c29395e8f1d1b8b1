// The jobs that keep the queue going.
#include "scheduler/upkeep.hpp"

namespace weir::scheduler {
namespace {

using nlohmann::json;

Task<json> trigger(Scheduler& scheduler) {
  const auto tick = co_await scheduler.tick();
  co_return json{{"due", tick.due},         {"enqueued", tick.enqueued}, {"overlapping", tick.overlapping},
                 {"skipped", tick.skipped}, {"resting", tick.resting},   {"broken", tick.broken}};
}

Task<json> process(queue::Queue& queue, queue::QueueBell& bell) {
  std::int64_t woken = 0;
  for (int batch = 1; batch > 0; woken += batch) batch = co_await queue.promote_due();
  bell.ring();
  co_return json{{"woken", woken}};
}

Task<json> archive(queue::Queue& queue) {
  std::int64_t archived = 0;
  for (int batch = 1; batch > 0; archived += batch) batch = co_await queue.archive_quotas();
  co_return json{{"archived", archived}};
}

Task<json> clean_up(queue::Queue& queue, queue::QueueBell& bell, ForgetNodes forget_nodes) {
  std::int64_t requeued = 0;
  for (;;) {
    const auto reaped = co_await queue.reap();
    requeued += static_cast<std::int64_t>(reaped.size());
    if (reaped.empty()) break;
  }
  const auto differences = co_await queue.recount();
  if (requeued > 0 || !differences.empty()) bell.ring();
  const auto forgotten = co_await forget_nodes();
  co_return json{{"requeued", requeued}, {"differences", differences.size()}, {"nodes_forgotten", forgotten}};
}

}  // namespace

std::vector<Job> queue_jobs(Scheduler& scheduler, queue::Queue& queue, queue::QueueBell& bell,
                            ForgetNodes forget_nodes) {
  using namespace std::chrono;
  return {{"trigger", hours(1), [&scheduler] { return trigger(scheduler); }},
          {"process", minutes(5), [&queue, &bell] { return process(queue, bell); }},
          {"quotas", hours(24), [&queue] { return archive(queue); }},
          {"orphans", hours(1), [&queue, &bell, forget_nodes] { return clean_up(queue, bell, forget_nodes); }}};
}

}  // namespace weir::scheduler
