#include "tenancy/seal.hpp"

#include <optional>
#include <vector>

#include <fmt/format.h>
#include <sodium.h>

namespace weir::tenancy {
namespace {

// What a master key is used for; each purpose has a key of its own.
constexpr std::uint64_t k_purpose_wrap = 1, k_purpose_check = 2;

constexpr char k_format = 1;  // the first byte of everything sealed: format, nonce, ciphertext with tag
constexpr std::size_t k_nonce_bytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t k_tag_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t k_head_bytes = 1 + k_nonce_bytes;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// Each part with its length before it, so that no two places have the same bytes.
std::string associated_data(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const auto part : parts) {
    const auto size = static_cast<std::uint32_t>(part.size());
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>((size >> shift) & 0xffU);
    out += part;
  }
  return out;
}

std::string_view raw(const Uuid& id) { return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()}; }

std::string associated_data(const SecretPlace& place) {
  return associated_data(
      {"weir.secret", raw(place.tenant.value()), place.data_source, place.key, raw(place.data_key_id)});
}

std::string associated_data(std::string_view master_key_id, const DataKeyPlace& place) {
  return associated_data({"weir.data_key", raw(place.tenant.value()), raw(place.data_key_id), master_key_id});
}

std::string seal(const Key& key, std::string_view place, std::string_view plain) {
  std::string sealed(k_head_bytes + plain.size() + k_tag_bytes, '\0');
  sealed[0] = k_format;
  auto* nonce = bytes_of(sealed) + 1;
  randombytes_buf(nonce, k_nonce_bytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(bytes_of(sealed) + k_head_bytes, nullptr, bytes_of(plain), plain.size(),
                                             bytes_of(place), place.size(), nullptr, nonce, key.data());
  return sealed;
}

// `plain` has room for plain_size(sealed) bytes.
bool open(const Key& key, std::string_view place, std::string_view sealed, unsigned char* plain) {
  const auto* nonce = bytes_of(sealed) + 1;
  return crypto_aead_xchacha20poly1305_ietf_decrypt(plain, nullptr, nullptr, bytes_of(sealed) + k_head_bytes,
                                                    sealed.size() - k_head_bytes, bytes_of(place), place.size(), nonce,
                                                    key.data()) == 0;
}

std::optional<std::size_t> plain_size(std::string_view sealed) {
  if (sealed.size() < k_head_bytes + k_tag_bytes || sealed[0] != k_format) return std::nullopt;
  return sealed.size() - k_head_bytes - k_tag_bytes;
}

}  // namespace

std::string seal_secret(const Key& data_key, const SecretPlace& place, const Secret& secret) {
  return seal(data_key, associated_data(place), secret.reveal());
}

Result<Secret> open_secret(const Key& data_key, const SecretPlace& place, std::string_view sealed) {
  if (const auto size = plain_size(sealed)) {
    std::string plain(*size, '\0');
    if (open(data_key, associated_data(place), sealed, bytes_of(plain))) return Secret(std::move(plain));
  }
  return fail(ErrorCode::needs_credentials,
              fmt::format("the stored {} of data source {} cannot be opened: it is damaged or was not sealed for this "
                          "place; enter it again",
                          place.key, place.data_source));
}

std::string wrap_data_key(const Key& master_key, std::string_view master_key_id, const DataKeyPlace& place,
                          const Key& data_key) {
  return seal(master_key.derive(k_purpose_wrap), associated_data(master_key_id, place),
              {reinterpret_cast<const char*>(data_key.data()), Key::k_bytes});
}

Result<Key> unwrap_data_key(const Key& master_key, std::string_view master_key_id, const DataKeyPlace& place,
                            std::string_view wrapped) {
  if (plain_size(wrapped) == Key::k_bytes) {
    auto opened = Key::opened([&](unsigned char* plain) {
      return open(master_key.derive(k_purpose_wrap), associated_data(master_key_id, place), wrapped, plain);
    });
    if (opened) return std::move(*opened);
  }
  return fail(ErrorCode::needs_credentials,
              fmt::format("data key {} of tenant {} cannot be opened with master key {}: it is damaged or was not "
                          "wrapped for this tenant; enter the tenant's secrets again",
                          place.data_key_id.to_string(), to_string(place.tenant), master_key_id));
}

std::string master_key_check(const Key& master_key, std::string_view master_key_id) {
  const auto key = master_key.derive(k_purpose_check);
  std::string check(crypto_generichash_BYTES, '\0');
  crypto_generichash(bytes_of(check), check.size(), bytes_of(master_key_id), master_key_id.size(), key.data(),
                     Key::k_bytes);
  return check;
}

}  // namespace weir::tenancy
