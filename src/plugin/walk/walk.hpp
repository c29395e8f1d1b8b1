// Which page a pass asks for next, and from where it resumes: one state machine without I/O for each kind of cursor.
//
//   for (auto walk = make_walk(…); auto query = walk->next();) {
//     const Page page = …;                       // perform it, append its rows
//     const auto step = walk->accept(page);      // what it means
//     …page_done(walk->position());
//   }
//
// Rows beyond a position may have been committed with it; never the other way round: every position describes only what
// the pages so far have shown.
#pragma once
#include <chrono>
#include <memory>
#include <optional>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "plugin/declaration.hpp"
#include "plugin/walk/listing.hpp"
#include "plugin/walk/page.hpp"

namespace weir::plugin {

struct WalkSettings {
  CursorKind kind = CursorKind::full;
  ListingSettings listing{};
  std::chrono::seconds window_duration = std::chrono::hours(24);
  // The precision of the provider's times and queries. What it dates 10:00:00 may happen until 10:00:01, so a pass
  // begins with the whole granule that its start lies in; windows are cut at whole granules and never inside one.
  Duration granularity = std::chrono::seconds(1);
  // A listing that says it has this many or more is capped (1,000; 10,000), even if it does not say so otherwise.
  std::optional<std::int64_t> results_max{};
  // Newest first: requests say up to when (PageQuery::to), so what lies below a cut can be asked for.
  bool asks_up_to = false;
};

// (from, to] could not be shown completely and cannot be asked for in smaller parts.
struct CappedRange {
  std::optional<Instant> from{};
  Instant to;
};

struct Step {
  std::optional<CappedRange> capped{};
};

class Walk {
 public:
  virtual ~Walk() = default;
  // nullopt: the pass is complete. The same again until accept().
  virtual std::optional<PageQuery> next() = 0;
  // provider_failed: see Listing::accept.
  virtual Result<Step> accept(const Page& page) = 0;
  virtual nlohmann::json position() const = 0;
  // The pass's end became earlier; only before the first accept().
  virtual void limit_end(Instant end) = 0;
};

// The begin of the granule that `at` lies in.
Instant round_down(Instant at, Duration granularity);

// `position` continues where an earlier walk of the same pass was; one that does not fit begins the pass anew. There is
// no walk of kind heads: such a script knows itself what is new.
std::unique_ptr<Walk> make_walk(WalkSettings settings, std::optional<Instant> start, Instant end,
                                const nlohmann::json& position);

}  // namespace weir::plugin
