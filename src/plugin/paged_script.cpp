#include "plugin/paged_script.hpp"

#include <fmt/format.h>

namespace weir::plugin {
namespace {

// A server's cursor expires; then the listing is begun anew instead of failing for ever.
bool is_stale_position(const Error& error, const PageQuery& query, const PassContext& pass) {
  return !query.token.empty() && !pass.resume().is_null() &&
         (error.code == ErrorCode::provider_failed || error.code == ErrorCode::invalid_input);
}

void report_cap(PassContext& pass, const CappedRange& range) {
  const auto from = range.from.value_or(Instant{});
  pass.cap(from, range.to,
           fmt::format("the provider does not show all records between {} and {}, and they cannot be asked for in "
                       "smaller parts",
                       range.from ? format_rfc3339(from) : "its first", format_rfc3339(range.to)));
}

// Compares what the provider says there is with what it shows, where the first listing is the whole pass.
class Count {
 public:
  Count(const WalkSettings& settings, const PassContext& pass) : settings_(settings) {
    is_whole_ = pass.resume().is_null() && (settings.kind != CursorKind::descending || !pass.start());
    is_listed_once_ = settings.kind == CursorKind::full || settings.kind == CursorKind::descending;
  }

  void add(const PageQuery& query, const Page& page, bool is_first, PassContext& pass) {
    if (is_first && is_whole_ && page.total) pass.expect(*page.total);
    if (is_first && is_whole_) total_ = page.total;
    if (query.to) is_listed_once_ = false;
    const auto records = static_cast<std::int64_t>(page.records.size()) + page.unseen;
    unseen_ += page.unseen;
    shown_ =
        settings_.listing.address == PageAddress::token ? shown_ + records : std::max(shown_, query.offset + records);
  }

  void settle(PassContext& pass) const {
    if (!is_listed_once_ || !total_ || shown_ >= *total_) return;
    pass.skip(*total_ - shown_,
              fmt::format("the provider says that there are {} records, and showed {}", *total_, shown_ - unseen_));
  }

 private:
  const WalkSettings& settings_;
  bool is_whole_ = false;
  bool is_listed_once_ = false;
  std::optional<std::int64_t> total_{};
  std::int64_t shown_ = 0;
  std::int64_t unseen_ = 0;
};

}  // namespace

Task<Result<>> PagedScriptRun::run_pass(PassContext& pass) {
  auto walk = make_walk(settings_, pass.start(), pass.end(), pass.resume());
  Count count(settings_, pass);
  bool is_first = true;
  while (auto query = walk->next()) {
    query->begins_pass = is_first && pass.resume().is_null();
    auto page = co_await fetch(*query, pass, walk->position());
    if (!page && is_first && is_stale_position(page.error(), *query, pass)) {
      pass.log(LogLevel::warning, "the position of the last checkpoint is not accepted any more: the pass begins anew",
               {{"error", page.error().message}});
      walk = make_walk(settings_, pass.start(), pass.end(), nullptr);
      is_first = false;
      continue;
    }
    if (!page) co_return std::unexpected(page.error());
    if (is_first && page->provider_time) {
      pass.note_provider_time(*page->provider_time);
      walk->limit_end(pass.end());
    }
    if (page->is_unchanged) {
      pass.keep_as_it_was();
      co_return Result<>{};
    }
    count.add(*query, *page, is_first, pass);
    is_first = false;
    const auto step = walk->accept(*page);
    if (!step) co_return std::unexpected(step.error());
    if (step->capped) report_cap(pass, *step->capped);
    co_await pass.page_done(walk->position());
  }
  count.settle(pass);
  co_return Result<>{};
}

WalkSettings walk_settings(const ScriptDeclaration& declaration) {
  WalkSettings settings;
  settings.kind = declaration.cursor;
  settings.listing.order = declaration.order;
  settings.window_duration = declaration.import_window_duration;
  return settings;
}

}  // namespace weir::plugin
