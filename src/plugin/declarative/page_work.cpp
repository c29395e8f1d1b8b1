#include "plugin/declarative/page_work.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "plugin/declarative/answer_meaning.hpp"
#include "plugin/declarative/conditional.hpp"
#include "plugin/declarative/page_reader.hpp"
#include "plugin/declarative/request_builder.hpp"

namespace weir::plugin::declarative {
namespace {

using http::AnswerClass;

// Whoever cannot make ten records in time has another trouble than their number, and smaller pages would cost a
// listing of thousands ten times the requests.
constexpr std::int64_t k_page_size_min = 10;

std::string in_small_letters(std::string_view name) {
  std::string out(name);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

Value optional_text(const std::optional<std::string>& text) { return text ? text_value(*text) : Value(); }

}  // namespace

PageWork::PageWork(RunExchange& run) : run_(run), reply_{.url = run.base} {}

void PageWork::begin(const PageQuery& query, const Head* head) {
  scratch_.reset();
  record_scratch_.reset();
  refusal_.reset();
  inspection_failure_.reset();
  is_conditional_ = false;
  scope_ = {};
  scope_.set(Root::env, run_.environment.value());
  scope_.set(Root::now, Value::Any(run_.clock.now()));
  const auto& attributes = pass_->partition().attributes;
  if (const auto value = partition_.parse(attributes.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)))
    scope_.set(Root::partition, *value);
  // The walk's range is open at its start and may lie inside a granule: what is asked begins with the whole granule.
  const auto granularity = run_.plan.granularity;
  const auto start = query.from ? std::optional(round_down(*query.from + Duration(1), granularity)) : std::nullopt;
  const auto end = query.to ? std::optional(round_down(*query.to, granularity)) : std::nullopt;
  window_.set("start", instant_value(start)).set("end", instant_value(end));
  scope_.set(Root::window, window_.value());
  scope_.set(Root::cursor, instant_value(pass_->start()));
  page_.set("token", query.token.empty() ? Value() : text_value(query.token))
      .set("number", Value::Any(query.page_number))
      .set("offset", Value::Any(query.offset))
      .set("size", Value::Any(query.page_size > 0 ? query.page_size : run_.plan.pages.size));
  scope_.set(Root::page, page_.value());
  if (head == nullptr) return;
  head_.set("name", text_value(head->name))
      .set("value", text_value(head->value))
      .set("known", optional_text(head->known))
      .set("base", optional_text(head->base));
  scope_.set(Root::head, head_.value());
}

// A position from the database may be a URL of another time: its origin is checked again.
Result<Ask> PageWork::make_ask(const RequestPlan& request, const PagesPlan& pages, const PageQuery& query) {
  std::optional<http::Url> at;
  if (is_addressed_by_url(pages.style) && !query.token.empty()) {
    auto url = http::Url::parse(query.token);
    if (!url) return std::unexpected(url.error());
    if (url->origin() != run_.base.origin())
      return fail(ErrorCode::provider_failed, "the position of the last checkpoint is at another address");
    at = std::move(*url);
  }
  return build_request(request, *run_.plan.service, run_.base, at, scope_, scratch_);
}

Result<> PageWork::take_records(const Template& records) {
  begin({}, nullptr);
  records_.clear();
  if (const auto read = read_records(records); !read) return std::unexpected(read.error());
  return {};
}

Result<const RequestPlan*> PageWork::choose(const std::vector<RequestPlan>& requests, const Head& head) {
  begin({}, &head);
  return choose_request(requests, scope_, scratch_);
}

Task<Result<Page>> PageWork::fetch(PageSource source, PageQuery query, const Head* head) {
  for (;;) {
    auto page = co_await fetch_once(source, query, head);
    if (page || !make_pages_smaller()) co_return page;
  }
}

// A gateway's time-out: half as much may do. It stays so for the rest of the run.
bool PageWork::make_pages_smaller() {
  const bool is_overtaxed = refusal_ && refusal_->meaning == AnswerClass::transient && refusal_->status >= 500;
  if (!is_overtaxed || !may_be_smaller_ || size_ < 2 * k_page_size_min) return false;
  run_.page_size_max = size_ / 2;
  pass_->log(LogLevel::info,
             fmt::format("pages of {} are too much for the provider: {} from now on", size_, size_ / 2));
  return true;
}

Task<Result<Page>> PageWork::fetch_once(PageSource source, PageQuery query, const Head* head) {
  begin(query, head);
  const auto chosen = choose_request(source.requests, scope_, scratch_);
  if (!chosen) co_return std::unexpected(chosen.error());
  const RequestPlan& request = **chosen;
  const PagesPlan& pages = request.pages ? *request.pages : source.pages;
  may_be_smaller_ = pages.style == PageStyle::token && asks_for_page_size(request);
  size_ = query.page_size > 0 ? query.page_size : pages.size;
  if (may_be_smaller_ && run_.page_size_max > 0) size_ = std::min(size_, run_.page_size_max);
  page_.set("size", Value::Any(size_));
  auto ask = make_ask(request, pages, query);
  if (!ask) co_return std::unexpected(ask.error());
  if (pages.is_conditional && query.begins_pass) ask_conditionally(*ask, query);
  const auto sent = co_await send(std::move(*ask), request, answer_, scope_);
  if (!sent) co_return std::unexpected(sent.error());
  Page page;
  page.provider_time = reply_.provider_time;
  records_.clear();
  page.is_unchanged = reply_.meaning == AnswerClass::unchanged;
  if (page.is_unchanged) co_return page;
  if (reply_.meaning == AnswerClass::empty) {
    page.is_capped = says_capped(run_.plan, reply_);
    co_return page;
  }
  const auto unseen = read_records(request.records.is_absent() ? source.records : request.records);
  if (!unseen) co_return std::unexpected(unseen.error());
  page.unseen = *unseen;
  note_unseen(request, scope_, *unseen);
  auto done = describe_records(page);
  if (!done) co_return std::unexpected(done.error());
  done = read_page({pages, *run_.plan.service, run_.base, query, reply_}, scope_, scratch_, page);
  if (!done) co_return std::unexpected(done.error());
  const auto is_last = run_.plan.until.evaluate(scope_, scratch_);
  if (!is_last) co_return std::unexpected(is_last.error());
  if (!run_.plan.until.is_absent() && is_last->is_truthy()) page.has_more = false;
  if (pages.is_conditional) keep_validator(query, page);
  co_return page;
}

void PageWork::ask_conditionally(Ask& ask, const PageQuery& query) {
  request_identity_ = request_identity(ask, run_.plan, scope_, run_.requester->identity());
  const auto known = pass_->validator(request_identity_);
  is_conditional_ = known && proves_all(*known, query.from);
  if (is_conditional_) make_conditional(ask, *known);
}

// A first page that is read again in the middle of the pass may be another one.
void PageWork::keep_validator(const PageQuery& query, const Page& page) {
  if (query.begins_pass)
    pass_->set_validator(validator_of(reply_, page, run_.plan.is_full, request_identity_));
  else if (query.token.empty() && query.offset == 0)
    pass_->set_validator(std::nullopt);
}

Task<Result<>> PageWork::send(Ask ask, const RequestPlan& request, Document& document, Scope& scope) {
  is_parsed_ = false;
  ask.buffer = std::move(reply_.body);
  reply_.room.reset();
  ask.inspect = [this, &request, &document, &scope](const ReplyView& reply) {
    return inspect(request, reply, document, scope);
  };
  auto reply = co_await run_.requester->send(std::move(ask));
  count();
  if (inspection_failure_) co_return std::unexpected(*inspection_failure_);
  if (!reply) {
    refusal_ = std::move(reply.error());
    if (refusal_->park_until) pass_->park_until(*refusal_->park_until);
    co_return std::unexpected(refusal_->error);
  }
  reply_ = std::move(*reply);
  if (reply_.provider_time) run_.clock_offset = *reply_.provider_time - run_.clock.now();
  if (reply_.meaning == AnswerClass::empty) co_return Result<>();
  if (reply_.meaning == AnswerClass::unchanged && is_conditional_) co_return Result<>();
  if (!is_parsed_)
    co_return fail(ErrorCode::provider_failed, fmt::format("the provider answered {} without data", reply_.status));
  show_answer({reply_.status, reply_.headers, reply_.body}, document.root(), scope);
  co_return Result<>();
}

AnswerFinding PageWork::inspect(const RequestPlan& request, const ReplyView& reply, Document& document, Scope& scope) {
  const auto body = document.parse(reply.body);
  is_parsed_ = body.has_value();
  if (!body) return {.ruling = http::AnswerRule{.meaning = AnswerClass::transient, .reason = body.error().message}};
  show_answer(reply, *body, scope);
  auto finding = inspect_answer(run_.plan, request, scope, scratch_);
  if (finding) return std::move(*finding);
  inspection_failure_ = finding.error();
  return {.ruling = http::AnswerRule{.meaning = AnswerClass::bad_request, .reason = finding.error().message}};
}

void PageWork::show_answer(const ReplyView& reply, const Value& body, Scope& scope) {
  header_names_.clear();
  headers_.clear();
  header_names_.reserve(reply.headers.size());
  for (const auto& header : reply.headers)
    headers_.push_back({header_names_.emplace_back(in_small_letters(header.name)), text_value(header.value)});
  scope.set(Root::headers, Value::Any(Map{headers_.data(), headers_.size()}));
  scope.set(Root::status, Value::Any(std::int64_t{reply.status}));
  scope.set(Root::response, body);
}

Result<std::int64_t> PageWork::read_records(const Template& records) {
  const auto list = records.is_absent() ? Result<Value>(scope_[Root::response]) : records.evaluate(scope_, scratch_);
  if (!list) return std::unexpected(list.error());
  std::int64_t missing = 0;
  if (list->is_array())
    list->each([&](const Value& record) {
      if (record.is_null())
        ++missing;
      else
        records_.push_back(record);
      return true;
    });
  else if (!list->is_null())
    records_.push_back(*list);
  scope_.set(Root::records, Value::Any(List{records_.data(), records_.size()}));
  return missing;
}

// A null among the records, and parts of them that GraphQL could not show: each is told as an error as well.
bool PageWork::note_unseen(const RequestPlan& request, const Scope& answered, std::int64_t unseen) {
  const auto partial = partial_answer(request, answered[Root::response]);
  if (partial.errors > 0)
    pass_->skip(std::max(unseen, partial.errors),
                fmt::format("the provider did not show everything: {}", partial.first));
  else if (unseen > 0)
    pass_->skip(unseen, fmt::format("the provider listed {} records without showing them", unseen));
  return partial.errors > 0 || unseen > 0;
}

Result<> PageWork::describe_records(Page& page) {
  page.records.reserve(records_.size());
  for (const auto& record : records_) {
    record_scratch_.reset();
    scope_.set(Root::record, record);
    auto key = key_of_record();
    const auto at = run_.plan.at.evaluate(scope_, record_scratch_);
    if (!key) return std::unexpected(key.error());
    if (!at) return std::unexpected(at.error());
    page.records.push_back({.key = std::move(*key), .at = instant_of(*at)});
  }
  scope_.set(Root::record, {});
  return {};
}

Result<std::string> PageWork::key_of_record() {
  const auto& record = scope_[Root::record];
  const auto key =
      run_.plan.key.is_absent() ? Result<Value>(record.get("id")) : run_.plan.key.evaluate(scope_, record_scratch_);
  if (!key) return std::unexpected(key.error());
  std::string text;
  if (!append_text(text, *key)) append_json(text, record);
  return text;
}

Task<Result<>> PageWork::add_rows(nlohmann::json here) {
  if (records_.empty()) co_return Result<>();
  if (run_.plan.lookup) {
    const auto found = co_await look_up();
    if (!found) co_return std::unexpected(found.error());
  }
  RecordMapper mapper(run_.plan, *pass_, record_scratch_);
  std::vector<std::size_t> long_records;
  for (std::size_t i = 0; i < records_.size(); ++i) {
    const auto is_wanted = show_record(i);
    if (!is_wanted) co_return std::unexpected(is_wanted.error());
    if (!*is_wanted) continue;
    const auto goes_on = begin_lists();
    if (!goes_on) co_return std::unexpected(goes_on.error());
    if (*goes_on)
      long_records.push_back(i);
    else
      mapper.add(scope_);
  }
  const auto [cut, example] = mapper.take_cut();
  const auto added = co_await add_long_records(mapper, std::move(long_records), std::move(here));
  if (!added) co_return added;
  note_cut(cut, example);
  note_misfits(mapper.misfits(), mapper.first_misfit());
  co_return Result<>();
}

Result<bool> PageWork::show_record(std::size_t index) {
  record_scratch_.reset();
  scope_.set(Root::record, records_[index]);
  scope_.set(Root::index, Value::Any(static_cast<std::int64_t>(index)));
  const auto is_wanted = run_.plan.filter.evaluate(scope_, record_scratch_);
  if (!is_wanted) return std::unexpected(is_wanted.error());
  if (!run_.plan.filter.is_absent() && !is_wanted->is_truthy()) return false;
  if (!run_.plan.lookup) return true;
  const auto key = text_of(run_.plan.lookup->of);
  if (!key) return std::unexpected(key.error());
  const auto detail = details_by_key_.find(*key);
  scope_.set(Root::detail, detail == details_by_key_.end() ? Value() : detail->second);
  return true;
}

void PageWork::note_cut(std::int64_t items, const std::string& example) {
  if (items > 0) pass_->skip(items, fmt::format("records show only parts of their lists, such as {}", example));
}

Task<Result<>> PageWork::look_up() {
  const auto& lookup = *run_.plan.lookup;
  details_by_key_.clear();
  const auto is_wanted = lookup.request.when.evaluate(scope_, scratch_);
  if (!is_wanted) co_return std::unexpected(is_wanted.error());
  if (!lookup.request.when.is_absent() && !is_wanted->is_truthy()) co_return Result<>();
  auto ask = build_request(lookup.request, *run_.plan.service, run_.base, std::nullopt, scope_, scratch_);
  if (!ask) co_return std::unexpected(ask.error());
  auto scope = scope_;
  const auto sent = co_await send(std::move(*ask), lookup.request, details_, scope);
  if (!sent) co_return std::unexpected(sent.error());
  note_unseen(lookup.request, scope, 0);
  co_return index_details(scope);
}

Result<> PageWork::index_details(const Scope& answered) {
  const auto& lookup = *run_.plan.lookup;
  auto scope = answered;
  const auto list =
      lookup.records.is_absent() ? Result<Value>(scope[Root::response]) : lookup.records.evaluate(scope, scratch_);
  if (!list) return std::unexpected(list.error());
  Result<> done;
  list->each([&](const Value& item) {
    record_scratch_.reset();
    scope.set(Root::item, item);
    const auto key = lookup.key.evaluate(scope, record_scratch_);
    std::string text;
    if (!key)
      done = std::unexpected(key.error());
    else if (append_text(text, *key))
      details_by_key_.insert_or_assign(std::move(text), item);
    return done.has_value();
  });
  return done;
}

Result<> PageWork::add_heads(const HeadsPlan& plan, std::vector<Head>& heads) {
  for (const auto& record : records_) {
    record_scratch_.reset();
    scope_.set(Root::record, record);
    auto name = text_of(plan.name);
    auto value = text_of(plan.value);
    if (!name) return std::unexpected(name.error());
    if (!value) return std::unexpected(value.error());
    if (!name->empty() && !value->empty()) heads.push_back({.name = std::move(*name), .value = std::move(*value)});
  }
  return {};
}

Result<std::string> PageWork::text_of(const Template& plan) {
  const auto value = plan.evaluate(scope_, record_scratch_);
  if (!value) return std::unexpected(value.error());
  std::string text;
  append_text(text, *value);
  return text;
}

void PageWork::rest() {
  list_answers_.clear();
  if (reply_.body.capacity() <= http::k_body_bytes_free) return;
  reply_.body = {};
  reply_.room.reset();
  answer_.shrink();
  details_.shrink();
}

void PageWork::count() {
  const auto now = run_.requester->counts();
  pass_->count_requests(now - run_.counted);
  run_.counted = now;
}

void PageWork::note_misfits(std::int64_t misfits, const std::string& first) {
  if (misfits > 0) pass_->log(LogLevel::warning, fmt::format("{} values were left out: {}", misfits, first));
}

std::unique_ptr<PageWork> PageWorks::take(PassContext& pass) {
  auto work = free_.empty() ? std::make_unique<PageWork>(run_) : std::move(free_.back());
  if (!free_.empty()) free_.pop_back();
  work->bind(pass);
  return work;
}

}  // namespace weir::plugin::declarative
