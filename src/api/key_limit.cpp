#include "api/key_limit.hpp"

namespace weir::api {

std::shared_ptr<KeyLimit::Slot> KeyLimit::enter(tenancy::ApiKeyId key) {
  const auto found = counts_->find(key);
  if ((found == counts_->end() ? 0 : found->second) >= per_key_max_) return nullptr;
  return std::make_shared<Slot>(counts_, key);
}

KeyLimit::Slot::Slot(std::shared_ptr<Counts> counts, tenancy::ApiKeyId key) : counts_(std::move(counts)), key_(key) {
  ++(*counts_)[key_];
}

KeyLimit::Slot::~Slot() {
  const auto found = counts_->find(key_);
  if (--found->second == 0) counts_->erase(found);
}

}  // namespace weir::api
