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

}  // namespace

Task<Result<>> PagedScriptRun::run_pass(PassContext& pass) {
  auto walk = make_walk(settings_, pass.start(), pass.end(), pass.resume());
  bool is_first = true;
  while (auto query = walk->next()) {
    auto page = co_await fetch(*query, pass);
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
    if (is_first && page->total && pass.resume().is_null()) pass.expect(*page->total);
    is_first = false;
    const auto step = walk->accept(*page);
    if (!step) co_return std::unexpected(step.error());
    if (step->capped) report_cap(pass, *step->capped);
    co_await pass.page_done(walk->position());
  }
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
