// What a data source of the provider `synthetic` is told by the file that SYNTHETIC_SPEC names:
//
//   {"world": {"seed": 7, "begin": "2026-01-01T00:00:00Z", "end": "2026-02-01T00:00:00Z", "records": 500, …},
//    "page_size": 50, "address": "offset", "results_max": 1000, "payload_bytes": 200,
//    "clock": {"file": "/tmp/x/clock", "step": "10s"},
//    "token": "letmein",
//    "faults": [{"kind": "transient", "probability": 0.05}, {"kind": "unreachable", "partition": "p1"},
//               {"kind": "limited", "every": 40, "seconds": 3}, {"kind": "hang", "script": "window"},
//               {"kind": "slow", "seconds": 0.01}, {"kind": "needs_credentials"}]}
//
// Without a clock the world stands still after its last change. The clock's file holds the true time in microseconds
// since 1970; every request of any process moves it by `step`. The string "real" is the machine's clock. Requests are
// counted in <spec>.requests.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "tests/support/synthetic/provider.hpp"

namespace weir::synthetic {

enum class FaultKind { transient, unreachable, limited, needs_credentials, hang, slow };

struct Fault {
  FaultKind kind = FaultKind::transient;
  std::string partition{};    // only there; empty: everywhere
  std::string script{};       // only in this script
  bool hits_listing = false;  // the listing of partitions too
  double probability = 1;
  std::int64_t every = 1;  // only each so many-th request of all processes
  double seconds = 1;
};

struct SourceSpec {
  std::filesystem::path file;
  WorldSpec world;
  std::int64_t page_size = 50;
  plugin::PageAddress address = plugin::PageAddress::offset;
  std::optional<std::int64_t> results_max{};
  std::size_t payload_bytes = 0;
  std::filesystem::path clock_file{};
  Duration clock_step{};
  bool is_clock_real = false;
  std::string token{};
  std::vector<Fault> faults{};
};

// invalid_input: what is wrong with the file.
Result<SourceSpec> read_source_spec(const std::filesystem::path& file);

// Moves the clock of the spec by one request and tells the true time; `moves`: false only looks.
Instant read_clock(const SourceSpec& spec, const World& world, bool moves);
// One more request; how many there were, over all processes.
std::int64_t count_request(const SourceSpec& spec);

}  // namespace weir::synthetic
