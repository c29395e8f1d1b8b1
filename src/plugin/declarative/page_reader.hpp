// What a walk needs to know of an answer: which records it shows, and where the next page is.
#pragma once
#include "plugin/declarative/plan.hpp"
#include "plugin/requester.hpp"
#include "plugin/walk/walk.hpp"

namespace weir::plugin::declarative {

// How pages of this plan are addressed; `requests` tell whether they count pages or records.
PageAddress address_of(const PagesPlan& pages, const std::vector<RequestPlan>& requests);

// Whether the request says how large a page shall be.
bool asks_for_page_size(const RequestPlan& request);

// Whether they say up to when records are wanted.
bool asks_up_to(const std::vector<RequestPlan>& requests);

// Whether positions of this style are URLs.
bool is_addressed_by_url(PageStyle style);

struct ReadPage {
  const PagesPlan& pages;
  const ServicePlan& service;
  const http::Url& base;
  const PageQuery& query;
  const Reply& reply;
};

// `page.records` is filled in; the rest is found out here. `scope` has the answer and its records.
Result<> read_page(const ReadPage& read, const Scope& scope, Scratch& scratch, Page& page);

}  // namespace weir::plugin::declarative
