// The text of a key file: one master key a line, its id and 32 bytes in base64, the active one first. Empty lines and
// lines that begin with # are kept as they are.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "tenancy/key.hpp"

namespace weir::tenancy {

class KeyRing {
 public:
  struct Entry {
    std::string id;
    Key key;
  };

  KeyRing() = default;
  // Errors name `source` and the line, never what stands there.
  static Result<KeyRing> parse(const Secret& text, std::string_view source);
  // `text` with one more key, before all others; the text of a new file when `text` is empty.
  static Secret with_active(const Secret& text, std::string_view id, const Key& key);
  static std::string make_id();  // 16 hexadecimal digits, at random

  const std::vector<Entry>& entries() const { return entries_; }
  const Key* find(std::string_view id) const;
  std::string active_id() const { return entries_.empty() ? "" : entries_.front().id; }

 private:
  std::vector<Entry> entries_;
};

}  // namespace weir::tenancy
