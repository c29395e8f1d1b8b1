#include "provider-sim/limits/app_auth.hpp"

#include <memory>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <nlohmann/json.hpp>

#include "provider-sim/rest/node_id.hpp"

namespace weir::sim {
namespace {

constexpr std::int64_t k_life_max = 600;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Key read_key(const std::string& pem) {
  const auto read = [&pem](auto function) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                        BIO_free);
    return function(bio.get(), nullptr, nullptr, nullptr);
  };
  if (EVP_PKEY* key = read(PEM_read_bio_PUBKEY)) return {key, EVP_PKEY_free};
  return {read(PEM_read_bio_PrivateKey), EVP_PKEY_free};
}

bool is_signed(std::string_view message, std::string_view signature, const std::string& pem) {
  const Key key = read_key(pem);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  if (!key || EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1) return false;
  const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
  const auto* mark = reinterpret_cast<const unsigned char*>(signature.data());
  return EVP_DigestVerify(context.get(), mark, signature.size(), bytes, message.size()) == 1;
}

std::unexpected<Error> refused(std::string message) { return fail(ErrorCode::needs_credentials, std::move(message)); }

nlohmann::json decode_part(std::string_view part) {
  const auto text = parse_base64url(part);
  return text ? nlohmann::json::parse(*text, nullptr, false) : nlohmann::json(nlohmann::json::value_t::discarded);
}

}  // namespace

Result<void> verify_app_token(std::string_view jwt, const AppSettings& app, Time now) {
  const auto undecoded = [] { return refused("A JSON web token could not be decoded"); };
  const auto first = jwt.find('.');
  const auto second = jwt.find('.', first == std::string_view::npos ? 0 : first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return undecoded();
  const auto header = decode_part(jwt.substr(0, first));
  const auto claims = decode_part(jwt.substr(first + 1, second - first - 1));
  const auto signature = parse_base64url(jwt.substr(second + 1));
  if (!header.is_object() || !claims.is_object() || !signature || header.value("alg", "") != "RS256")
    return undecoded();
  if (app.public_key.empty() || !is_signed(jwt.substr(0, second), *signature, app.public_key)) return undecoded();
  const auto issuer = claims.contains("iss")
                          ? (claims["iss"].is_string() ? claims["iss"].get<std::string>() : claims["iss"].dump())
                          : "";
  if (issuer != app.id) return refused("'Issuer' claim ('iss') must be the id of the App");
  const auto seconds = now.time_since_epoch().count();
  const auto issued =
      claims.contains("iat") && claims["iat"].is_number_integer() ? claims["iat"].get<std::int64_t>() : seconds + 1;
  if (issued > seconds)
    return refused("'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued");
  const auto expires =
      claims.contains("exp") && claims["exp"].is_number_integer() ? claims["exp"].get<std::int64_t>() : 0;
  if (expires <= seconds)
    return refused(
        "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the "
        "assertion expires");
  if (expires > seconds + k_life_max) return refused("'Expiration time' claim ('exp') is too far in the future");
  return {};
}

}  // namespace weir::sim
