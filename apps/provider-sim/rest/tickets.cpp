// Routes about pull requests and issues.
#include <algorithm>

#include <fmt/format.h>

#include "base/time.hpp"
#include "provider-sim/rest/api.hpp"

namespace weir::sim {
namespace {

bool has_state(const Ticket& ticket, std::string_view state) {
  return state == "all" || ticket.is_open == (state != "closed");
}

template <class T>
void sort_tickets(std::vector<const T*>& tickets, const std::string& sort, const std::string& direction) {
  std::ranges::sort(tickets, [&sort](const T* a, const T* b) {
    if (sort == "updated" && a->updated_at != b->updated_at) return a->updated_at < b->updated_at;
    if ((sort == "comments" || sort == "popularity") && a->comments != b->comments) return a->comments < b->comments;
    return a->number < b->number;
  });
  if (direction == "desc") std::ranges::reverse(tickets);
}

std::optional<Answer> refuse_values(const Query& query, std::string_view name,
                                    std::initializer_list<std::string_view> values) {
  const std::string* value = query.find(name);
  if (!value || std::ranges::find(values, *value) != values.end()) return std::nullopt;
  return error_answer(422, fmt::format("Validation Failed: \"{}\" is not a possible value of {}", *value, name));
}

}  // namespace

Answer RestApi::list_pulls(const Call& call) {
  const Repository& repository = *call.repository;
  const Query& query = call.request.query;
  if (auto refused = refuse_values(query, "state", {"open", "closed", "all"})) return std::move(*refused);
  const auto state = query.get("state", "open");
  const auto sort = query.get("sort", "created");
  const auto direction = query.get("direction", sort == "created" ? "desc" : "asc");
  const auto base = query.get("base");
  const auto head = query.get("head");
  std::vector<const Pull*> pulls;
  for (const Pull& pull : repository.pulls) {
    const bool is_head = head.empty() || head.ends_with(":" + pull.head_ref);
    if (has_state(pull, state) && (base.empty() || base == pull.base_ref) && is_head) pulls.push_back(&pull);
  }
  sort_tickets(pulls, sort, direction);
  Listing listing{.count = pulls.size(), .path = call.path};
  listing.render = [this, &repository, pulls = std::move(pulls)](JsonWriter& json, std::size_t i) {
    renderer_.pull(json, repository, *pulls[i], Detail::list);
  };
  return {.listing = std::move(listing)};
}

Answer RestApi::get_pull(const Call& call) {
  const Pull* pull = call.repository->find_pull(parse_integer(call.args[0]).value_or(0));
  if (!pull) return not_found();
  Answer answer{.last_modified = pull->updated_at};
  JsonWriter json(answer.body);
  renderer_.pull(json, *call.repository, *pull, Detail::full);
  return answer;
}

Answer RestApi::list_reviews(const Call& call) {
  const Pull* pull = call.repository->find_pull(parse_integer(call.args[0]).value_or(0));
  if (!pull) return not_found();
  Listing listing{.count = pull->reviews.size(), .path = call.path};
  listing.render = [this, repository = call.repository, pull](JsonWriter& json, std::size_t i) {
    renderer_.review(json, *repository, *pull, pull->reviews[i]);
  };
  return {.listing = std::move(listing)};
}

Answer RestApi::list_pull_commits(const Call& call) {
  constexpr std::size_t commits_max = 250;
  const Pull* pull = call.repository->find_pull(parse_integer(call.args[0]).value_or(0));
  if (!pull) return not_found();
  auto commits = world_.history_between(*call.repository, pull->base, pull->head);
  std::ranges::reverse(commits);
  if (commits.size() > commits_max) commits.resize(commits_max);
  Listing listing{.count = commits.size(), .path = call.path};
  listing.render = [this, repository = call.repository, commits = std::move(commits)](JsonWriter& json, std::size_t i) {
    renderer_.commit(json, *repository, repository->commits[commits[i]], Detail::list);
  };
  return {.listing = std::move(listing)};
}

namespace {

bool has_labels(const Ticket& ticket, std::string_view wanted) {
  while (!wanted.empty()) {
    const auto name = wanted.substr(0, wanted.find(','));
    wanted.remove_prefix(std::min(wanted.size(), name.size() + 1));
    if (std::ranges::none_of(ticket.labels, [name](auto label) { return label_at(label).name == name; })) return false;
  }
  return true;
}

}  // namespace

// Pull requests are issues too.
Answer RestApi::list_issues(const Call& call) {
  const Repository& repository = *call.repository;
  if (!repository.has_issues) return error_answer(410, "Issues are disabled for this repo");
  const Query& query = call.request.query;
  if (auto refused = refuse_values(query, "state", {"open", "closed", "all"})) return std::move(*refused);
  const auto since = parse_rfc3339(query.get("since"));
  if (query.find("since") && !since) return error_answer(422, "Validation Failed: since must be an ISO 8601 timestamp");
  const auto state = query.get("state", "open");
  const auto labels = query.get("labels");
  std::vector<const Ticket*> tickets;
  const auto add = [&](const Ticket& ticket) {
    if (!has_state(ticket, state) || (since && ticket.updated_at < *since) || !has_labels(ticket, labels)) return;
    tickets.push_back(&ticket);
  };
  for (const Issue& issue : repository.issues) add(issue);
  for (const Pull& pull : repository.pulls) add(pull);
  std::ranges::sort(tickets, {}, &Ticket::number);
  sort_tickets(tickets, query.get("sort", "created"), query.get("direction", "desc"));
  Listing listing{.count = tickets.size(), .path = call.path};
  listing.render = [this, &repository, tickets = std::move(tickets)](JsonWriter& json, std::size_t i) {
    if (const Pull* pull = repository.find_pull(tickets[i]->number))
      renderer_.pull_as_issue(json, repository, *pull);
    else
      renderer_.issue(json, repository, *repository.find_issue(tickets[i]->number));
  };
  return {.listing = std::move(listing)};
}

Answer RestApi::get_issue(const Call& call) {
  const auto number = parse_integer(call.args[0]).value_or(0);
  const Pull* pull = call.repository->find_pull(number);
  const Issue* issue = call.repository->find_issue(number);
  if (!pull && !issue) return not_found();
  if (!call.repository->has_issues) return error_answer(410, "Issues are disabled for this repo");
  Answer answer;
  JsonWriter json(answer.body);
  if (pull)
    renderer_.pull_as_issue(json, *call.repository, *pull);
  else
    renderer_.issue(json, *call.repository, *issue);
  return answer;
}

}  // namespace weir::sim
