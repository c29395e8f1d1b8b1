#include "tenancy/sealed_secret.hpp"

#include <fmt/format.h>

namespace weir::tenancy {

std::vector<SealedSecret> read_sealed_secrets(const pg::Rows& rows) {
  std::vector<SealedSecret> secrets;
  for (const auto row : rows) {
    std::optional<WrappedKey> wrapped;
    if (!row.is_null("wrapped"))
      wrapped = WrappedKey{row.get<std::string>("master_key_id"), row.get<pg::Bytes>("wrapped").value};
    secrets.push_back({row.get<std::string>("data_source"), row.get<std::string>("key"),
                       row.get<pg::Bytes>("ciphertext").value, row.get<Uuid>("data_key_id"), std::move(wrapped)});
  }
  return secrets;
}

Task<Result<Secret>> SecretOpener::open(SealedSecret sealed) {
  if (!keys_.contains(sealed.data_key_id)) {
    if (!sealed.wrapped)
      co_return fail(ErrorCode::needs_credentials,
                     fmt::format("the key that sealed {} of data source {} is gone; enter it again", sealed.key,
                                 sealed.data_source));
    const auto key = co_await vault_.open(tenant_, {sealed.data_key_id, *sealed.wrapped});
    if (!key) co_return std::unexpected(key.error());
    keys_.emplace(sealed.data_key_id, *key);
  }
  const SecretPlace place{tenant_, sealed.data_source, sealed.key, sealed.data_key_id};
  co_return open_secret(*keys_.at(sealed.data_key_id).key, place, sealed.ciphertext);
}

}  // namespace weir::tenancy
