// Other programs: run to their end with their output, or left running. They get a minimal environment (none of ours,
// which may hold secrets), no descriptors of ours, and default signals.
#pragma once
#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "pg/embedded/unique_fd.hpp"

namespace weir::pg {

struct ProgramResult {
  int exit_code = -1;  // -1: it did not start; 128 + n: killed by signal n
  std::string output;  // of both standard streams
};

ProgramResult run_program(const std::filesystem::path& program, std::vector<std::string> arguments);

struct StartedProgram {
  pid_t pid;
  UniqueFd output;  // both streams, or only standard output
};

enum class Capture { output_and_error, output };

// Starts it in a session of its own; `command` begins with the name it sees itself under. `inherited` becomes its
// descriptor 3 when it is not negative.
Result<StartedProgram> start_program(const std::filesystem::path& program, std::vector<std::string> command,
                                     Capture capture, int inherited = -1);

// The descriptor under which a started program finds `inherited`.
constexpr int k_inherited_fd = 3;

}  // namespace weir::pg
