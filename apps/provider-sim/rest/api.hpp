// GitHub's REST: routes, parameters, pagination, validators. It knows nothing of limits, faults or HTTP.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "provider-sim/base/lru_cache.hpp"
#include "provider-sim/base/message.hpp"
#include "provider-sim/rest/caller.hpp"
#include "provider-sim/rest/renderer.hpp"

namespace weir::sim {

struct RestOptions {
  std::size_t pagination_limit = 0;     // a page that reaches beyond so many items is 422; 0: as GitHub documents
  std::size_t run_results_max = 1'000;  // of a filtered query
  std::size_t run_unfiltered_max = 40'000;
};

// A list before it is cut into pages.
struct Listing {
  std::size_t count = 0;
  std::function<void(JsonWriter&, std::size_t)> render{};
  std::string wrapper{};        // "": an array; otherwise {"total_count": …, wrapper: […]}
  std::size_t total_count = 0;  // of the wrapper; may be more than can be paged through
  std::string extra{};          // one further member of the wrapper, as JSON text
  std::string path{};           // of the links: GitHub's canonical one, by id
};

struct Answer {
  int status = 200;
  std::string body{};
  std::optional<Listing> listing{};
  std::vector<std::pair<std::string, std::string>> headers{};
  std::optional<Time> last_modified{};
};
Answer error_answer(int status, std::string_view message, std::string_view documentation = {});

// What a fault asks of a list (faults/fault_plan.hpp).
enum class PageFault { none, duplicate, short_page, self_link };

// What is kept of an answer for the next request of its kind.
struct RenderedAnswer {
  int status = 200;
  Body body{};
  std::vector<std::pair<std::string, std::string>> headers{};
  std::uint64_t hash = 0;  // of the body
};

struct Call {
  const Request& request;
  const Caller& caller;
  const Repository* repository = nullptr;
  std::string path{};               // canonical, of the links
  std::vector<std::string> args{};  // what the pattern's {} matched
};

class RestApi {
 public:
  RestApi(const World& world, Renderer& renderer, RestOptions options, std::size_t cache_bytes_max)
      : world_(world), renderer_(renderer), options_(options), cache_(cache_bytes_max) {}

  Response answer(const Request& request, const Caller& caller, PageFault fault);
  // The repository that a path is about, if any: faults drift and are limited by it.
  const Repository* repository_of(std::string_view path) const;
  const LruCache<RenderedAnswer>& cache() const { return cache_; }

 private:
  using Handler = Answer (RestApi::*)(const Call&);
  struct Route {
    std::string_view pattern{};  // segments; "{}" takes one, "{…}" the rest
    Handler handler;
    std::string_view resource{};  // the permission it needs
  };
  static const std::vector<Route>& routes();
  static const std::vector<Route>& repository_routes();
  static const Route* match(const std::vector<Route>& routes, const std::vector<std::string>& segments,
                            std::size_t from, std::vector<std::string>& args);

  Answer dispatch(const Request& request, const Caller& caller);
  Answer dispatch_repository(const Request& request, const Caller& caller, const std::vector<std::string>& segments);
  Answer run_route(const Route& route, Call call);
  std::optional<Answer> refuse_repository(const Repository& repository) const;
  Answer moved(const Repository& repository, const std::vector<std::string>& segments, const Request& request) const;
  std::optional<Answer> lay_out_page(const Listing& listing, const Request& request, PageFault fault,
                                     Answer& page) const;
  Response finish(const Request& request, const Caller& caller, const RenderedAnswer& entry) const;

  // rest/accounts.cpp
  Answer get_root(const Call& call);
  Answer get_meta(const Call& call);
  Answer get_self(const Call& call);
  Answer list_own_repositories(const Call& call);
  Answer list_installation_repositories(const Call& call);
  Answer get_account(const Call& call);
  Answer get_organization(const Call& call);
  Answer list_organization_repositories(const Call& call);
  Answer list_members(const Call& call);
  Answer list_teams(const Call& call);
  Answer get_team(const Call& call);
  Answer list_team_members(const Call& call);
  Answer repository_listing(const Call& call, std::vector<const Repository*> repositories, std::string path,
                            std::string wrapper);
  const Team* find_team(std::string_view slug_or_id) const;
  bool is_organization(std::string_view login_or_id) const;
  // rest/code.cpp
  Answer get_repository(const Call& call);
  Answer list_contributors(const Call& call);
  Answer list_commits(const Call& call);
  Answer get_commit(const Call& call);
  Answer compare(const Call& call);
  Answer list_branches(const Call& call);
  Answer get_branch(const Call& call);
  Answer list_releases(const Call& call);
  Answer get_release(const Call& call);
  std::optional<Index> resolve_commit(const Repository& repository, std::string_view reference) const;
  // rest/tickets.cpp
  Answer list_pulls(const Call& call);
  Answer get_pull(const Call& call);
  Answer list_reviews(const Call& call);
  Answer list_pull_commits(const Call& call);
  Answer list_issues(const Call& call);
  Answer get_issue(const Call& call);
  // rest/actions.cpp
  Answer list_runs(const Call& call);
  Answer get_run(const Call& call);
  Answer list_jobs(const Call& call);
  Answer list_workflows(const Call& call);

  const World& world_;
  Renderer& renderer_;
  RestOptions options_;
  LruCache<RenderedAnswer> cache_;
};

std::vector<std::string> split_path(std::string_view path);
std::optional<std::int64_t> parse_integer(std::string_view text);
Answer not_found();

}  // namespace weir::sim
