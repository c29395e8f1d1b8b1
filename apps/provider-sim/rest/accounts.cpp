// Routes about the caller, accounts, organizations and teams.
#include <algorithm>

#include <fmt/format.h>

#include "provider-sim/rest/api.hpp"

namespace weir::sim {
namespace {

Answer object_answer(std::string body) { return {.status = 200, .body = std::move(body)}; }

Answer requires_authentication() { return error_answer(401, "Requires authentication"); }

}  // namespace

bool RestApi::is_organization(std::string_view login_or_id) const {
  for (const Index index : {world_.organization(), world_.other_organization()}) {
    const Account& account = world_.account(index);
    if (lower(login_or_id) == lower(account.login) || login_or_id == std::to_string(account.id)) return true;
  }
  return false;
}

Answer RestApi::get_root(const Call&) {
  Answer answer;
  const std::string& api = renderer_.origins().api;
  JsonWriter(answer.body)
      .begin_object()
      .url_field("current_user_url", api, "/user")
      .url_field("organization_url", api, "/orgs/{org}")
      .url_field("repository_url", api, "/repos/{owner}/{repo}")
      .url_field("rate_limit_url", api, "/rate_limit")
      .end_object();
  return answer;
}

Answer RestApi::get_meta(const Call&) {
  return object_answer(R"({"verifiable_password_authentication":false,"installed_version":"3.19.0"})");
}

Answer RestApi::get_self(const Call& call) {
  if (call.caller.account() == k_none) {
    return call.caller.is_anonymous() ? requires_authentication()
                                      : error_answer(403, "Resource not accessible by integration");
  }
  Answer answer;
  JsonWriter json(answer.body);
  renderer_.account_profile(json, call.caller.account());
  return answer;
}

Answer RestApi::get_account(const Call& call) {
  const Index index = world_.find_account_index(call.args[0]);
  if (index == k_none) return not_found();
  Answer answer{.last_modified = world_.account(index).updated_at};
  JsonWriter json(answer.body);
  renderer_.account_profile(json, index);
  return answer;
}

Answer RestApi::get_organization(const Call& call) {
  if (!is_organization(call.args[0])) return not_found();
  const bool is_other = call.args[0] != std::to_string(world_.account(world_.organization()).id) &&
                        lower(call.args[0]) != lower(world_.account(world_.organization()).login);
  Answer answer;
  JsonWriter json(answer.body);
  renderer_.organization(json, is_other ? world_.other_organization() : world_.organization());
  return answer;
}

Answer RestApi::repository_listing(const Call& call, std::vector<const Repository*> repositories, std::string path,
                                   std::string wrapper) {
  Listing listing{.count = repositories.size(),
                  .wrapper = std::move(wrapper),
                  .total_count = repositories.size(),
                  .path = std::move(path)};
  const bool can_push = call.caller.can_push();
  listing.render = [this, repositories = std::move(repositories), can_push](JsonWriter& json, std::size_t i) {
    renderer_.repository(json, *repositories[i], Detail::list, can_push);
  };
  return {.listing = std::move(listing)};
}

namespace {

bool is_of_type(const Repository& repository, std::string_view type) {
  if (type == "public") return repository.visibility == Visibility::public_;
  if (type == "private") return repository.visibility == Visibility::private_;
  if (type == "forks") return repository.is_fork;
  if (type == "sources") return !repository.is_fork;
  return true;
}

void sort_repositories(std::vector<const Repository*>& repositories, const Query& query, std::string_view otherwise) {
  const auto sort = query.get("sort", otherwise);
  const auto direction = query.get("direction", sort == "full_name" ? "asc" : "desc");
  std::ranges::sort(repositories, [&](const Repository* a, const Repository* b) {
    if (sort == "full_name") return lower(a->name) < lower(b->name);
    if (sort == "pushed" && a->pushed_at != b->pushed_at) return a->pushed_at < b->pushed_at;
    if (sort == "updated" && a->updated_at != b->updated_at) return a->updated_at < b->updated_at;
    return a->created_at != b->created_at ? a->created_at < b->created_at : a->id < b->id;
  });
  if (direction == "desc") std::ranges::reverse(repositories);
}

}  // namespace

Answer RestApi::list_organization_repositories(const Call& call) {
  if (!is_organization(call.args[0])) return not_found();
  const bool is_main = call.args[0] == std::to_string(world_.account(world_.organization()).id) ||
                       lower(call.args[0]) == lower(world_.account(world_.organization()).login);
  const Index owner = is_main ? world_.organization() : world_.other_organization();
  const auto type = call.request.query.get("type", "all");
  std::vector<const Repository*> repositories;
  for (const auto& repository : world_.repositories()) {
    const bool is_listed =
        repository->owner == owner && call.caller.can_see(*repository) && is_of_type(*repository, type);
    if (is_listed && !(call.caller.needs_sso() && repository->visibility != Visibility::public_))
      repositories.push_back(repository.get());
  }
  sort_repositories(repositories, call.request.query, "created");
  auto answer = repository_listing(call, std::move(repositories),
                                   fmt::format("/organizations/{}/repos", world_.account(owner).id), "");
  if (call.caller.needs_sso())
    answer.headers.emplace_back("X-GitHub-SSO",
                                fmt::format("partial-results; organizations={}", world_.account(owner).id));
  return answer;
}

Answer RestApi::list_own_repositories(const Call& call) {
  if (call.caller.is_anonymous()) return requires_authentication();
  const Query& query = call.request.query;
  if (query.find("type") && (query.find("visibility") || query.find("affiliation")))
    return error_answer(422, "Validation Failed: If you specify visibility or affiliation, you cannot specify type.");
  std::vector<const Repository*> repositories;
  const auto since = parse_rfc3339(query.get("since"));
  for (const auto& repository : world_.repositories()) {
    if (since && repository->updated_at < *since) continue;
    if (call.caller.can_see(*repository)) repositories.push_back(repository.get());
  }
  sort_repositories(repositories, query, "full_name");
  return repository_listing(call, std::move(repositories), "/user/repos", "");
}

Answer RestApi::list_installation_repositories(const Call& call) {
  if (!call.caller.is_installation())
    return error_answer(403,
                        "You must authenticate with an installation access token in order to list repositories for an "
                        "installation.");
  std::vector<const Repository*> repositories;
  for (const auto& repository : world_.repositories())
    if (repository->owner == world_.organization() && call.caller.can_see(*repository))
      repositories.push_back(repository.get());
  auto answer = repository_listing(call, std::move(repositories), "/installation/repositories", "repositories");
  const bool is_selected = !call.caller.token()->repositories.empty();
  answer.listing->extra = fmt::format("\"repository_selection\":\"{}\"", is_selected ? "selected" : "all");
  return answer;
}

Answer RestApi::list_members(const Call& call) {
  if (!is_organization(call.args[0])) return not_found();
  Listing listing{.count = world_.members().size(),
                  .path = fmt::format("/organizations/{}/members", world_.account(world_.organization()).id)};
  listing.render = [this](JsonWriter& json, std::size_t i) { renderer_.account(json, world_.members()[i]); };
  return {.listing = std::move(listing)};
}

Answer RestApi::list_teams(const Call& call) {
  if (!is_organization(call.args[0])) return not_found();
  Listing listing{.count = world_.teams().size(),
                  .path = fmt::format("/organizations/{}/teams", world_.account(world_.organization()).id)};
  listing.render = [this](JsonWriter& json, std::size_t i) { renderer_.team(json, world_.teams()[i], Detail::list); };
  return {.listing = std::move(listing)};
}

const Team* RestApi::find_team(std::string_view slug_or_id) const {
  for (const Team& team : world_.teams())
    if (team.slug == slug_or_id || slug_or_id == std::to_string(team.id)) return &team;
  return nullptr;
}

Answer RestApi::get_team(const Call& call) {
  const Team* team = is_organization(call.args[0]) ? find_team(call.args[1]) : nullptr;
  if (!team) return not_found();
  Answer answer;
  JsonWriter json(answer.body);
  renderer_.team(json, *team, Detail::list);
  return answer;
}

Answer RestApi::list_team_members(const Call& call) {
  const Team* team = is_organization(call.args[0]) ? find_team(call.args[1]) : nullptr;
  if (!team) return not_found();
  auto members = world_.team_members(*team);
  Listing listing{
      .count = members.size(),
      .path = fmt::format("/organizations/{}/team/{}/members", world_.account(world_.organization()).id, team->id)};
  listing.render = [this, members = std::move(members)](JsonWriter& json, std::size_t i) {
    renderer_.account(json, members[i]);
  };
  return {.listing = std::move(listing)};
}

}  // namespace weir::sim
