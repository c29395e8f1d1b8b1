#include "http/rate_identity.hpp"

#include <sodium.h>

#include <array>
#include <stdexcept>

namespace weir::http {
namespace {

// Each part with its end marked, so that no two identities have the same bytes.
class Hash {
 public:
  explicit Hash(const Secret& key) {
    const auto bytes = key.reveal();
    if (crypto_generichash_init(&state_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                                digest_.size()) != 0)
      throw std::runtime_error("the key of rate identities is not one");
  }
  Hash& add(std::string_view part) {
    const auto size = static_cast<std::uint64_t>(part.size());
    crypto_generichash_update(&state_, reinterpret_cast<const unsigned char*>(&size), sizeof size);
    crypto_generichash_update(&state_, reinterpret_cast<const unsigned char*>(part.data()), part.size());
    return *this;
  }
  std::string hex() {
    crypto_generichash_final(&state_, digest_.data(), digest_.size());
    std::string text(2 * digest_.size() + 1, '\0');
    sodium_bin2hex(text.data(), text.size(), digest_.data(), digest_.size());
    text.pop_back();
    return text;
  }

 private:
  crypto_generichash_state state_{};
  std::array<unsigned char, 32> digest_{};
};

}  // namespace

std::string rate_identity_of_account(const Secret& key, const Origin& origin, std::string_view account) {
  return Hash(key).add("account").add(origin.to_string()).add(account).hex();
}

std::string rate_identity_of_token(const Secret& key, const Origin& origin, const Secret& token) {
  return Hash(key).add("token").add(origin.to_string()).add(token.reveal()).hex();
}

std::string rate_identity_anonymous(const Secret& key, const Origin& origin) {
  return Hash(key).add("anonymous").add(origin.to_string()).hex();
}

}  // namespace weir::http
