// How the private PostgreSQL of a Weir home is kept.
#pragma once
#include <chrono>
#include <filesystem>
#include <string>

#include "base/error.hpp"

namespace weir::pg {

// `none` is for tests only: without fsync a crash of the machine destroys the data.
enum class Durability { full, none };

struct EmbeddedSettings {
  std::filesystem::path home;  // default_home() when nobody says otherwise
  // How long the server outlives the last Weir process (and the last client of another kind).
  std::chrono::milliseconds linger = std::chrono::seconds(10);
  std::string account;             // as whom the server runs when we are root; empty: the owner of `home`, else `weir`
  std::filesystem::path programs;  // where initdb and postgres are; empty: the newest that is found
  std::chrono::milliseconds start_timeout = std::chrono::minutes(5);  // recovery after a crash may take a while
  Durability durability = Durability::full;
  std::filesystem::path executable = "/proc/self/exe";  // weir itself, for the guard
};

// $XDG_DATA_HOME/weir or ~/.local/share/weir; /var/lib/weir for root.
Result<std::filesystem::path> default_home();

}  // namespace weir::pg
