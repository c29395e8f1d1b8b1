// How much one API key may have at work at once, so that nobody takes a process away from all others.
#pragma once
#include <map>
#include <memory>

#include "tenancy/api_key.hpp"

namespace weir::api {

class KeyLimit {
 public:
  explicit KeyLimit(std::size_t per_key_max) : per_key_max_(per_key_max) {}

  // Counts for the key as long as it lives; it may outlive the limit.
  class Slot;
  // Null: the key has as many as it may.
  std::shared_ptr<Slot> enter(tenancy::ApiKeyId key);

 private:
  using Counts = std::map<tenancy::ApiKeyId, std::size_t>;  // of keys with at least one
  std::size_t per_key_max_;
  std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
};

class KeyLimit::Slot {
 public:
  Slot(std::shared_ptr<Counts> counts, tenancy::ApiKeyId key);
  ~Slot();
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

 private:
  std::shared_ptr<Counts> counts_;
  tenancy::ApiKeyId key_;
};

}  // namespace weir::api
