// The master keys the database knows (weir.master_key) against those at hand.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "pg/rows.hpp"
#include "tenancy/key_wrapper.hpp"

namespace weir::tenancy {

struct RegisteredKey {
  std::string id;
  std::string check_value;
  Instant created_at;
  std::optional<Instant> retired_at;
};

// Of sql::list_master_keys.
std::vector<RegisteredKey> read_registered_keys(const pg::Rows& rows);
const RegisteredKey* find_registered(const std::vector<RegisteredKey>& registered, std::string_view id);
// Those that are not retired.
std::ptrdiff_t count_in_use(const std::vector<RegisteredKey>& registered);
// Ids in use that are not at hand.
std::vector<std::string> missing_keys(const std::vector<RegisteredKey>& registered, const std::vector<MasterKey>& keys);

// wrong_key when a key at hand has the id but not the check value of a registered one: a file that only looks right.
Result<> compare_keys(const std::vector<RegisteredKey>& registered, const std::vector<MasterKey>& keys,
                      const std::string& place);
std::unexpected<Error> missing_key_error(const std::vector<std::string>& missing, const std::string& place);
std::unexpected<Error> no_key_error();
std::unexpected<Error> retired_key_error(const std::string& id, const std::string& place);

}  // namespace weir::tenancy
