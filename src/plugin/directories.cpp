#include <array>
#include <string_view>

#include "plugin/catalog.hpp"

namespace weir::plugin {
namespace {

namespace fs = std::filesystem;

// From the binary's directory: installed under a prefix, unpacked beside it, or in the build tree
// (build/weir and build/<preset>/apps/weir/weir).
constexpr std::array<std::string_view, 6> k_places{"../share/weir/plugins", "plugins",          "../plugins",
                                                   "../../plugins",         "../../../plugins", "../../../../plugins"};

bool has_plugins(const fs::path& directory) {
  std::error_code error;
  return fs::is_directory(directory / "data-sources", error) || fs::is_directory(directory / "resources", error);
}

}  // namespace

std::vector<fs::path> find_plugin_directories(const fs::path& executable, const std::vector<fs::path>& more) {
  std::vector<fs::path> directories;
  for (const auto place : k_places) {
    const auto candidate = (executable.parent_path() / place).lexically_normal();
    if (!has_plugins(candidate)) continue;
    directories.push_back(candidate);
    break;
  }
  directories.insert(directories.end(), more.begin(), more.end());
  return directories;
}

std::vector<fs::path> find_plugin_directories(const std::vector<fs::path>& more) {
  std::error_code error;
  return find_plugin_directories(fs::read_symlink("/proc/self/exe", error), more);
}

}  // namespace weir::plugin
