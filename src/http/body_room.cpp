#include "http/body_room.hpp"

namespace weir::http {

bool BodyRoom::take(std::size_t bytes) {
  auto left = left_.load();
  while (left >= bytes)
    if (left_.compare_exchange_weak(left, left - bytes)) return true;
  return false;
}

bool BodyLease::grow_to(std::size_t bytes) {
  if (bytes <= k_body_bytes_free + taken_) return true;
  const auto more = bytes - k_body_bytes_free - taken_;
  if (!room_->take(more)) return false;
  taken_ += more;
  return true;
}

}  // namespace weir::http
