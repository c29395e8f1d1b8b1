// Master keys in a file that only its owner can read. Changes are seen without a restart; they are written beside the
// file and moved into place, so that a crash leaves the old or the new one whole. Two processes that add a key wait for
// each other.
#pragma once
#include <filesystem>
#include <optional>

#include "base/blocking.hpp"
#include "tenancy/key_ring.hpp"
#include "tenancy/key_wrapper.hpp"

namespace weir::tenancy {

struct KeyFileSettings {
  std::filesystem::path path;    // empty: none was configured
  bool makes_first_key = false;  // for the embedded database, whose key lies beside it
};

class KeyFile : public KeyWrapper {
 public:
  KeyFile(BlockingPool& blocking, KeyFileSettings settings);

  std::string describe() const override;
  Task<Result<std::vector<MasterKey>>> keys() override;
  Task<Result<WrappedKey>> wrap(DataKeyPlace place, std::shared_ptr<const Key> data_key) override;
  Task<Result<Key>> unwrap(DataKeyPlace place, WrappedKey wrapped) override;
  bool makes_first_key() const override { return settings_.makes_first_key; }
  Task<Result<>> add_key(std::string expected_active) override;

 private:
  Task<Result<std::shared_ptr<const KeyRing>>> read();

  BlockingPool& blocking_;
  KeyFileSettings settings_;
  std::shared_ptr<const KeyRing> ring_;  // as last read
};

// The file's keys, blocking. A missing file is an empty ring; one that others can read, or that is no key file, is a
// configuration error.
Result<KeyRing> read_key_file(const std::filesystem::path& path);
// Adds a key as KeyWrapper::add_key does, blocking; makes the file (mode 0600) when there is none.
Result<> add_key_to_file(const std::filesystem::path& path, const std::string& expected_active);

}  // namespace weir::tenancy
