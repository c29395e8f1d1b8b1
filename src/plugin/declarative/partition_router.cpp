#include "plugin/declarative/partition_router.hpp"

#include <fmt/format.h>

#include "plugin/declarative/document.hpp"

namespace weir::plugin::declarative {
namespace {

using Listed = std::vector<Partition>;

class Router {
 public:
  Router(const PartitionPlan& plan, Scope scope) : plan_(plan), scope_(scope) {}

  // One candidate; nothing is added when the filter leaves it out.
  Result<> add(nlohmann::json attributes, std::string default_key, std::optional<Instant> read_at) {
    scratch_.reset();
    const auto value = document_.parse(attributes.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    if (!value) return std::unexpected(value.error());
    scope_.set(Root::partition, *value);
    const auto is_wanted = plan_.filter.evaluate(scope_, scratch_);
    if (!is_wanted) return std::unexpected(is_wanted.error());
    if (!plan_.filter.is_absent() && !is_wanted->is_truthy()) return {};
    Partition partition{.key = std::move(default_key), .title = {}, .attributes = std::move(attributes)};
    if (auto done = fill(partition, read_at); !done) return done;
    if (partition.key.empty())
      return fail(ErrorCode::declaration_invalid, fmt::format("{}: a partition has no key", plan_.key.place().at(0)));
    listed_.push_back(std::move(partition));
    return {};
  }

  const PartitionPlan& plan_;
  Scope scope_;
  Listed listed_;
  Scratch scratch_;

 private:
  Result<> fill(Partition& partition, std::optional<Instant> read_at) {
    if (auto done = set_text(partition.key, plan_.key); !done) return done;
    partition.title = partition.key;
    if (auto done = set_text(partition.title, plan_.title); !done) return done;
    const auto changed = plan_.changed_at.evaluate(scope_, scratch_);
    if (!changed) return std::unexpected(changed.error());
    if (const auto at = instant_of(*changed); at && read_at) partition.evidence = SkipEvidence{*at, *read_at};
    for (const auto& [column, value] : plan_.rows_of) {
      std::string text;
      if (auto done = set_text(text, value); !done) return done;
      partition.columns.emplace_back(column, std::move(text));
    }
    return {};
  }

  Result<> set_text(std::string& out, const Template& text) {
    if (text.is_absent()) return {};
    const auto value = text.evaluate(scope_, scratch_);
    if (!value) return std::unexpected(value.error());
    out.clear();
    append_text(out, *value);
    return {};
  }

  Document document_;
};

// The key's columns of the parent, joined.
std::string key_of(const PartitionPlan& plan, const nlohmann::json& row) {
  std::string key;
  for (const auto& column : plan.key_columns) key += (key.empty() ? "" : "/") + row.value(column, std::string());
  return key;
}

}  // namespace

Result<std::vector<Partition>> route_partitions(const PartitionPlan& plan, const ParentRows& parents, Scope scope) {
  Router router(plan, scope);
  Result<> done;
  if (plan.list.is_absent()) {
    for (const auto& row : parents.rows)
      if (done = router.add(row, key_of(plan, row), parents.read_at); !done) return std::unexpected(done.error());
    return std::move(router.listed_);
  }
  Scratch scratch;
  const auto list = plan.list.evaluate(router.scope_, scratch);
  if (!list) return std::unexpected(list.error());
  list->each([&](const Value& item) {
    std::string json, text;
    append_json(json, item);
    append_text(text, item);
    done = router.add({{"value", nlohmann::json::parse(json, nullptr, false)}}, text, std::nullopt);
    return done.has_value();
  });
  if (!done) return std::unexpected(done.error());
  return std::move(router.listed_);
}

}  // namespace weir::plugin::declarative
