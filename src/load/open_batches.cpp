#include "load/open_batches.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace weir::load {

Batch& OpenBatches::open(std::string_view resource, std::string_view partition) {
  if (const auto of_partition = batches_.find(partition); of_partition != batches_.end())
    if (const auto found = of_partition->second.find(resource); found != of_partition->second.end())
      return found->second;
  const auto* declared = catalog_.find(resource);
  if (declared == nullptr)
    throw Failure(
        {ErrorCode::declaration_invalid,
         fmt::format("the resource '{}' is not declared; add plugins/resources/{}.yaml", resource, resource)});
  const std::string name(resource);
  const std::string key(partition);
  auto& store = stores_[name];
  if (!store) store = std::make_shared<RowStore>(*declared);
  return batches_[key].emplace(name, Batch(store, origin_of(key))).first->second;
}

RowStore::Origin OpenBatches::origin_of(const std::string& partition) {
  const auto [found, is_new] = current_.emplace(partition, static_cast<RowStore::Origin>(origins_.size()));
  if (is_new) origins_.push_back({partition, std::nullopt});
  return found->second;
}

void OpenBatches::mark_generation(const std::string& partition, std::optional<std::int64_t> generation) {
  if (origin(origin_of(partition)).generation != generation) {
    current_[partition] = static_cast<RowStore::Origin>(origins_.size());
    origins_.push_back({partition, generation});
  }
  const auto open = batches_.find(partition);
  if (open == batches_.end()) return;
  for (auto& [resource, batch] : open->second) batch.origin_ = current_[partition];
}

std::size_t OpenBatches::rows() const {
  std::size_t total = 0;
  for (const auto& [name, store] : stores_) total += store->rows();
  return total;
}

std::size_t OpenBatches::bytes() const {
  std::size_t total = 0;
  for (const auto& [name, store] : stores_) total += store->bytes();
  return total;
}

bool OpenBatches::is_untouched() const {
  for (const auto& [name, store] : stores_)
    if (!store->is_untouched()) return false;
  return true;
}

bool OpenBatches::has_rows_of(std::string_view partition) const {
  for (const auto& [name, store] : stores_)
    for (std::size_t row = 0; row < store->rows(); ++row)
      if (origin(store->origin(row)).partition == partition) return true;
  return false;
}

std::vector<RowStore> OpenBatches::take() {
  std::vector<RowStore> taken;
  for (auto& [name, store] : stores_)
    if (!store->is_untouched()) taken.push_back(store->take());
  return taken;
}

void OpenBatches::give_back(std::vector<RowStore> used) {
  for (auto& store : used) stores_.at(store.resource().name)->give_back(std::move(store));
}

void OpenBatches::forget(const std::set<std::string>& partitions) {
  for (const auto& partition : partitions) {
    batches_.erase(partition);
    current_.erase(partition);
  }
}

}  // namespace weir::load
