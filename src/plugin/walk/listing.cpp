#include "plugin/walk/listing.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "plugin/walk/page_choice.hpp"

namespace weir::plugin {
namespace {

constexpr std::size_t k_recent_pages = 3;
constexpr std::size_t k_tail_keys = 8;
constexpr int k_torn_max = 40;
constexpr int k_stuck_max = 1000;  // pages read again after a step back to the begin, and more; empty pages in a row
constexpr std::int64_t k_pages_max = 1'000'000;

// FNV-1a: positions outlive the process, so the hash must not depend on the library.
std::uint64_t hash_of(std::string_view key) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

std::optional<Instant> last_value(const Page& page) {
  for (auto record = page.records.rbegin(); record != page.records.rend(); ++record)
    if (record->at) return record->at;
  return std::nullopt;
}

std::unexpected<Error> broken(std::string what) {
  return fail(ErrorCode::provider_failed, "the provider's listing cannot be followed: " + std::move(what));
}

}  // namespace

Listing::Listing(ListingSettings settings, const nlohmann::json& position) : settings_(settings) {
  if (!position.is_object()) return;
  const auto token = position.find("token");
  if (settings_.address == PageAddress::token) {
    if (token != position.end() && token->is_string()) token_ = token->get<std::string>();
    pages_ = token_.empty() ? 0 : 1;
    return;
  }
  const auto reached = position.find("reached");
  const auto tail = position.find("tail");
  if (reached == position.end() || !reached->is_number_unsigned() || tail == position.end() || !tail->is_array())
    return;
  Keys keys;
  for (const auto& key : *tail)
    if (key.is_number_unsigned()) keys.insert(key.get<std::uint64_t>());
  if (keys.empty()) return;
  reached_ = reached->get<std::int64_t>();
  pages_ = 1;
  tail_.assign(keys.begin(), keys.end());
  recent_.push_front(std::move(keys));
  const auto last = position.find("last");
  if (last != position.end() && last->is_number_integer()) last_ = Instant(Duration(last->get<std::int64_t>()));
}

nlohmann::json Listing::position() const {
  if (pages_ == 0) return nullptr;
  if (settings_.address == PageAddress::token) return {{"token", token_}};
  nlohmann::json position{{"reached", static_cast<std::uint64_t>(reached_)}, {"tail", tail_}};
  if (last_) position["last"] = last_->time_since_epoch().count();
  return position;
}

PageQuery Listing::next(PageQuery query) {
  query.token = token_;
  query.page_size = settings_.page_size_max;
  if (settings_.address == PageAddress::token) return query;
  first_ = back_to_.value_or(std::max<std::int64_t>(0, reached_ - 1));
  if (settings_.address == PageAddress::number) {
    const auto choice = choose_page(first_, settings_.page_size_max);
    query.page_number = choice.page_number;
    query.page_size = choice.page_size;
    first_ = choice.first();
  }
  size_asked_ = query.page_size;
  query.offset = first_;
  return query;
}

Result<Listing::Verdict> Listing::accept(const Page& page) {
  if (settings_.address == PageAddress::token) return accept_token(page);
  const auto size_used = page.page_size.value_or(size_asked_);
  if (size_used < size_asked_) {
    settings_.page_size_max = std::max<std::int64_t>(2, size_used);
    first_ = settings_.address == PageAddress::number ? first_ / size_asked_ * size_used : first_;
  }
  if (!joins(page)) return step_back();
  const auto size = static_cast<std::int64_t>(page.records.size());
  if (size == 0 && page.has_more) return broken("an empty page says that there are more");
  if (!std::ranges::all_of(page.records, [this](const PageRecord& record) { return was_shown(record); })) torn_ = 0;
  remember(page);
  // Page numbers count what a provider filters out of a page afterwards.
  reached_ = first_ + (settings_.address == PageAddress::number && page.has_more ? size_used : size);
  stuck_ = reached_ > furthest_ ? 0 : stuck_ + 1;
  furthest_ = std::max(furthest_, reached_);
  if (page.has_more && stuck_ > k_stuck_max) return broken("its pages do not get any further");
  back_to_.reset();
  ++pages_;
  return page.has_more ? Verdict::joined : Verdict::done;
}

Result<Listing::Verdict> Listing::accept_token(const Page& page) {
  ++pages_;
  if (!page.has_more) return Verdict::done;
  if (page.next_token.empty()) return broken("it says that there are more, but not where");
  if (page.next_token == token_) return broken("the next page is the page itself");
  if (page.next_token == landmark_) return broken("its pages lead back to one that was shown");
  stuck_ = page.records.empty() ? stuck_ + 1 : 0;
  if (stuck_ > k_stuck_max) return broken(fmt::format("{} pages in a row hold nothing", stuck_));
  if (pages_ > k_pages_max) return broken(fmt::format("it has more than {} pages", k_pages_max));
  token_ = page.next_token;
  if (++since_landmark_ == landmark_reach_) {
    landmark_ = token_;
    landmark_reach_ *= 2;
    since_landmark_ = 0;
  }
  return Verdict::joined;
}

// In a listing sorted by the cursor's value a record that was changed stands elsewhere: it proves nothing any more.
std::uint64_t Listing::fingerprint(const PageRecord& record) const {
  const auto hash = hash_of(record.key);
  const bool is_sorted_by_value = settings_.order == PageOrder::ascending || settings_.order == PageOrder::descending;
  if (!is_sorted_by_value || !record.at) return hash;
  return hash ^ (static_cast<std::uint64_t>(record.at->time_since_epoch().count()) * 0x9e3779b97f4a7c15U);
}

bool Listing::was_shown(const PageRecord& record) const {
  const auto key = fingerprint(record);
  return std::ranges::any_of(recent_, [key](const Keys& keys) { return keys.contains(key); });
}

bool Listing::joins(const Page& page) const {
  if (first_ == 0) return true;
  if (page.records.empty()) return false;
  const auto& front = page.records.front();
  if (settings_.order == PageOrder::descending && front.at && last_ && *front.at > *last_) return true;
  if (settings_.order == PageOrder::ascending && front.at && last_ && *front.at < *last_) return true;
  return was_shown(front);
}

// A few records first, then ever more, at last to the begin.
Result<Listing::Verdict> Listing::step_back() {
  if (++torn_ > k_torn_max) return broken("it is sorted anew for every request");
  const auto step = std::max<std::int64_t>(1, settings_.page_size_max / 2) << std::min(torn_ - 1, 20);
  back_to_ = std::max<std::int64_t>(0, std::min(first_, reached_) - step);
  return Verdict::torn;
}

void Listing::remember(const Page& page) {
  Keys keys;
  for (const auto& record : page.records) keys.insert(fingerprint(record));
  recent_.push_front(std::move(keys));
  if (recent_.size() > k_recent_pages) recent_.pop_back();
  for (const auto& record : page.records) tail_.push_back(fingerprint(record));
  if (tail_.size() > k_tail_keys) tail_.erase(tail_.begin(), tail_.end() - k_tail_keys);
  if (const auto value = last_value(page)) last_ = value;
}

}  // namespace weir::plugin
