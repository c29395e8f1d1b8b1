#include "provider-sim/rest/api.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "provider-sim/base/dice.hpp"
#include "provider-sim/base/sim_clock.hpp"

namespace weir::sim {

const std::vector<RestApi::Route>& RestApi::routes() {
  static const std::vector<Route> table{{"", &RestApi::get_root, ""},
                                        {"meta", &RestApi::get_meta, ""},
                                        {"user", &RestApi::get_self, ""},
                                        {"user/repos", &RestApi::list_own_repositories, ""},
                                        {"installation/repositories", &RestApi::list_installation_repositories, ""},
                                        {"users/{}", &RestApi::get_account, ""},
                                        {"users/{}/repos", &RestApi::list_organization_repositories, ""},
                                        {"orgs/{}", &RestApi::get_organization, ""},
                                        {"orgs/{}/repos", &RestApi::list_organization_repositories, ""},
                                        {"orgs/{}/members", &RestApi::list_members, "members"},
                                        {"orgs/{}/teams", &RestApi::list_teams, "members"},
                                        {"orgs/{}/teams/{}", &RestApi::get_team, "members"},
                                        {"orgs/{}/teams/{}/members", &RestApi::list_team_members, "members"},
                                        {"organizations/{}", &RestApi::get_organization, ""},
                                        {"organizations/{}/repos", &RestApi::list_organization_repositories, ""},
                                        {"organizations/{}/members", &RestApi::list_members, "members"},
                                        {"organizations/{}/teams", &RestApi::list_teams, "members"},
                                        {"organizations/{}/team/{}", &RestApi::get_team, "members"},
                                        {"organizations/{}/team/{}/members", &RestApi::list_team_members, "members"}};
  return table;
}

const std::vector<RestApi::Route>& RestApi::repository_routes() {
  static const std::vector<Route> table{{"", &RestApi::get_repository, ""},
                                        {"contributors", &RestApi::list_contributors, ""},
                                        {"commits", &RestApi::list_commits, "contents"},
                                        {"commits/{…}", &RestApi::get_commit, "contents"},
                                        {"compare/{…}", &RestApi::compare, "contents"},
                                        {"branches", &RestApi::list_branches, "contents"},
                                        {"branches/{…}", &RestApi::get_branch, "contents"},
                                        {"releases", &RestApi::list_releases, "contents"},
                                        {"releases/{}", &RestApi::get_release, "contents"},
                                        {"pulls", &RestApi::list_pulls, "pull_requests"},
                                        {"pulls/{}", &RestApi::get_pull, "pull_requests"},
                                        {"pulls/{}/reviews", &RestApi::list_reviews, "pull_requests"},
                                        {"pulls/{}/commits", &RestApi::list_pull_commits, "pull_requests"},
                                        {"issues", &RestApi::list_issues, "issues"},
                                        {"issues/{}", &RestApi::get_issue, "issues"},
                                        {"actions/runs", &RestApi::list_runs, "actions"},
                                        {"actions/runs/{}", &RestApi::get_run, "actions"},
                                        {"actions/runs/{}/jobs", &RestApi::list_jobs, "actions"},
                                        {"actions/runs/{}/attempts/{}/jobs", &RestApi::list_jobs, "actions"},
                                        {"actions/workflows", &RestApi::list_workflows, "actions"}};
  return table;
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    segments.push_back(decode_percent(path.substr(0, end)));
    path.remove_prefix(end);
  }
  if (segments.size() == 1 && segments[0].empty()) segments.clear();
  return segments;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

Answer error_answer(int status, std::string_view message, std::string_view documentation) {
  Answer answer{.status = status};
  JsonWriter json(answer.body);
  json.begin_object().field("message", message);
  json.field("documentation_url", documentation.empty() ? "https://docs.github.com/rest" : documentation);
  json.field("status", std::to_string(status)).end_object();
  return answer;
}

Answer not_found() { return error_answer(404, "Not Found"); }

const RestApi::Route* RestApi::match(const std::vector<Route>& routes, const std::vector<std::string>& segments,
                                     std::size_t from, std::vector<std::string>& args) {
  for (const Route& route : routes) {
    args.clear();
    std::string_view pattern = route.pattern;
    std::size_t i = from;
    bool fits = true;
    while (fits && !pattern.empty()) {
      const auto part = pattern.substr(0, pattern.find('/'));
      pattern.remove_prefix(std::min(pattern.size(), part.size() + 1));
      fits = i < segments.size() && !segments[i].empty() && (part.starts_with('{') || part == segments[i]);
      if (!fits) break;
      if (part.starts_with('{')) args.push_back(segments[i]);
      ++i;
      if (part == "{…}")
        for (; i < segments.size(); ++i) args.back() += "/" + segments[i];
    }
    if (fits && i == segments.size()) return &route;
  }
  return nullptr;
}

Answer RestApi::run_route(const Route& route, Call call) {
  if (!route.resource.empty() && call.caller.is_denied(route.resource)) {
    auto answer = error_answer(403, call.caller.is_installation() ? "Resource not accessible by integration"
                                                                  : "Resource not accessible by personal access token");
    answer.headers.emplace_back("X-Accepted-GitHub-Permissions", fmt::format("{}=read", route.resource));
    return answer;
  }
  return (this->*route.handler)(call);
}

Answer RestApi::dispatch(const Request& request, const Caller& caller) {
  const auto segments = split_path(request.path);
  if (request.method != "GET" && request.method != "HEAD") return not_found();
  if (!segments.empty() && (segments[0] == "repos" || segments[0] == "repositories"))
    return dispatch_repository(request, caller, segments);
  Call call{.request = request, .caller = caller, .path = request.path};
  const Route* route = match(routes(), segments, 0, call.args);
  return route ? run_route(*route, std::move(call)) : not_found();
}

Answer RestApi::dispatch_repository(const Request& request, const Caller& caller,
                                    const std::vector<std::string>& segments) {
  const bool is_by_name = segments[0] == "repos";
  const std::size_t rest = is_by_name ? 3 : 2;
  if (segments.size() < rest) return not_found();
  const Repository* repository = nullptr;
  if (is_by_name) {
    const auto name = segments[1] + "/" + segments[2];
    repository = world_.find_repository(name);
    if (!repository) {
      const Repository* former = world_.find_moved_repository(name);
      if (former && caller.can_see(*former)) return moved(*former, segments, request);
    }
  } else {
    repository = world_.find_repository(parse_integer(segments[1]).value_or(0));
  }
  if (!repository || !caller.can_see(*repository)) return not_found();
  if (auto refused = refuse_repository(*repository)) return std::move(*refused);
  if (caller.needs_sso()) {
    auto answer = error_answer(403,
                               "Resource protected by organization SAML enforcement. You must grant your Personal "
                               "Access token access to this organization.");
    answer.headers.emplace_back("X-GitHub-SSO",
                                fmt::format("required; url={}/orgs/{}/sso?authorization_request=AZSCKL",
                                            renderer_.origins().html, world_.account(repository->owner).login));
    return answer;
  }
  Call call{.request = request, .caller = caller, .repository = repository};
  const Route* route = match(repository_routes(), segments, rest, call.args);
  if (!route) return not_found();
  call.path = fmt::format("/repositories/{}", repository->id);
  for (std::size_t i = rest; i < segments.size(); ++i) call.path += "/" + encode_percent(segments[i]);
  return run_route(*route, std::move(call));
}

std::optional<Answer> RestApi::refuse_repository(const Repository& repository) const {
  if (repository.block == Block::none) return std::nullopt;
  const bool is_dmca = repository.block == Block::dmca;
  Answer answer{.status = is_dmca ? 451 : 403};
  JsonWriter json(answer.body);
  json.begin_object().field("message", "Repository access blocked").key("block").begin_object();
  json.field("reason", is_dmca ? "dmca" : "tos").field("created_at", repository.updated_at).key("html_url");
  if (is_dmca)
    json.value("https://github.com/github/dmca/blob/master/2024/01/2024-01-01-example.md");
  else
    json.value(nullptr);
  json.end_object().end_object();
  return answer;
}

Answer RestApi::moved(const Repository& repository, const std::vector<std::string>& segments,
                      const Request& request) const {
  std::string url = fmt::format("{}/repositories/{}", renderer_.origins().api, repository.id);
  for (std::size_t i = 3; i < segments.size(); ++i) url += "/" + encode_percent(segments[i]);
  url += request.query.without({});
  Answer answer{.status = request.method == "GET" ? 301 : 307};
  JsonWriter(answer.body)
      .begin_object()
      .field("message", "Moved Permanently")
      .field("url", url)
      .field("documentation_url",
             "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects")
      .end_object();
  answer.headers.emplace_back("Location", url);
  return answer;
}

const Repository* RestApi::repository_of(std::string_view path) const {
  const auto segments = split_path(path);
  if (segments.size() >= 3 && segments[0] == "repos") return world_.find_repository(segments[1] + "/" + segments[2]);
  if (segments.size() >= 2 && segments[0] == "repositories")
    return world_.find_repository(parse_integer(segments[1]).value_or(0));
  return nullptr;
}

Response RestApi::answer(const Request& request, const Caller& caller, PageFault fault) {
  const Repository* repository = repository_of(request.path);
  const auto version = repository ? repository->version : world_.version();
  const std::string key = caller.view() + " " + request.target;
  if (fault == PageFault::none)
    if (const auto* entry = cache_.find(key, version)) return finish(request, caller, *entry);
  Answer answer = dispatch(request, caller);
  if (answer.listing) {
    Answer page{.headers = answer.headers};
    if (auto refused = lay_out_page(*answer.listing, request, fault, page))
      answer = std::move(*refused);
    else
      answer = std::move(page);
  }
  RenderedAnswer entry{.status = answer.status,
                       .body = std::make_shared<const std::string>(std::move(answer.body)),
                       .headers = std::move(answer.headers)};
  const auto bytes = entry.body->size();
  entry.hash = std::hash<std::string>()(*entry.body);
  if (answer.last_modified) entry.headers.emplace_back("Last-Modified", format_http_date(*answer.last_modified));
  if (fault != PageFault::none || answer.status >= 300) return finish(request, caller, entry);
  return finish(request, caller, cache_.put(key, version, std::move(entry), bytes));
}

// Status, validators, headers: what depends on this request rather than on what it asks for.
Response RestApi::finish(const Request& request, const Caller& caller, const RenderedAnswer& entry) const {
  Response response{.status = entry.status, .headers = entry.headers, .body = entry.body};
  response.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
  if (entry.status != 200) return response;
  const auto seed = mix(entry.hash, hash_text(caller.view()), hash_text(request.accept));
  const auto tag =
      fmt::format("\"{:016x}{:016x}{:016x}{:016x}\"", mix(seed, 1), mix(seed, 2), mix(seed, 3), mix(seed, 4));
  const auto weak = "W/" + tag;
  response.headers.emplace_back("ETag", weak);
  response.headers.emplace_back("Cache-Control", "private, max-age=60, s-maxage=60");
  response.headers.emplace_back(
      "Vary", "Accept, Authorization, Cookie, X-GitHub-OTP, Accept-Encoding, Accept, X-Requested-With");
  const std::string* modified = response.header("Last-Modified");
  const bool is_unchanged = !request.if_none_match.empty()
                                ? request.if_none_match == weak || request.if_none_match == tag
                                : modified && *modified == request.if_modified_since;
  if (is_unchanged) {
    response.status = 304;
    response.body = std::make_shared<const std::string>();
  }
  return response;
}

}  // namespace weir::sim
