// The one interface under which declarative, built-in and process scripts sit. The orchestrator drives it:
//
//   Script (shared, immutable) --start()--> ScriptRun (one run)
//     partitions()             what to collect, each with a cursor of its own
//     run_pass(PassContext&)   collect one partition from its cursor to the pass's end
//
// A pass appends rows to batches and calls page_done() whenever everything appended so far is described by a resume
// position; the context commits rows and position together when that is due, and holds the script back meanwhile.
#pragma once
#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/asio.hpp"
#include "base/blocking.hpp"
#include "base/error.hpp"
#include "base/finding.hpp"
#include "base/log.hpp"
#include "base/strong_id.hpp"
#include "base/time.hpp"
#include "http/egress.hpp"
#include "load/batch.hpp"
#include "load/validator.hpp"
#include "plugin/declaration.hpp"
#include "plugin/parent_rows.hpp"
#include "plugin/requester.hpp"
#include "tenancy/environment.hpp"

namespace weir::plugin {

// Evidence that nothing changed after `changed_at`, read from the provider at `read_at` (its clock). A partition whose
// changed_at is older than its cursor minus look-back is skipped, and its cursor moves at most to read_at.
struct SkipEvidence {
  Instant changed_at;
  Instant read_at;
};

struct Partition {
  std::string key;                      // stable: part of the cursor's key; "" for a script without partitions
  std::string title;                    // for people
  nlohmann::json attributes = nullptr;  // what requests need (full_name, …)
  std::optional<SkipEvidence> evidence{};
  // Which rows of the script's tables belong to it: column → value (repo_key → 42). Used for tombstones.
  std::vector<std::pair<std::string, std::string>> columns{};
};

// What a script sees of one pass of one partition.
class PassContext {
 public:
  virtual ~PassContext() = default;

  virtual const Partition& partition() const = 0;
  // Collect what changed in (start, end]; no start: everything. Already reduced by the look-back and by
  // import_window_days on a first import. Both stay the same when a pass is resumed.
  virtual std::optional<Instant> start() const = 0;
  virtual Instant end() const = 0;
  // The provider's clock, as an answer of this pass gave it (header Date). The first call before anything of the pass
  // was committed lowers end() to min(end, now - settle): a provider whose clock is behind lists later what it dates
  // earlier. Later calls change nothing.
  virtual void note_provider_time(Instant now) = 0;
  // State committed by the last complete pass (branch heads); null at first and after a reset.
  virtual const nlohmann::json& state() const = 0;
  // Position of the open pass at its last checkpoint; null when the pass begins.
  virtual const nlohmann::json& resume() const = 0;

  // The batch to append rows of a resource to; only of resources the script declared.
  virtual load::Batch& rows(std::string_view resource) = 0;
  // Everything appended so far is complete up to `resume`. Commits when due. Throws Failure: lease_lost, cancelled.
  virtual Task<> page_done(nlohmann::json resume) = 0;
  // The state to commit with the pass's completion (at most 64 KiB as text).
  virtual void set_state(nlohmann::json state) = 0;

  // Completeness: what the provider says there is, what was left out and why. What was left out is a gap, asked for
  // again once a day, and nothing is deleted by a listing that is not whole.
  virtual void expect(std::int64_t records) = 0;
  virtual void skip(std::int64_t records, std::string reason) = 0;
  // The answer was cut by a cap that cannot be split further: the cursor moves, a gap stays open.
  virtual void cap(Instant from, Instant to, std::string reason) = 0;
  virtual void count_requests(const RequestCounts& more) = 0;
  virtual void log(LogLevel level, std::string message, nlohmann::json details = nullptr,
                   std::string record_id = {}) = 0;

  // Conditional requests, of the answer that a pass begins with. What is kept of it for `request` (a hash, see
  // load::Validator) since the last complete pass, while no row of the partition was committed otherwise.
  virtual std::optional<load::Validator> validator(const std::string&) const { return std::nullopt; }
  // To commit with the pass's completion, unless the pass left anything out; nullopt: none.
  virtual void set_validator(std::optional<load::Validator>) {}
  // The provider says that nothing has changed since then: the pass ends well without rows, and nothing is deleted.
  virtual void keep_as_it_was() {}

  // Before returning ErrorCode::limited: until when the script shall be parked.
  virtual void park_until(Instant wake_at) = 0;

  // Set when the run shall end; for worker threads. Coroutines are cancelled as usual.
  virtual const std::atomic<bool>& stop_requested() const = 0;
};

// What a run gives to a script.
struct ScriptServices {
  TenantId tenant;
  std::string tenant_key;
  std::string data_source;
  const tenancy::Environment& environment;  // outlives the ScriptRun
  BlockingPool& blocking;
  Clock& clock;
  std::filesystem::path cache_directory;  // of this tenant, for clones; may not exist yet
  // Both outlive the ScriptRun; null where nothing declarative runs.
  ProviderAccess* provider = nullptr;
  ParentTables* parents = nullptr;
  bool is_manual = false;                                      // somebody waits: requests may use the reserve
  std::shared_ptr<const http::EgressPolicy> egress = nullptr;  // of this tenant; null: the operator's
};

// One run of one script. Errors of both calls by code:
//   needs_credentials  the source stops             unreachable      this partition only, probed again daily
//   limited            park (see park_until)        provider_failed  retried, then a gap; siblings go on
//   declaration_invalid, invalid_input              the script fails
class ScriptRun {
 public:
  virtual ~ScriptRun() = default;
  // Never empty for a script without partitions: one with key "".
  virtual Task<Result<std::vector<Partition>>> partitions() = 0;
  virtual Task<Result<>> run_pass(PassContext& pass) = 0;
  // Before anything is imported (`weir source check`): whether what this script needs is within reach, a finding for
  // each thing that may be wrong on its own (a URL, a right of the token, the budget left). Few requests, no rows. One
  // script of a provider speaks for what all of them share; the others say nothing.
  virtual Task<Findings> check() { co_return Findings(); }
  // What the provider's clock (the Date of its latest answer) is ahead of ours, negative when it is behind; nullopt:
  // it has not said. A pass of a provider whose clock is behind completes only up to that clock.
  virtual std::optional<Duration> provider_clock_offset() const { return std::nullopt; }
};

class Script {
 public:
  virtual ~Script() = default;
  virtual const ScriptDeclaration& declaration() const = 0;
  virtual Result<std::unique_ptr<ScriptRun>> start(ScriptServices services) const = 0;
};

}  // namespace weir::plugin
