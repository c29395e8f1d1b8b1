// Where the master keys live: in a file (key_file.hpp), or in a key management service. Master keys never leave it;
// tenants' data keys are wrapped and unwrapped by it.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/asio.hpp"
#include "base/error.hpp"
#include "tenancy/seal.hpp"

namespace weir::tenancy {

struct MasterKey {
  std::string id;
  std::string check_value;  // kept in the database: proves that a key of this id is the right one
};

struct WrappedKey {
  std::string master_key_id;
  std::string bytes;
};

// Errors: configuration when the place cannot be used as it is, wrong_key when it has no key of the id that is needed,
// needs_credentials when wrapped bytes are no data key of that place.
class KeyWrapper {
 public:
  virtual ~KeyWrapper() = default;

  // For messages: "the key file /var/lib/weir/master.key".
  virtual std::string describe() const = 0;
  // The keys at hand as of now, the active one first; empty when none was ever made.
  virtual Task<Result<std::vector<MasterKey>>> keys() = 0;
  // With the active key, which may have changed since the last call.
  virtual Task<Result<WrappedKey>> wrap(DataKeyPlace place, std::shared_ptr<const Key> data_key) = 0;
  virtual Task<Result<Key>> unwrap(DataKeyPlace place, WrappedKey wrapped) = 0;
  // Whether the very first key may be made by itself; otherwise the operator makes it.
  virtual bool makes_first_key() const = 0;
  // Makes a new key the active one and keeps the others for opening. When `expected_active` (empty: none) is not the
  // active one any more, somebody else was faster: nothing is made.
  virtual Task<Result<>> add_key(std::string expected_active) = 0;
};

}  // namespace weir::tenancy
