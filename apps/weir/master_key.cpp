#include "weir/master_key.hpp"

#include <cstdlib>

namespace weir::app {

tenancy::KeyFileSettings key_file_settings(const OpenedDatabase& opened) {
  const char* configured = std::getenv("WEIR_MASTER_KEY_FILE");
  if (configured != nullptr && *configured != '\0') return {.path = configured, .makes_first_key = false};
  if (!opened.embedded) return {};
  return {.path = opened.embedded->home() / "master.key", .makes_first_key = true};
}

}  // namespace weir::app
