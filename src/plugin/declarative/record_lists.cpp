// Lists inside records that are longer than an answer shows.
#include <algorithm>

#include <fmt/format.h>

#include "plugin/declarative/page_work.hpp"
#include "plugin/declarative/request_builder.hpp"
#include "plugin/walk/listing.hpp"

namespace weir::plugin::declarative {
namespace {

using http::AnswerClass;

// Of answers that are kept at the same time: the rows of one record belong into one checkpoint.
constexpr std::size_t k_list_bytes_max = 32U << 20U;

void append_items(std::vector<Value>& items, const Value& list) {
  list.each([&](const Value& item) { return items.push_back(item), true; });
}

// Guards against pages that lead in circles; the record's own page is the first.
Result<> walk_on(Listing& listing, std::size_t items, const std::string& next) {
  const auto verdict =
      listing.accept({.records = std::vector<PageRecord>(items), .has_more = !next.empty(), .next_token = next});
  if (!verdict) return std::unexpected(verdict.error());
  return {};
}

}  // namespace

Result<bool> PageWork::begin_lists() {
  const auto& plans = run_.plan.lists;
  if (plans.empty()) return false;
  lists_.resize(plans.size());
  list_scratch_.reset();
  bool goes_on = false;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const auto items = plans[i].items.evaluate(scope_, list_scratch_);
    if (!items) return std::unexpected(items.error());
    auto next = text_of(plans[i].next);
    if (!next) return std::unexpected(next.error());
    lists_[i].items.clear();
    append_items(lists_[i].items, *items);
    lists_[i].next = std::move(*next);
    goes_on = goes_on || !lists_[i].next.empty();
    lists_by_name_.set(plans[i].name, *items);
  }
  scope_.set(Root::lists, lists_by_name_.value());
  return goes_on;
}

// One by one, so that only the lists of one record are held. Each is remembered in the position once it is done: a
// pass that ends in the middle of a page follows none of them twice.
Task<Result<>> PageWork::add_long_records(RecordMapper& mapper, std::vector<std::size_t> records, nlohmann::json here) {
  if (records.empty()) co_return Result<>();
  auto done =
      pass_->resume().is_object() ? pass_->resume().value("listed", nlohmann::json::array()) : nlohmann::json::array();
  for (const auto index : records) {
    const auto shown = show_record(index);
    if (!shown) co_return std::unexpected(shown.error());
    auto key = key_of_record();
    if (!key) co_return std::unexpected(key.error());
    if (std::ranges::find(done, nlohmann::json(*key)) != done.end()) continue;
    const auto completed = co_await complete_lists();
    if (!completed) co_return completed;
    mapper.add(scope_, are_lists_cut_ ? RecordMapper::Lists::cut : RecordMapper::Lists::whole);
    const auto [cut, example] = mapper.take_cut();
    note_cut(cut, example);
    done.push_back(std::move(*key));
    here["listed"] = done;
    co_await pass_->page_done(here);
  }
  co_return Result<>();
}

Task<Result<>> PageWork::complete_lists() {
  list_answers_used_ = 0;
  list_bytes_ = 0;
  are_lists_cut_ = false;
  const auto begun = begin_lists();
  if (!begun) co_return std::unexpected(begun.error());
  const auto& plans = run_.plan.lists;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const auto completed = co_await complete_list(plans[i], lists_[i]);
    if (!completed) co_return completed;
    lists_by_name_.set(plans[i].name, Value::Any(List{lists_[i].items.data(), lists_[i].items.size()}));
  }
  scope_.set(Root::lists, lists_by_name_.value());
  co_return Result<>();
}

// What is deleted meanwhile, or larger than can be held, is cut: rows come and change, but nothing goes.
Task<Result<>> PageWork::complete_list(const ListPlan& plan, HeldList& list) {
  Listing listing({.address = PageAddress::token, .page_size_max = plan.pages.size});
  if (const auto walked = walk_on(listing, list.items.size(), list.next); !walked) co_return walked;
  while (!list.next.empty()) {
    scratch_.refill_steps();
    auto scope = scope_;
    list_page_.set("token", text_value(list.next)).set("size", Value::Any(plan.pages.size));
    scope.set(Root::page, list_page_.value());
    auto ask = build_request(plan.request, *run_.plan.service, run_.base, std::nullopt, scope, scratch_);
    if (!ask) co_return std::unexpected(ask.error());
    if (list_answers_used_ == list_answers_.size()) list_answers_.push_back(std::make_unique<Document>());
    auto& answer = *list_answers_[list_answers_used_++];
    const auto sent = co_await send(std::move(*ask), plan.request, answer, scope);
    const bool is_gone = !sent && refusal_ && refusal_->meaning == AnswerClass::gone;
    if (!sent && !is_gone) co_return sent;
    list_bytes_ += reply_.body.size();
    if (is_gone || list_bytes_ > k_list_bytes_max) {
      are_lists_cut_ = true;
      pass_->skip(1, fmt::format("the list '{}' of a record could not be read to its end: {}", plan.name,
                                 is_gone ? refusal_->error.message : "it is too large"));
      co_return Result<>();
    }
    const auto missing = note_unseen(plan.request, scope, 0);
    are_lists_cut_ = are_lists_cut_ || missing;
    const auto items =
        plan.records.is_absent() ? Result<Value>(scope[Root::response]) : plan.records.evaluate(scope, scratch_);
    if (!items) co_return std::unexpected(items.error());
    const auto before = list.items.size();
    append_items(list.items, *items);
    const auto next = plan.pages.next.evaluate(scope, scratch_);
    if (!next) co_return std::unexpected(next.error());
    list.next.clear();
    append_text(list.next, *next);
    const auto walked = walk_on(listing, list.items.size() - before, list.next);
    if (!walked) co_return walked;
  }
  co_return Result<>();
}

}  // namespace weir::plugin::declarative
