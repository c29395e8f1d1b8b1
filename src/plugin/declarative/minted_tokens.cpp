#include "plugin/declarative/minted_tokens.hpp"

#include <algorithm>

namespace weir::plugin::declarative {
namespace {

constexpr Duration k_renewed_before = std::chrono::minutes(5);

Instant renewal_of(const Minted& minted, Instant now) {
  if (!minted.expires_at) return Instant::max();
  const auto life = *minted.expires_at - now;
  return *minted.expires_at - std::min(k_renewed_before, life / 2);
}

// Whoever waits goes on, however the minting ends.
class Minting {
 public:
  Minting(bool& flag, Wakeup& changed) : flag_(flag), changed_(changed) { flag_ = true; }
  ~Minting() {
    flag_ = false;
    changed_.notify();
  }
  Minting(const Minting&) = delete;
  Minting& operator=(const Minting&) = delete;

 private:
  bool& flag_;
  Wakeup& changed_;
};

}  // namespace

Task<Result<Secret>> MintedToken::get(Clock& clock, std::function<Task<Result<Minted>>()> mint) {
  while (is_minting_) co_await changed_.wait(Deadline::never());
  if (minted_ && clock.now() < renew_at_) co_return minted_->token;
  const Minting minting(is_minting_, changed_);
  auto made = co_await mint();
  if (!made) co_return std::unexpected(made.error());
  minted_ = std::move(*made);
  renew_at_ = renewal_of(*minted_, clock.now());
  co_return minted_->token;
}

std::shared_ptr<MintedToken> MintedTokens::find(const std::string& key, Executor executor, Instant now) {
  std::erase_if(tokens_, [&](const auto& entry) {
    return entry.first != key && entry.second.use_count() == 1 && !entry.second->is_of_use(now);
  });
  auto& token = tokens_[key];
  if (!token) token = std::make_shared<MintedToken>(executor);
  return token;
}

}  // namespace weir::plugin::declarative
