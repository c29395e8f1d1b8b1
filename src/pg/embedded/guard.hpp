// The guard of a private server: a small process (weir itself, run with a hidden verb) in the server's account. It
// starts the server for the command that needs it, then waits until no Weir process holds the home's presence lock,
// however the last one died, lingers, and stops the server.
#pragma once
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "pg/embedded/settings.hpp"

namespace weir::pg {

// What a Weir process asks its guard for, as the arguments of the hidden verb.
struct GuardRequest {
  enum class Action { start, stop };
  Action action = Action::start;
  std::filesystem::path home;
  std::string account;
  std::filesystem::path programs;
  std::chrono::milliseconds linger = std::chrono::seconds(10);
  std::chrono::milliseconds start_timeout = std::chrono::minutes(5);
  Durability durability = Durability::full;
};

inline constexpr const char* k_guard_verb = "embedded-guard";
std::vector<std::string> guard_command(const GuardRequest& request);

// The guard's whole life; returns its exit code. It leaves the process that started it (which sees its child end at
// once), inherits the start lock as descriptor k_inherited_fd, and answers with one line of JSON on standard output: {}
// or an error.
int run_guard(const GuardRequest& request);

// The line's meaning.
Result<> parse_guard_answer(const std::string& line);

}  // namespace weir::pg
