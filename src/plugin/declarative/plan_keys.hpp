// The keys of the declarative parts of a script file and of provider.yaml.
#pragma once
#include <array>
#include <span>

#include "base/yaml_schema.hpp"

namespace weir::plugin::declarative {

std::span<const YamlKey> http_keys();
std::span<const YamlKey> partition_keys();
std::span<const YamlKey> request_keys();
std::span<const YamlKey> pages_keys();
std::span<const std::string_view> page_styles();
std::span<const YamlKey> rows_keys();
std::span<const YamlKey> error_keys();
std::span<const YamlKey> heads_keys();
std::span<const YamlKey> lookup_keys();
std::span<const YamlKey> lists_keys();

}  // namespace weir::plugin::declarative
