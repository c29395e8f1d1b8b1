// Whether work on a thread shall end: the run's flag, or the end of whoever owns the thread.
#pragma once
#include <atomic>
#include <stop_token>
#include <utility>

#include "base/error.hpp"

namespace weir::plugin::git {

class Stop {
 public:
  Stop() = default;  // never
  explicit Stop(const std::atomic<bool>& flag) : flag_(&flag) {}
  explicit Stop(std::stop_token token) : token_(std::move(token)) {}

  bool is_requested() const {
    return token_.stop_requested() || (flag_ != nullptr && flag_->load(std::memory_order_relaxed));
  }

 private:
  const std::atomic<bool>* flag_ = nullptr;
  std::stop_token token_;
};

inline std::unexpected<Error> cancelled() { return fail(ErrorCode::cancelled, "cancelled"); }

}  // namespace weir::plugin::git
