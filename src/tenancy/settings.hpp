// A data source's settings against what its provider declares: pure. Values are plain text of at most 64 KiB; a secret
// is any bytes of at most 64 KiB. No message ever shows a value.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "tenancy/config_key.hpp"

namespace weir::tenancy {

// What somebody asks to change.
struct SettingChanges {
  std::map<std::string, std::string> values;
  std::map<std::string, Secret> secrets;
  std::set<std::string> unset;

  bool empty() const { return values.empty() && secrets.empty() && unset.empty(); }
};

// What is stored now: plain values, and the names of the secrets.
struct StoredSettings {
  std::map<std::string, std::string> values;
  std::set<std::string> secrets;
  bool is_imported = false;  // the first import has begun: identity settings are fixed
};

struct SettingsSubject {
  std::string provider;
  std::string data_source;
};

// Every problem in one error (invalid_input), one a line, each with its remedy: unknown keys, secrets given as plain
// settings and the reverse, passwords inside URLs, values that do not match, required keys that would be missing,
// identity settings that would change after the first import (conflict).
Result<> check_changes(const SettingsSubject& subject, std::span<const ConfigKey> declared,
                       const StoredSettings& stored, const SettingChanges& changes);

// The required keys that have neither a value nor a default.
std::vector<std::string> missing_keys(std::span<const ConfigKey> declared, const StoredSettings& stored);

// Data source names: [a-z0-9-]{1,40}.
Result<> check_data_source_name(std::string_view name);

const ConfigKey* find_key(std::span<const ConfigKey> declared, std::string_view name);

}  // namespace weir::tenancy
