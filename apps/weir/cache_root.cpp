#include "weir/cache_root.hpp"

#include "weir/open_database.hpp"

namespace weir::app {

std::filesystem::path cache_root(const Cli& cli) {
  const auto settings = embedded_settings(cli);
  return settings ? settings->home / "cache" : std::filesystem::path();
}

}  // namespace weir::app
