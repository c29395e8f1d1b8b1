// The memory that the bodies of answers take, all of a process together. A large answer is bounded by itself
// (ClientSettings::body_bytes_max); many at once, of services that mean no good, would still be too much.
//
// Most answers are small and need no leave. What is beyond k_body_bytes_free of each is taken from the room, and given
// back when whoever reads the answer lets go of it. Where nothing is left the transfer ends; the others go on, so one
// of them always comes to its end. Any thread.
#pragma once
#include <atomic>
#include <cstddef>
#include <memory>

namespace weir::http {

constexpr std::size_t k_body_bytes_free = 1U << 20U;

class BodyRoom {
 public:
  explicit BodyRoom(std::size_t bytes_max) : left_(bytes_max) {}
  // False: there is not so much left, and nothing was taken.
  bool take(std::size_t bytes);
  void give_back(std::size_t bytes) { left_ += bytes; }
  std::size_t left() const { return left_; }

 private:
  std::atomic<std::size_t> left_;
};

// What one body has of it.
class BodyLease {
 public:
  explicit BodyLease(std::shared_ptr<BodyRoom> room) : room_(std::move(room)) {}
  ~BodyLease() { room_->give_back(taken_); }
  BodyLease(const BodyLease&) = delete;
  BodyLease& operator=(const BodyLease&) = delete;

  // For a body of so many bytes in all.
  bool grow_to(std::size_t bytes);

 private:
  std::shared_ptr<BodyRoom> room_;
  std::size_t taken_ = 0;
};

}  // namespace weir::http
