// Types that must not be mixed up. StrongId<Tag, T> compares, hashes and prints like its T, and converts to nothing.
#pragma once
#include <compare>
#include <functional>
#include <string>
#include <utility>

#include "base/uuid.hpp"

namespace weir {

template <class Tag, class T>
class StrongId {
 public:
  using value_type = T;
  StrongId() = default;
  explicit StrongId(T value) : value_(std::move(value)) {}
  const T& value() const { return value_; }
  auto operator<=>(const StrongId&) const = default;

 private:
  T value_{};
};

using TenantId = StrongId<struct TenantTag, Uuid>;
using RunId = StrongId<struct RunTag, Uuid>;
using PipelineRunId = StrongId<struct PipelineRunTag, Uuid>;
using NodeId = StrongId<struct NodeTag, Uuid>;
using Epoch = StrongId<struct EpochTag, std::int64_t>;  // one life of a node; from a sequence, never reused
using Fence = StrongId<struct FenceTag, std::int64_t>;  // the right to write for a run; from a sequence, never reused

template <class Tag>
std::string to_string(const StrongId<Tag, Uuid>& id) {
  return id.value().to_string();
}

}  // namespace weir

template <class Tag, class T>
struct std::hash<weir::StrongId<Tag, T>> {
  std::size_t operator()(const weir::StrongId<Tag, T>& id) const noexcept { return std::hash<T>{}(id.value()); }
};
