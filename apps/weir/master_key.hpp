// Where this command finds the master keys: WEIR_MASTER_KEY_FILE, or beside the private database.
#pragma once
#include "tenancy/key_file.hpp"
#include "weir/open_database.hpp"

namespace weir::app {

tenancy::KeyFileSettings key_file_settings(const OpenedDatabase& opened);

}  // namespace weir::app
