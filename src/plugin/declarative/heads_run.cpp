#include "plugin/declarative/heads_run.hpp"

#include "plugin/declarative/answer_meaning.hpp"
#include "plugin/declarative/page_reader.hpp"
#include "plugin/declarative/run.hpp"

namespace weir::plugin::declarative {
namespace {

// A listing of everything, in no order that may be relied on: by the server's own cursor it may be resumed.
WalkSettings settings_of(const PagesPlan& pages, const std::vector<RequestPlan>& requests) {
  WalkSettings settings;
  settings.kind = CursorKind::full;
  settings.listing.address = address_of(pages, requests);
  settings.listing.page_size_max = pages.size;
  settings.listing.order = PageOrder::immutable;
  return settings;
}

}  // namespace

HeadsRun::HeadsRun(const ScriptDeclaration& declaration, ScriptServices services, http::Url base,
                   std::unique_ptr<Requester> requester)
    : services_(std::move(services)),
      exchange_(*declaration.plan, services_, std::move(base), std::move(requester)),
      works_(exchange_) {}

Task<Result<std::vector<Partition>>> HeadsRun::partitions() { return list_partitions(exchange_, services_); }

HeadsRun::Progress HeadsRun::Progress::from(const PassContext& pass) {
  const auto& resume = pass.resume();
  if (!resume.is_object()) return {HeadState(pass.state()), {}, nullptr, false};
  return {HeadState(resume.value("done", nlohmann::json())), resume.value("value", std::string()),
          resume.value("walk", nlohmann::json()), resume.value("has_no_base", false)};
}

nlohmann::json HeadsRun::Progress::to_json() const {
  return {{"done", done.to_json()}, {"value", value}, {"walk", walk}, {"has_no_base", has_no_base}};
}

Task<Result<>> HeadsRun::run_pass(PassContext& pass) {
  auto heads = co_await list_heads(pass);
  if (!heads) co_return std::unexpected(heads.error());
  const auto trunk = trunk_of(pass, *heads);
  if (!trunk) co_return std::unexpected(trunk.error());
  auto progress = Progress::from(pass);
  for (;;) {
    // Anew each time: what was just collected is a base for the next.
    const auto moved = progress.done.moved(*heads, *trunk);
    if (moved.empty()) break;
    const auto collected = co_await collect(pass, moved.front(), progress);
    if (!collected) co_return collected;
  }
  HeadState state;
  for (const auto& head : *heads) state.add(head);
  pass.set_state(state.to_json());
  co_return Result<>();
}

Task<Result<std::vector<Head>>> HeadsRun::list_heads(PassContext& pass) {
  const auto& plan = *exchange_.plan.heads;
  std::vector<Head> heads;
  auto work = works_.take(pass);
  if (plan.requests.empty()) {
    auto taken = work->take_records(plan.records);
    if (taken) taken = work->add_heads(plan, heads);
    if (!taken) co_return std::unexpected(taken.error());
    works_.give_back(std::move(work));
    co_return heads;
  }
  auto walk = make_walk(settings_of(plan.pages, plan.requests), std::nullopt, pass.end(), nullptr);
  while (auto query = walk->next()) {
    const auto page = co_await work->fetch({plan.requests, plan.pages, plan.records}, *query, nullptr);
    if (!page) co_return std::unexpected(page.error());
    if (page->provider_time) pass.note_provider_time(*page->provider_time);
    if (const auto added = work->add_heads(plan, heads); !added) co_return std::unexpected(added.error());
    if (const auto step = walk->accept(*page); !step) co_return std::unexpected(step.error());
  }
  works_.give_back(std::move(work));
  co_return heads;
}

Result<std::string> HeadsRun::trunk_of(PassContext& pass, const std::vector<Head>& heads) {
  const auto& plan = *exchange_.plan.heads;
  auto first = heads.empty() ? std::string() : heads.front().name;
  if (plan.trunk.is_absent()) return first;
  Document partition;
  Scratch scratch;
  Scope scope;
  scope.set(Root::env, exchange_.environment.value());
  if (const auto value = partition.parse(pass.partition().attributes.dump())) scope.set(Root::partition, *value);
  const auto name = plan.trunk.evaluate(scope, scratch);
  if (!name) return std::unexpected(name.error());
  std::string text;
  return append_text(text, *name) ? text : first;
}

// Requests may differ in how their pages are counted, so the walk is the one of the request that this head takes.
Result<std::unique_ptr<Walk>> HeadsRun::begin_walk(PageWork& work, const PassContext& pass, const Head& head,
                                                   const nlohmann::json& position) {
  const auto& plan = exchange_.plan;
  const auto request = work.choose(plan.requests, head);
  if (!request) return std::unexpected(request.error());
  const auto& pages = (*request)->pages ? *(*request)->pages : plan.pages;
  return make_walk(settings_of(pages, plan.requests), std::nullopt, pass.end(), position);
}

Task<Result<>> HeadsRun::collect(PassContext& pass, Head head, Progress& progress) {
  const auto& plan = exchange_.plan;
  auto work = works_.take(pass);
  const bool is_resumed = std::exchange(progress.value, head.value) == head.value;
  if (is_resumed && progress.has_no_base) head.base.reset();
  progress.has_no_base = !head.base;
  auto walk = begin_walk(*work, pass, head, is_resumed ? progress.walk : nlohmann::json());
  while (walk) {
    const auto query = (*walk)->next();
    if (!query) break;
    const auto page = co_await work->fetch({plan.requests, plan.pages, plan.records}, *query, &head);
    if (!page && head.base && work->refusal() && forgets_base(plan, *work->refusal())) {
      head.base.reset();
      progress.has_no_base = true;
      walk = begin_walk(*work, pass, head, nullptr);
      continue;
    }
    if (!page) co_return std::unexpected(page.error());
    const auto added = co_await work->add_rows(progress.to_json());
    if (!added) co_return added;
    if (const auto step = (*walk)->accept(*page); !step) co_return std::unexpected(step.error());
    progress.walk = (*walk)->position();
    co_await pass.page_done(progress.to_json());
  }
  if (!walk) co_return std::unexpected(walk.error());
  works_.give_back(std::move(work));
  progress.done.add(head);
  progress.value.clear();
  progress.walk = nullptr;
  co_await pass.page_done(progress.to_json());
  co_return Result<>();
}

}  // namespace weir::plugin::declarative
