#include "tenancy/registered_key.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weir::tenancy {

std::vector<RegisteredKey> read_registered_keys(const pg::Rows& rows) {
  std::vector<RegisteredKey> keys;
  for (const auto row : rows)
    keys.push_back({row.get<std::string>("id"), row.get<pg::Bytes>("check_value").value, row.get<Instant>("created_at"),
                    row.get<std::optional<Instant>>("retired_at")});
  return keys;
}

const RegisteredKey* find_registered(const std::vector<RegisteredKey>& registered, std::string_view id) {
  const auto found = std::ranges::find(registered, id, &RegisteredKey::id);
  return found == registered.end() ? nullptr : &*found;
}

std::ptrdiff_t count_in_use(const std::vector<RegisteredKey>& registered) {
  return std::ranges::count_if(registered, [](const RegisteredKey& key) { return !key.retired_at; });
}

std::vector<std::string> missing_keys(const std::vector<RegisteredKey>& registered,
                                      const std::vector<MasterKey>& keys) {
  std::vector<std::string> missing;
  for (const auto& key : registered)
    if (!key.retired_at && std::ranges::find(keys, key.id, &MasterKey::id) == keys.end()) missing.push_back(key.id);
  return missing;
}

Result<> compare_keys(const std::vector<RegisteredKey>& registered, const std::vector<MasterKey>& keys,
                      const std::string& place) {
  for (const auto& key : keys) {
    const auto* known = find_registered(registered, key.id);
    if (known == nullptr || known->check_value == key.check_value) continue;
    return fail(ErrorCode::wrong_key,
                fmt::format("key {} in {} is not the one this database was sealed with: put the right file back",
                            key.id, place));
  }
  return {};
}

std::unexpected<Error> missing_key_error(const std::vector<std::string>& missing, const std::string& place) {
  return fail(ErrorCode::wrong_key,
              fmt::format("this database is sealed with master key {}, which is not in {}: put it back; or, when it is "
                          "lost for good, begin anew with `weir secrets init --replace-lost` and enter the secrets "
                          "again",
                          fmt::join(missing, ", "), place));
}

std::unexpected<Error> no_key_error() {
  return fail(ErrorCode::configuration,
              "there is no master key to seal secrets with: set WEIR_MASTER_KEY_FILE to where it shall be and run "
              "`weir secrets init`; every Weir process needs the same file");
}

std::unexpected<Error> retired_key_error(const std::string& id, const std::string& place) {
  return fail(ErrorCode::wrong_key,
              fmt::format("{} begins with key {}, which was replaced: put the current file back", place, id));
}

}  // namespace weir::tenancy
