// Whether the home of a private server is safe and has room. look_at_… changes nothing, judge_… is pure.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/finding.hpp"
#include "pg/embedded/settings.hpp"

namespace weir::pg {

struct HomeHealth {
  std::filesystem::path path{};
  bool is_there = false;  // else the rest is about the nearest directory above
  std::string owner{};
  std::string expected_owner{};  // as whom the server would run
  mode_t mode = 0;
  bool is_read_only = false;  // the file system
  std::uint64_t bytes_free = 0;
  std::uint64_t bytes_total = 0;
};

HomeHealth look_at_home(const EmbeddedSettings& settings);
Findings judge_home(const HomeHealth& home);

}  // namespace weir::pg
