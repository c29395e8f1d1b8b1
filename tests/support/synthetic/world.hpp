// A simulated provider's records and what happens to them over virtual time, all of it decided by a seed: several
// processes that know the seed see the same world, and the truth at any instant can be computed.
//
// Times come in two clocks: `Moment`s of the true clock (ours and the database's) and the provider's own, which is
// `skew` ahead; whatever the provider dates is in its clock, rounded down to its precision.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/time.hpp"

namespace weir::synthetic {

struct WorldSpec {
  std::uint64_t seed = 1;
  Instant begin{};  // activity lies in [begin, end)
  Instant end{};
  int partitions = 3;       // there from the begin
  int late_partitions = 0;  // found some time later
  int records = 60;         // created in each partition
  int changes = 120;        // of each partition's records
  double early = 0.3;       // share of records that exist at the begin
  double bursts = 0.05;     // share of changes that touch many records at one instant
  double deletions = 0.1;   // share of changes that delete; a change of a deleted record brings it back
  Duration precision = std::chrono::seconds(1);
  Duration lateness_max{};  // how long after it was dated a change shows at most
  Duration skew{};          // of the provider's clock
};

void from_json(const nlohmann::json& json, WorldSpec& spec);

struct Record {
  std::string key;       // p0-r17
  int index = 0;         // order of creation: never changes
  int revision = 0;      // 0: not created yet
  Instant updated_at{};  // as the provider dates the newest revision
  bool is_deleted = false;
  Instant visible_at{};  // true time from which this revision shows
};

// One revision of one record.
struct Change {
  Instant visible_at;
  int partition = 0;
  int record = 0;
  int revision = 0;
  Instant dated{};
  bool deletes = false;
};

struct PartitionInfo {
  std::string key;   // p0
  Instant found_at;  // true time from which it is listed
};

// Everything that will ever happen.
class World {
 public:
  explicit World(WorldSpec spec);
  const WorldSpec& spec() const { return spec_; }
  const std::vector<PartitionInfo>& partitions() const { return partitions_; }
  const std::vector<Change>& changes() const { return changes_; }  // by visible_at
  // From here on nothing changes any more, and everything is visible.
  Instant quiet_from() const { return spec_.end + spec_.lateness_max + spec_.precision; }
  Instant provider_clock(Instant true_time) const { return true_time + spec_.skew; }

 private:
  WorldSpec spec_;
  std::vector<PartitionInfo> partitions_;
  std::vector<Change> changes_;
};

// The world at one instant; goes forward only.
class WorldView {
 public:
  explicit WorldView(const World& world);
  void advance_to(Instant true_time);
  Instant now() const { return now_; }
  Instant provider_now() const { return world_->provider_clock(now_); }
  const World& world() const { return *world_; }

  std::vector<int> partitions() const;  // those that are found by now
  const std::vector<Record>& records(int partition) const { return records_[static_cast<std::size_t>(partition)]; }
  // The latest date of a visible change, rounded up to what the provider can tell apart; nullopt: none yet.
  std::optional<Instant> changed_at(int partition) const;

 private:
  const World* world_;
  Instant now_;
  std::size_t next_ = 0;
  std::vector<std::vector<Record>> records_;  // by partition, in order of index; revision 0: not there yet
  std::vector<std::optional<Instant>> changed_at_;
};

}  // namespace weir::synthetic
