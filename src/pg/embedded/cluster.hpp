// A data directory and its server process, in the hands of the account that owns both. Every change is made under the
// home's start lock.
#pragma once
#include <filesystem>

#include "base/deadline.hpp"
#include "base/error.hpp"
#include "pg/blocking_session.hpp"
#include "pg/embedded/home.hpp"
#include "pg/embedded/server_programs.hpp"

namespace weir::pg {

class Cluster {
 public:
  // The data of `home` with the programs of the same major version. configuration error, with the remedy, when the
  // newest data is of a version that is not installed. Data that is still to be made takes the newest version.
  static Result<Cluster> find(Home home, const std::vector<ServerPrograms>& programs, Durability durability);

  // initdb into a directory beside it, then a rename: what is killed in between leaves nothing.
  Result<> ensure_initialised();
  // Returns when the server accepts connections; also takes over one that runs, or recovers, already, and clears away
  // what a killed one left.
  Result<> ensure_started(Deadline deadline);
  // Creates the database and the roles, as superuser.
  Result<> bootstrap();
  // Ends all sessions, writes everything back, stops. Nothing happens when no server runs.
  void stop();

  bool is_running() const;
  // Whether sessions are open (of whatever kind of client).
  bool has_clients() const;

 private:
  Cluster(Home home, ServerPrograms programs, Durability durability)
      : home_(std::move(home)),
        programs_(std::move(programs)),
        durability_(durability),
        data_(home_.data(programs_.major)) {}

  Result<> write_configuration(const std::filesystem::path& socket_directory);
  Result<> clear_remains();
  Result<> start_server(Deadline deadline);
  Error explain_failed_start(const std::string& output) const;
  // Only to a server of this directory that runs: without its pid file libpq would go to somebody else's.
  Result<BlockingSession> open_superuser(const std::string& database) const;

  Home home_;
  ServerPrograms programs_;
  Durability durability_;
  std::filesystem::path data_;
};

}  // namespace weir::pg
