// What the service does for itself, so that nothing external is needed: each job in its period, by one node at a time
// (docs/adr/0115-upkeep.md). The fast paths (the scheduler's ticks, the workers' looks, each node's reaper) do not wait
// for it: it catches what they miss. What fails is tried again after a tenth of its period, what a node left unfinished
// as soon as its lease is over.
//
//   trigger     hourly         whatever is due becomes runs
//   process     5 minutes      what has come due in the queue wakes, and the workers are told
//   quotas      daily          days that are over are archived
//   orphans     hourly         runs of nodes that are gone go back, the lanes are recounted, dead nodes are forgotten
//   history     daily          partitions are made ahead, old history goes (history_retention.hpp)
//   data        daily          rows that a tenant's plan no longer keeps go (orchestrator/data_retention.hpp)
#pragma once
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/random.hpp"
#include "pg/database.hpp"
#include "queue/queue.hpp"
#include "scheduler/scheduler.hpp"

namespace weir::scheduler {

// Done once; what it did, for people. Throws what it cannot overcome.
struct Job {
  std::string name;  // [a-z-]
  std::chrono::seconds period;
  std::function<Task<nlohmann::json>()> work;
};

// Removes nodes that are long dead; how many.
using ForgetNodes = std::function<Task<std::int64_t>()>;

// trigger, process, quotas, orphans. All references outlive the jobs.
std::vector<Job> queue_jobs(Scheduler& scheduler, queue::Queue& queue, queue::QueueBell& bell,
                            ForgetNodes forget_nodes);

struct UpkeepSettings {
  std::chrono::milliseconds look = std::chrono::seconds(30);  // between looks at what is due
  std::chrono::seconds lease = std::chrono::minutes(10);      // of a job, renewed while it is done
};

struct JobState {
  std::string name;
  Instant started_at{};
  Instant next_at{};
  std::optional<Instant> ended_at{};
  bool is_running = false;
  std::optional<std::string> node{};
  nlohmann::json result{};             // of the last one that succeeded
  std::optional<std::string> error{};  // of the last one; none: it succeeded
  std::int64_t runs = 0;
  std::int64_t failures = 0;
};
void to_json(nlohmann::json& json, const JobState& state);

// By name; a job that never ran is not among them.
Task<std::vector<JobState>> list_jobs(pg::Database& database);

class Upkeep {
 public:
  // `node`: how this process is called in the list. References outlive this object.
  Upkeep(pg::Database& database, Random& random, std::string node, std::vector<Job> jobs, UpkeepSettings settings = {})
      : database_(database), random_(random), node_(std::move(node)), jobs_(std::move(jobs)), settings_(settings) {}

  // Rounds until it is cancelled; survives a database that is away.
  Task<> run();
  // Each job that is due and that no other node is at; how many.
  Task<int> round();
  // Now, whether due or not. not_found; conflict while another node is at it; what the job itself failed with.
  Task<Result<nlohmann::json>> run_now(std::string name);

 private:
  // nullopt: not due, or somebody is at it.
  Task<std::optional<Result<nlohmann::json>>> attempt(Job job, bool is_forced);
  // What the job says, or what it failed with; its lease is renewed meanwhile.
  Task<Result<nlohmann::json>> work(Job job, Instant started_at);
  Task<> keep_lease(std::string name, Instant started_at);

  pg::Database& database_;
  Random& random_;
  std::string node_;
  std::vector<Job> jobs_;
  UpkeepSettings settings_;
};

}  // namespace weir::scheduler
