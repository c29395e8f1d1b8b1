#include "plugin/builtin/git/pack/delta_resolver.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "plugin/builtin/git/pack/delta.hpp"
#include "plugin/builtin/git/pack/object_hash.hpp"
#include "plugin/builtin/git/pack/pack_parser.hpp"

namespace weir::plugin::git {
namespace {

constexpr int k_depth_max = 4095;  // git makes no longer chains

std::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorCode::provider_failed, fmt::format("the server's pack is damaged: {}", what));
}

bool names_base_by_id(const PackedObject& object) { return object.is_delta && object.base == 0; }

}  // namespace

Result<> DeltaResolver::resolve() {
  if (std::ranges::any_of(objects_.all(), names_base_by_id)) {
    auto memory = FileMemory::make(directory_);
    if (!memory) return std::unexpected(memory.error());
    auto table = IdTable::make(objects_, std::move(*memory));
    if (!table) return std::unexpected(table.error());
    ids_.emplace(std::move(*table));
    for (Index i = 0; i < objects_.size(); ++i)
      if (objects_[i].is_resolved()) ids_->add(i);
  }
  for (auto left = objects_.size() + 1; left > 0;) {
    const auto now_left = sweep();
    if (!now_left) return std::unexpected(now_left.error());
    if (*now_left == left) return damaged(fmt::format("{} of its objects change others that it lacks", left));
    left = *now_left;
  }
  return {};
}

Result<std::size_t> DeltaResolver::sweep() {
  std::size_t left = 0;
  for (Index i = 0; i < objects_.size(); ++i) {
    if (objects_[i].is_resolved()) continue;
    if (stop_.is_requested()) return cancelled();
    if (const auto base = base_of(objects_[i]); !base) {
      ++left;
    } else if (auto resolved = resolve_one(i, *base); !resolved) {
      return std::unexpected(resolved.error());
    }
  }
  return left;
}

// Only one that is resolved, so that there are no circles.
std::optional<DeltaResolver::Index> DeltaResolver::base_of(const PackedObject& object) {
  if (names_base_by_id(object)) return ids_->find(object.id);
  const auto index = index_at(object.base);
  if (index == objects_.size() || !objects_[index].is_resolved()) return std::nullopt;
  return index;
}

DeltaResolver::Index DeltaResolver::index_at(std::uint64_t offset) {
  const auto all = objects_.all();
  const auto found = std::ranges::lower_bound(all, offset, {}, &PackedObject::offset);
  const bool is_there = found != all.end() && found->offset == offset;
  return static_cast<Index>(is_there ? found - all.begin() : static_cast<std::ptrdiff_t>(all.size()));
}

Result<> DeltaResolver::resolve_one(Index index, Index base) {
  auto& object = objects_[index];
  if (objects_[base].depth >= k_depth_max) return damaged("a chain of deltas is too long");
  object.depth = static_cast<std::uint16_t>(objects_[base].depth + 1);
  object.base = objects_[base].offset;
  const auto content = unpack(index);
  if (!content) return std::unexpected(content.error());
  object.kind = objects_[base].kind;
  object.id = object_hash(object.kind, (*content)->view());
  if (ids_) ids_->add(index);
  return {};
}

Result<SharedContent> DeltaResolver::unpack(Index index) {
  std::vector<Index> deltas;  // from the object down to what is whole or known
  SharedContent content;
  for (;; index = index_at(objects_[index].base)) {
    content = cache_.find(objects_[index].offset);
    if (content != nullptr) break;
    if (!objects_[index].is_delta) {
      auto whole = inflate(objects_[index]);
      if (!whole) return std::unexpected(whole.error());
      content = std::make_shared<const ObjectContent>(std::move(*whole));
      cache_.add(objects_[index].offset, content);
      break;
    }
    deltas.push_back(index);
  }
  for (; !deltas.empty(); deltas.pop_back()) {
    auto changed = change(content, objects_[deltas.back()]);
    if (!changed) return changed;
    content = std::move(*changed);
    cache_.add(objects_[deltas.back()].offset, content);
  }
  return content;
}

Result<ObjectContent> DeltaResolver::inflate(const PackedObject& object) {
  auto content = ObjectContent::make(object.bytes, directory_);
  if (!content) return content;
  auto input = pack_.substr(object.offset + object.head_bytes);
  auto output = content->bytes();
  inflater_.restart();
  while (!output.empty()) {
    const auto step = inflater_.step(input, output.data(), output.size());
    if (!step) return std::unexpected(step.error());
    if (step->produced == 0) return damaged("an object has changed since it came");
    input.remove_prefix(step->consumed);
    output = output.subspan(step->produced);
  }
  return content;
}

Result<SharedContent> DeltaResolver::change(const SharedContent& base, const PackedObject& delta) {
  const auto instructions = inflate(delta);
  if (!instructions) return std::unexpected(instructions.error());
  const auto sizes = read_delta_sizes(instructions->view());
  if (!sizes || sizes->result > k_object_bytes_max) return damaged("a delta is none");
  auto result = ObjectContent::make(sizes->result, directory_);
  if (!result) return std::unexpected(result.error());
  if (!apply_delta(base->view(), instructions->view(), result->bytes()))
    return damaged("a delta does not fit its base");
  return std::make_shared<const ObjectContent>(std::move(*result));
}

}  // namespace weir::plugin::git
