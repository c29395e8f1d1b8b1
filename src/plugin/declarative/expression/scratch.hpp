// Where evaluations put what they make: a bump arena with a bound, and the budget of steps. One per run of a script;
// reset() before each record forgets everything, keeping the memory.
#pragma once
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <vector>

#include "plugin/declarative/expression/value.hpp"

namespace weir::plugin::declarative {

struct EvaluationLimits {
  std::size_t bytes_max = 8U << 20U;  // of everything made since reset()
  std::int64_t steps_max = 200'000;
};

class Scratch {
 public:
  explicit Scratch(EvaluationLimits limits = {}) : limits_(limits), steps_left_(limits.steps_max) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  void reset();

  // nullptr when the bound is reached.
  char* allocate(std::size_t bytes);
  // Objects without destructor, uninitialised.
  template <class T>
  T* make(std::size_t count) {
    if (count > limits_.bytes_max / sizeof(T)) return nullptr;
    auto* memory = allocate(count * sizeof(T));
    return memory == nullptr ? nullptr : new (memory) T[count]{};
  }
  // For one more of many things of the same kind.
  void refill_steps() { steps_left_ = limits_.steps_max; }
  bool take_steps(std::int64_t count) { return (steps_left_ -= count) >= 0; }

  // A buffer for building text before it is copied in; one user at a time.
  std::string& buffer() {
    buffer_.clear();
    return buffer_;
  }
  const EvaluationLimits& limits() const { return limits_; }

 private:
  EvaluationLimits limits_;
  std::int64_t steps_left_;
  std::vector<std::unique_ptr<char[]>> blocks_;  // large ones; the first is kept over reset()
  char* next_ = nullptr;
  std::size_t left_ = 0;
  std::size_t used_ = 0;
  std::string buffer_;
};

}  // namespace weir::plugin::declarative
