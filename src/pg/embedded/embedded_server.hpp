// The private PostgreSQL of a Weir home. It is started by the first process that needs it and stopped some seconds
// after the last one is gone, however that died; any number of processes share it.
//
//   auto server = start_or_join_embedded({.home = home});
//   if (!server) return report(server.error());
//   … (*server)->login_url() …
//
// Blocking; before the event loop runs, or on a blocking pool.
#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "pg/embedded/file_lock.hpp"
#include "pg/embedded/home.hpp"
#include "pg/embedded/settings.hpp"

namespace weir::pg {

// Keeps the server up while it lives.
class EmbeddedServer {
 public:
  std::string login_url() const;      // what Weir works with
  std::string operator_url() const;   // for psql and drivers of the same account: all tenants, as role control
  std::string superuser_url() const;  // for the bootstrap and for tests; Weir itself never works with it
  const std::filesystem::path& home() const { return home_.path; }

  // Starts the server again when it is gone (it crashed, or somebody stopped it); cheap when it is there. For processes
  // that live long.
  Result<> ensure_running();

 private:
  friend Result<std::unique_ptr<EmbeddedServer>> start_or_join_embedded(const EmbeddedSettings& settings);
  EmbeddedServer(EmbeddedSettings settings, Home home, FileLock presence)
      : settings_(std::move(settings)), home_(std::move(home)), presence_(std::move(presence)) {}
  bool join();

  EmbeddedSettings settings_;
  Home home_;
  FileLock presence_;  // shared
  std::filesystem::path socket_directory_;
};

// Errors: configuration (home, account, server programs, another version's data), disk_full, database_unreachable (it
// does not start). Nothing is left behind when it fails.
Result<std::unique_ptr<EmbeddedServer>> start_or_join_embedded(const EmbeddedSettings& settings);

enum class StopMode { when_unused, always };
// Stops the server now; conflict when other Weir processes use it, unless `always`. False when none ran.
Result<bool> stop_embedded(const EmbeddedSettings& settings, StopMode mode);

// What is known without starting anything.
struct EmbeddedState {
  std::filesystem::path home;
  std::optional<std::filesystem::path> data;  // none yet
  std::optional<pid_t> server_pid;            // it runs
};
EmbeddedState inspect_embedded(const EmbeddedSettings& settings);

}  // namespace weir::pg
