#include "tests/support/synthetic/world.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/random.hpp"

namespace weir::synthetic {
namespace {

Instant round_down(Instant at, Duration precision) {
  const auto rest = at.time_since_epoch() % precision;
  return Instant(at.time_since_epoch() - (rest < Duration::zero() ? rest + precision : rest));
}

Duration duration_of(const nlohmann::json& json, const char* key, Duration absent) {
  if (!json.contains(key)) return absent;
  const auto text = json.at(key).get<std::string>();
  const bool is_negative = text.starts_with("-");
  const auto parsed = parse_duration(is_negative ? std::string_view(text).substr(1) : text);
  if (!parsed) throw std::invalid_argument(fmt::format("synthetic world: '{}' is not a duration", key));
  return is_negative ? -Duration(*parsed) : Duration(*parsed);
}

Instant instant_of(const nlohmann::json& json, const char* key) {
  const auto parsed = parse_rfc3339(json.at(key).get<std::string>());
  if (!parsed) throw std::invalid_argument(fmt::format("synthetic world: '{}' is not an instant", key));
  return *parsed;
}

// Decides one partition's life.
class PartitionMaker {
 public:
  PartitionMaker(const WorldSpec& spec, int partition, Instant begin, std::vector<Change>& changes)
      : spec_(spec),
        partition_(partition),
        begin_(begin),
        random_(spec.seed * 1'000'003 + static_cast<std::uint64_t>(partition)),
        changes_(changes) {}

  void make() {
    struct Plan {
      Instant at;
      int record;  // -1: some existing one
    };
    std::vector<Plan> plans;
    for (int i = 0; i < spec_.records; ++i) plans.push_back({random_.unit() < spec_.early ? begin_ : moment(), i});
    for (int i = 0; i < spec_.changes; ++i) plans.push_back({moment(), -1});
    std::ranges::sort(plans, {}, [](const Plan& plan) { return std::pair(plan.at, plan.record); });
    for (const auto& plan : plans) plan.record >= 0 ? create(plan.at) : change(plan.at);
  }

 private:
  struct Life {
    int revision = 0;
    bool is_deleted = false;
    Instant visible_at{};
  };

  Instant moment() {
    const auto span = static_cast<std::uint64_t>((spec_.end - begin_).count());
    return begin_ + Duration(static_cast<std::int64_t>(random_.below(std::max<std::uint64_t>(span, 1))));
  }

  // Indexes follow the order of creation, as ids do.
  void create(Instant at) {
    lives_.emplace_back();
    happen(lives_.size() - 1, at, false);
  }

  void change(Instant at) {
    if (lives_.empty()) return;
    if (random_.unit() < spec_.bursts) {
      const auto share = 1 + random_.below(3);
      for (std::size_t record = 0; record < lives_.size(); ++record)
        if (random_.below(4) < share) happen(record, at, false);
      return;
    }
    const auto record = random_.below(lives_.size());
    happen(record, at, !lives_[record].is_deleted && random_.unit() < spec_.deletions);
  }

  void happen(std::size_t record, Instant at, bool deletes) {
    auto& life = lives_[record];
    const auto late_max = static_cast<std::uint64_t>(std::max<std::int64_t>(0, spec_.lateness_max.count() - 1000));
    const Duration late(late_max == 0 || random_.below(4) != 0 ? 0
                                                               : static_cast<std::int64_t>(random_.below(late_max)));
    life.visible_at = std::max(at + late, life.visible_at + Duration(1));
    life.is_deleted = deletes;
    changes_.push_back({.visible_at = life.visible_at,
                        .partition = partition_,
                        .record = static_cast<int>(record),
                        .revision = ++life.revision,
                        .dated = round_down(at + spec_.skew, spec_.precision),
                        .deletes = deletes});
  }

  const WorldSpec& spec_;
  int partition_;
  Instant begin_;
  Random random_;
  std::vector<Change>& changes_;
  std::vector<Life> lives_;
};

}  // namespace

void from_json(const nlohmann::json& json, WorldSpec& spec) {
  spec.seed = json.value("seed", spec.seed);
  spec.begin = instant_of(json, "begin");
  spec.end = instant_of(json, "end");
  spec.partitions = json.value("partitions", spec.partitions);
  spec.late_partitions = json.value("late_partitions", spec.late_partitions);
  spec.records = json.value("records", spec.records);
  spec.changes = json.value("changes", spec.changes);
  spec.early = json.value("early", spec.early);
  spec.bursts = json.value("bursts", spec.bursts);
  spec.deletions = json.value("deletions", spec.deletions);
  spec.precision = duration_of(json, "precision", spec.precision);
  spec.lateness_max = duration_of(json, "lateness_max", spec.lateness_max);
  spec.skew = duration_of(json, "skew", spec.skew);
}

World::World(WorldSpec spec) : spec_(spec) {
  Random random(spec_.seed);
  const auto span = static_cast<std::uint64_t>(std::max<std::int64_t>(1, (spec_.end - spec_.begin).count()));
  for (int i = 0; i < spec_.partitions + spec_.late_partitions; ++i) {
    const auto found_at =
        i < spec_.partitions ? spec_.begin : spec_.begin + Duration(static_cast<std::int64_t>(random.below(span)));
    partitions_.push_back({fmt::format("p{}", i), found_at});
    // A partition may have a history from before it was found.
    PartitionMaker(spec_, i, spec_.begin, changes_).make();
  }
  std::ranges::sort(changes_, {}, [](const Change& change) {
    return std::tuple(change.visible_at, change.partition, change.record, change.revision);
  });
}

WorldView::WorldView(const World& world) : world_(&world), now_(world.spec().begin) {
  const auto count = world.partitions().size();
  records_.resize(count);
  changed_at_.resize(count);
  for (std::size_t partition = 0; partition < count; ++partition)
    for (int i = 0; i < world.spec().records; ++i)
      records_[partition].push_back({.key = fmt::format("p{}-r{}", partition, i), .index = i});
  advance_to(now_);
}

void WorldView::advance_to(Instant true_time) {
  now_ = std::max(now_, true_time);
  const auto& changes = world_->changes();
  for (; next_ < changes.size() && changes[next_].visible_at <= now_; ++next_) {
    const auto& change = changes[next_];
    auto& record = records_[static_cast<std::size_t>(change.partition)][static_cast<std::size_t>(change.record)];
    record.revision = change.revision;
    record.updated_at = change.dated;
    record.is_deleted = change.deletes;
    record.visible_at = change.visible_at;
    auto& latest = changed_at_[static_cast<std::size_t>(change.partition)];
    const auto until = change.dated + world_->spec().precision - Duration(1);
    latest = latest ? std::max(*latest, until) : until;
  }
}

std::vector<int> WorldView::partitions() const {
  std::vector<int> found;
  for (std::size_t i = 0; i < world_->partitions().size(); ++i)
    if (world_->partitions()[i].found_at <= now_) found.push_back(static_cast<int>(i));
  return found;
}

std::optional<Instant> WorldView::changed_at(int partition) const {
  return changed_at_[static_cast<std::size_t>(partition)];
}

}  // namespace weir::synthetic
