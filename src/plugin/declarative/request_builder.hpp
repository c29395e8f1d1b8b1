// Makes a request of its plan.
#pragma once
#include "plugin/declarative/plan.hpp"
#include "plugin/requester.hpp"

namespace weir::plugin::declarative {

// The request to send: the first whose `when` holds. Error declaration_invalid: none does.
Result<const RequestPlan*> choose_request(const std::vector<RequestPlan>& requests, const Scope& scope,
                                          Scratch& scratch);

// `at`: the URL of a next page, in place of the plan's. declaration_invalid when an expression fails or the URL is
// nothing, invalid_input when it leads to another origin than `base`.
Result<Ask> build_request(const RequestPlan& plan, const ServicePlan& service, const http::Url& base,
                          const std::optional<http::Url>& at, const Scope& scope, Scratch& scratch);

// The service's address as configured.
Result<http::Url> base_url(const ServicePlan& service, const Scope& scope, Scratch& scratch);

}  // namespace weir::plugin::declarative
