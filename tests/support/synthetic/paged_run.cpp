#include "tests/support/synthetic/paged_run.hpp"

namespace weir::synthetic {

int partition_index(const plugin::Partition& partition) { return partition.attributes.at("index").get<int>(); }

Task<Result<std::vector<plugin::Partition>>> list_partitions(Remote& remote) {
  const auto view = co_await remote.request(-1, nullptr);
  if (!view) co_return std::unexpected(view.error());
  std::vector<plugin::Partition> partitions;
  for (const int index : (*view)->partitions()) {
    plugin::Partition partition;
    partition.key = (*view)->world().partitions()[static_cast<std::size_t>(index)].key;
    partition.title = "Partition " + std::to_string(index);
    partition.attributes = {{"index", index}};
    if (const auto changed = (*view)->changed_at(index))
      partition.evidence = plugin::SkipEvidence{.changed_at = *changed, .read_at = (*view)->provider_now()};
    partition.columns = {{"partition_key", partition.key}};
    partitions.push_back(std::move(partition));
  }
  co_return partitions;
}

Task<Result<plugin::Page>> PagedRun::fetch(plugin::PageQuery query, plugin::PassContext& pass, nlohmann::json) {
  const int partition = partition_index(pass.partition());
  const auto view = co_await remote_.request(partition, &pass);
  if (!view) co_return std::unexpected(view.error());
  auto given = answer(**view, partition, api_, query);
  pass.count_requests({1, 0, static_cast<std::int64_t>(given.records.size()) * 100});
  for (const auto& record : given.records) sink_.write(pass, record);
  co_return std::move(given.page);
}

// Position within a pass: the heads of this pass as they were listed, and how many of the changed ones are done.
Task<Result<>> HeadsRun::run_pass(plugin::PassContext& pass) {
  const int partition = partition_index(pass.partition());
  auto heads = pass.resume().is_object() ? pass.resume().at("heads") : nlohmann::json();
  std::size_t done = pass.resume().is_object() ? pass.resume().at("done").get<std::size_t>() : 0;
  if (heads.is_null()) {
    const auto view = co_await remote_.request(partition, &pass);
    if (!view) co_return std::unexpected(view.error());
    pass.note_provider_time((*view)->provider_now());
    heads = nlohmann::json::object();
    for (const auto& record : (*view)->records(partition))
      if (record.revision > 0 && !record.is_deleted) heads[record.key] = record.revision;
  }
  std::vector<std::string> changed;
  for (const auto& [key, revision] : heads.items())
    if (!pass.state().is_object() || pass.state().value(key, 0) != revision.get<int>()) changed.push_back(key);
  while (done < changed.size()) {
    const auto view = co_await remote_.request(partition, &pass);
    if (!view) co_return std::unexpected(view.error());
    const auto end = std::min(changed.size(), done + heads_per_request_);
    // A head that moved on meanwhile shows its newer revision; the next pass sees it as changed and reads it again.
    for (const auto& record : (*view)->records(partition))
      if (std::find(changed.begin() + static_cast<std::ptrdiff_t>(done),
                    changed.begin() + static_cast<std::ptrdiff_t>(end),
                    record.key) != changed.begin() + static_cast<std::ptrdiff_t>(end) &&
          record.revision > 0 && !record.is_deleted)
        sink_.write(pass, record);
    done = end;
    pass.count_requests({1, 0, 100});
    co_await pass.page_done({{"heads", heads}, {"done", done}});
  }
  pass.set_state(heads);
  co_return Result<>{};
}

}  // namespace weir::synthetic
