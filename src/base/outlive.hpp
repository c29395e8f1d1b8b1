// How a loop that must not end goes on after a failure.
//
//   for (;;) {
//     try {
//       co_await round();
//     } catch (...) {
//       outlive("reaper");
//     }
//     co_await sleep_for(pause);
//   }
#pragma once
#include <string_view>

#include "base/error.hpp"
#include "base/log.hpp"

namespace weir {

// Writes the failure of `who` down: at `level` what a broken environment does, as an error what nobody expects
// (ErrorCode::internal: no memory, a bug).
void log_failure(std::string_view who, const Error& error, LogLevel level);

// Writes what is being handled down and returns it; the end of a cancelled coroutine is thrown on. Call it only inside
// a catch block.
Error outlive(std::string_view who, LogLevel level = LogLevel::debug);

}  // namespace weir
