#include "tenancy/key.hpp"

#include <new>
#include <stdexcept>

#include <sodium.h>

namespace weir::tenancy {
namespace {

constexpr char k_kdf_context[crypto_kdf_CONTEXTBYTES + 1] = "weirkeys";
constexpr std::size_t k_base64_bytes = sodium_base64_ENCODED_LEN(Key::k_bytes, sodium_base64_VARIANT_ORIGINAL);

unsigned char* allocate() {
  static const bool is_ready = sodium_init() >= 0;
  if (!is_ready) throw std::runtime_error("libsodium could not be initialised");
  auto* bytes = static_cast<unsigned char*>(sodium_malloc(Key::k_bytes));
  if (bytes == nullptr) throw std::bad_alloc();
  return bytes;
}

}  // namespace

static_assert(Key::k_bytes == crypto_kdf_KEYBYTES);

void Key::Free::operator()(unsigned char* bytes) const { sodium_free(bytes); }

Key::Key() : bytes_(allocate()) {}

Key Key::generate() {
  Key key;
  randombytes_buf(key.bytes_.get(), k_bytes);
  return key;
}

std::optional<Key> Key::from_base64(std::string_view text) {
  Key key;
  std::size_t length = 0;
  const int failed = sodium_base642bin(key.bytes_.get(), k_bytes, text.data(), text.size(), nullptr, &length, nullptr,
                                       sodium_base64_VARIANT_ORIGINAL);
  if (failed != 0 || length != k_bytes) return std::nullopt;
  return key;
}

Key Key::derive(std::uint64_t purpose) const {
  Key key;
  crypto_kdf_derive_from_key(key.bytes_.get(), k_bytes, purpose, k_kdf_context, bytes_.get());
  return key;
}

Secret Key::to_base64() const {
  std::string text(k_base64_bytes, '\0');
  sodium_bin2base64(text.data(), text.size(), bytes_.get(), k_bytes, sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();
  return Secret(std::move(text));
}

}  // namespace weir::tenancy
