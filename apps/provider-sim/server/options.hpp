// What the command line says.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "provider-sim/limits/app_auth.hpp"
#include "provider-sim/limits/identity.hpp"
#include "provider-sim/rest/api.hpp"
#include "provider-sim/world/world.hpp"

namespace weir::sim {

struct Options {
  WorldOptions world{};
  RestOptions rest{};
  SecondaryLimits secondary{};
  Limits limits{};  // of the default token
  AppSettings app{};
  std::vector<TokenSpec> tokens{};  // beside the default one
  std::string default_token = "sim-token";
  bool is_enterprise = false;                       // an Enterprise Server: under /api/v3, no limits, no limit headers
  bool is_frozen = false;                           // the clock stands still between jumps
  bool compresses = false;                          // gzip for clients that accept it
  int primary_status = 403;                         // of an exhausted budget; 429 is the other that GitHub uses
  std::string graphql_limit_type = "RATE_LIMITED";  // "RATE_LIMIT": what it says since 2026
  std::chrono::milliseconds latency{0};             // of each answer
  std::chrono::milliseconds latency_jitter{0};
  std::size_t cache_bytes_max = 256U << 20;
  std::size_t log_entries_max = 1'000'000;
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::string port_file{};
  std::string base_url{};  // what links begin with; empty: http://ADDRESS:PORT
};

// The process's exit code when there is nothing to run (--help, a wrong command line).
std::expected<Options, int> parse_command_line(int argc, char** argv);

}  // namespace weir::sim
