// A key of 32 bytes in memory that is locked, guarded, left out of crash dumps, and wiped when it dies.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/secret.hpp"

namespace weir::tenancy {

class Key {
 public:
  static constexpr std::size_t k_bytes = 32;

  static Key generate();
  // Of base64 (RFC 4648, with padding); nullopt when it is not exactly one key.
  static std::optional<Key> from_base64(std::string_view text);
  // Of the bytes that `write` puts into its argument; nullopt when that returns false.
  template <class Write>
  static std::optional<Key> opened(Write write) {
    Key key;
    if (!write(key.bytes_.get())) return std::nullopt;
    return key;
  }
  // A key for another purpose, from which this one cannot be found.
  Key derive(std::uint64_t purpose) const;
  Secret to_base64() const;

  const unsigned char* data() const { return bytes_.get(); }  // k_bytes of them

 private:
  Key();
  struct Free {
    void operator()(unsigned char* bytes) const;
  };
  std::unique_ptr<unsigned char, Free> bytes_;
};

}  // namespace weir::tenancy
