// Tokens that are asked for with other credentials: one for all runs of this process that would ask with the same ones,
// asked for once however many of them need it.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/asio.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "base/wakeup.hpp"

namespace weir::plugin::declarative {

struct Minted {
  Secret token;
  std::optional<Instant> expires_at{};  // by our clock
};

// All calls on one executor.
class MintedToken {
 public:
  explicit MintedToken(Executor executor) : changed_(executor) {}

  // The token, after `mint` where there is none or it expires soon: five minutes before, or halfway through a shorter
  // life. Who comes while one is being made waits for it; after an error the next of them tries.
  Task<Result<Secret>> get(Clock& clock, std::function<Task<Result<Minted>>()> mint);
  // The provider refuses it.
  void forget() { minted_.reset(); }
  bool is_of_use(Instant now) const { return is_minting_ || (minted_ && now < renew_at_); }

 private:
  std::optional<Minted> minted_;
  Instant renew_at_{};
  bool is_minting_ = false;
  Wakeup changed_;
};

class MintedTokens {
 public:
  // The same object for the same key as long as it is used, or its token can be. `key` holds no secret in the clear.
  std::shared_ptr<MintedToken> find(const std::string& key, Executor executor, Instant now);
  std::size_t size() const { return tokens_.size(); }

 private:
  std::map<std::string, std::shared_ptr<MintedToken>> tokens_;
};

}  // namespace weir::plugin::declarative
