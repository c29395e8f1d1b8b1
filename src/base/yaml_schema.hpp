// What keys a YAML file may have: a table from which files are checked and their documentation is printed.
//
//   constexpr std::array k_keys{YamlKey{.name = "title", .type = YamlType::text, .is_required = true, …}};
//   check_yaml(root, k_keys, file, problems);   // all problems, not only the first
//
// After a check without problems a key's value has the type its rule says, or is absent.
#pragma once
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.hpp"

namespace weir {

enum class YamlType {
  text,      // any scalar; at most `max` bytes
  word,      // one of `choices`
  name,      // [a-z][a-z0-9_]*, at most 60 bytes
  boolean,   // true or false
  integer,   // from `min` to `max`, or one of `choices`
  duration,  // 90s, 15m, 24h, 30d, 1h30m; `min` and `max` in seconds
  names,     // a list of names without repetition; at least `min`, at most `max`
  mapping,   // the keys of `keys`; or, where there are `choices`, one of those words
  entries,   // a mapping whose keys are free and whose values have the keys of `keys`
  mappings,  // a list of mappings with the keys of `keys`; a single one may stand without the list
  texts,     // a mapping whose keys are free and whose values are scalars; at most `max`
  anything,  // checked by whoever reads it
};

struct YamlKey {
  std::string_view name;
  YamlType type = YamlType::text;
  bool is_required = false;
  std::string_view default_text{};  // what an absent key means
  std::string_view meaning{};       // one sentence, for the documentation
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  std::span<const std::string_view> choices{};
  std::span<const YamlKey> keys{};
};

// Adds one problem for each unknown key (with the nearest known one), missing key, wrong type and value out of bounds.
void check_yaml(const YamlNode& node, std::span<const YamlKey> keys, const std::string& file,
                std::vector<FileProblem>& problems);

// The keys as rows of a Markdown table, those of inner mappings as `outer.inner`.
std::string describe_yaml_keys(std::span<const YamlKey> keys);

// Values of a checked mapping; the default (nullopt, empty) when the key is absent.
std::string yaml_text(const YamlNode& mapping, std::string_view key, std::string_view absent = "");
std::optional<std::string> yaml_optional_text(const YamlNode& mapping, std::string_view key);
bool yaml_flag(const YamlNode& mapping, std::string_view key, bool absent);
std::int64_t yaml_integer(const YamlNode& mapping, std::string_view key, std::int64_t absent);
std::chrono::seconds yaml_duration(const YamlNode& mapping, std::string_view key, std::chrono::seconds absent);
std::vector<std::string> yaml_names(const YamlNode& mapping, std::string_view key);

}  // namespace weir
