// Strict reading of small YAML files that people write (plugins, resources): one document of mappings, lists and
// scalars. Anchors, aliases, tags, repeated keys, deep nesting and large files are refused, so that a file costs no
// more than its size; every node knows its line and column.
#pragma once
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace weir {

// What is wrong with a file, where, and what to do.
struct FileProblem {
  std::string file;
  int line = 0;  // from 1; 0: the file as a whole
  int column = 0;
  std::string message;
  std::string remedy{};

  std::string to_string() const;  // file:line:column: message; remedy
  Error to_error() const;         // declaration_invalid
};

struct YamlEntry;

struct YamlNode {
  enum class Kind { null, scalar, list, mapping };
  Kind kind = Kind::null;
  std::string text{};     // of a scalar
  bool is_plain = false;  // the scalar was written without quotes: it may be a number or a boolean
  int line = 1;
  int column = 1;
  std::vector<YamlNode> items;     // of a list
  std::vector<YamlEntry> entries;  // of a mapping, in the file's order

  // The value of a key of a mapping; nullptr when there is none. Valid while this node lives.
  const YamlNode* find(std::string_view key) const;
};

struct YamlEntry {
  YamlNode key;  // always a scalar
  YamlNode value;
};

struct YamlLimits {
  std::size_t bytes_max = 256U << 10U;
  std::size_t nodes_max = 10'000;
  std::size_t depth_max = 20;
};

// `file` is only for the problem's place. An empty document is a null node.
std::expected<YamlNode, FileProblem> parse_yaml(std::string_view text, const std::string& file, YamlLimits limits = {});
std::expected<YamlNode, FileProblem> read_yaml_file(const std::filesystem::path& path, YamlLimits limits = {});

// The file's bytes; a problem when it cannot be read or has more than limits.bytes_max.
std::expected<std::string, FileProblem> read_yaml_text(const std::filesystem::path& path, YamlLimits limits = {});

// At most 60 bytes of foreign text, for a message.
std::string excerpt(std::string_view text);

}  // namespace weir
