#include "plugin/declarative/expression/scratch.hpp"

#include <algorithm>

namespace weir::plugin::declarative {
namespace {

constexpr std::size_t k_block_bytes = 16U << 10U;
constexpr std::size_t k_alignment = alignof(std::max_align_t);

}  // namespace

void Scratch::reset() {
  steps_left_ = limits_.steps_max;
  used_ = 0;
  if (blocks_.empty()) return;
  blocks_.resize(1);
  next_ = blocks_.front().get();
  left_ = k_block_bytes;
}

char* Scratch::allocate(std::size_t bytes) {
  bytes = (bytes + k_alignment - 1) / k_alignment * k_alignment;
  if (bytes > limits_.bytes_max - std::min(used_, limits_.bytes_max)) return nullptr;
  used_ += bytes;
  if (bytes > left_ || next_ == nullptr) {
    const bool is_first = blocks_.empty();
    const auto size = is_first && bytes <= k_block_bytes ? k_block_bytes : std::max(bytes, k_block_bytes);
    if (is_first && size != k_block_bytes) blocks_.push_back(std::make_unique_for_overwrite<char[]>(k_block_bytes));
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(size));
    next_ = blocks_.back().get();
    left_ = size;
  }
  auto* memory = next_;
  next_ += bytes;
  left_ -= bytes;
  return memory;
}

}  // namespace weir::plugin::declarative
