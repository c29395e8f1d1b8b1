// The directory of a private server: whose it is, and what lies where in it.
#pragma once
#include <filesystem>
#include <optional>

#include "base/error.hpp"
#include "pg/embedded/account.hpp"
#include "pg/embedded/settings.hpp"

namespace weir::pg {

struct Home {
  std::filesystem::path path;  // absolute
  Account account;             // who owns it, and as whom the server runs

  std::filesystem::path presence_lock() const { return path / "lock"; }     // shared by every Weir process
  std::filesystem::path start_lock() const { return path / "start.lock"; }  // who starts or stops the server
  std::filesystem::path guard_lock() const { return path / "guard.lock"; }  // held by the guard for its life
  std::filesystem::path guard_log() const { return path / "guard.log"; }
  std::filesystem::path server_logs() const { return path / "log"; }
  std::filesystem::path data(int major) const;  // pg15
  // pg15.new-XXXXXX: each initdb gets a directory of its own, since one whose command was killed may still write.
  std::string draft_prefix(int major) const;

  // The highest major version that has data here.
  std::optional<int> newest_major() const;
};

// Creates it, 0700 and for the right account, when it is missing; an empty directory of root's is given to the account.
// configuration error, with the remedy, when it belongs to somebody else or cannot be used.
Result<Home> prepare_home(const EmbeddedSettings& settings);

// Without creating anything; nullopt when there is no such directory.
std::optional<Home> find_home(const EmbeddedSettings& settings);

}  // namespace weir::pg
