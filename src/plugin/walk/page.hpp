// A request for one page, and what came back, as a walk sees them: no URLs, no rows.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace weir::plugin {

// How a provider is told which page of a listing is wanted.
enum class PageAddress {
  token,   // an opaque cursor that the server gave; it does not shift when records come and go
  offset,  // the index of the first record
  number,  // a page number and a page size
};

struct PageQuery {
  // Wanted are the records whose cursor value is after `from` (or at it, with is_from_included) and not after `to`; an
  // answer may hold more. No `from`: from the first record on. No `to`: up to the newest; windows have one, and what is
  // below a cut.
  std::optional<Instant> from{};
  bool is_from_included = false;
  std::optional<Instant> to{};
  // The place in the listing, in all three ways; `token` is empty for the first page.
  std::string token{};
  std::int64_t offset = 0;
  std::int64_t page_number = 1;  // from 1; (page_number - 1) * page_size == offset
  std::int64_t page_size = 0;
  bool begins_pass = false;  // the first of a pass that goes on from nowhere: it may be a conditional request
};

struct PageRecord {
  std::string key;              // identifies it within the listing
  std::optional<Instant> at{};  // its cursor value
};

struct Page {
  std::vector<PageRecord> records{};  // as listed, those that are filtered out afterwards included
  bool has_more = false;
  std::string next_token{};                 // of PageAddress::token
  std::optional<std::int64_t> page_size{};  // what the provider says it used; absent: the one asked for
  std::optional<std::int64_t> total{};      // what the provider says the whole listing holds
  bool is_capped = false;                   // the provider will not show the rest of this listing (of `total`, if said)
  std::int64_t unseen = 0;                  // records that it listed without showing them
  std::optional<Instant> provider_time{};   // its clock when it answered
  // It is what the last complete pass began with, and everything after `from` is on it. Only where begins_pass.
  bool is_unchanged = false;
};

}  // namespace weir::plugin
