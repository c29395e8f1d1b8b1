#include <memory>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sodium.h>
#include <nlohmann/json.hpp>

#include "plugin/declarative/credentials.hpp"

namespace weir::plugin::declarative {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Digest = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

std::string base64url(std::string_view bytes) {
  std::string out(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  out.resize(out.size() - 1);
  return out;
}

// A key that came through an environment variable may have its line ends written as \n.
std::string with_line_ends(std::string_view pem) {
  std::string out(pem);
  for (auto at = out.find("\\n"); at != out.npos; at = out.find("\\n", at + 1)) out.replace(at, 2, "\n");
  return out;
}

Key read_key(const Secret& pem) {
  auto text = with_line_ends(pem.reveal());
  const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free);
  Key key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, [](char*, int, int, void*) { return 0; }, nullptr), EVP_PKEY_free);
  sodium_memzero(text.data(), text.size());
  return key;
}

std::string sign(EVP_PKEY* key, const std::string& text) {
  const Digest digest(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  if (EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(digest.get(), nullptr, &size, bytes, text.size()) != 1)
    return {};
  std::string signature(size, '\0');
  if (EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes, text.size()) != 1)
    return {};
  signature.resize(size);
  return signature;
}

}  // namespace

// It begins a minute ago, in case the provider's clock is behind.
Result<Secret> make_app_token(const std::string& app_id, const Secret& private_key, Instant now) {
  const auto key = read_key(private_key);
  if (!key || EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA)
    return fail(ErrorCode::needs_credentials, "the App's private key is not an RSA key in PEM; set it as downloaded");
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  const nlohmann::json claims{{"iat", seconds - 60}, {"exp", seconds + 540}, {"iss", app_id}};
  const auto text = base64url(R"({"alg":"RS256","typ":"JWT"})") + "." + base64url(claims.dump());
  const auto signature = sign(key.get(), text);
  if (signature.empty())
    return fail(ErrorCode::needs_credentials, "the App's private key cannot sign; set it as downloaded");
  return Secret(text + "." + base64url(signature));
}

}  // namespace weir::plugin::declarative
