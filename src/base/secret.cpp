#include "base/secret.hpp"

#include <sodium.h>

namespace weir {
namespace {

void wipe(std::string& value) {
  value.resize(value.capacity());
  sodium_memzero(value.data(), value.size());
  value.clear();
}

}  // namespace

Secret::Secret(std::string value) : value_(value) { wipe(value); }
Secret::Secret(const Secret& other) = default;
// Copied, then wiped: a short string that was moved from keeps its bytes.
// NOLINTNEXTLINE(performance-move-constructor-init)
Secret::Secret(Secret&& other) noexcept : value_(other.value_) { wipe(other.value_); }
Secret& Secret::operator=(Secret other) noexcept {
  value_.swap(other.value_);
  return *this;
}
Secret::~Secret() { wipe(value_); }

}  // namespace weir
