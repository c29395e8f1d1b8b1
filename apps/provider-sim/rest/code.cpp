// Routes about a repository's code: itself, contributors, commits, branches, releases.
#include <algorithm>

#include <fmt/format.h>

#include "base/time.hpp"
#include "provider-sim/rest/api.hpp"
#include "provider-sim/world/contributors.hpp"

namespace weir::sim {

Answer RestApi::get_repository(const Call& call) {
  Answer answer{.last_modified = call.repository->updated_at};
  JsonWriter json(answer.body);
  renderer_.repository(json, *call.repository, Detail::full, call.caller.can_push());
  return answer;
}

Answer RestApi::list_contributors(const Call& call) {
  const Repository& repository = *call.repository;
  if (repository.is_empty()) return {.status = 204};
  auto contributors = count_contributors(world_, repository);
  const auto anonymous = call.request.query.get("anon");
  if (anonymous != "1" && anonymous != "true")
    std::erase_if(contributors, [](const Contributor& contributor) { return contributor.account == k_none; });
  Listing listing{.count = contributors.size(), .path = call.path};
  listing.render = [this, contributors = std::move(contributors)](JsonWriter& json, std::size_t i) {
    const Contributor& contributor = contributors[i];
    if (contributor.account == k_none) {
      const GitPerson& person = world_.person(contributor.person);
      json.begin_object().field("email", person.email).field("name", person.name).field("type", "Anonymous");
      json.field("contributions", contributor.contributions).end_object();
      return;
    }
    std::string account;
    JsonWriter inner(account);
    renderer_.account(inner, contributor.account);
    account.back() = ',';  // one more member of the same object
    json.raw(account + fmt::format("\"contributions\":{}}}", contributor.contributions));
  };
  return {.listing = std::move(listing)};
}

// A branch, a tag or a SHA.
std::optional<Index> RestApi::resolve_commit(const Repository& repository, std::string_view reference) const {
  if (repository.is_empty()) return std::nullopt;
  if (reference.empty() || reference == "HEAD") return repository.branches.front().head;
  if (const Branch* branch = repository.find_branch(reference)) return branch->head;
  if (reference.starts_with("heads/")) return resolve_commit(repository, reference.substr(6));
  const auto release = std::ranges::find(repository.releases, reference, &Release::tag);
  if (release != repository.releases.end()) return release->commit;
  const auto sha = Sha::parse(reference);
  return sha ? repository.find_commit(*sha) : std::nullopt;
}

Answer RestApi::list_commits(const Call& call) {
  const Repository& repository = *call.repository;
  if (repository.is_empty()) return error_answer(409, "Git Repository is empty.");
  const Query& query = call.request.query;
  const auto head = resolve_commit(repository, query.get("sha"));
  if (!head) return not_found();
  const auto since = parse_rfc3339(query.get("since"));
  const auto until = parse_rfc3339(query.get("until"));
  if ((query.find("since") && !since) || (query.find("until") && !until))
    return error_answer(422, "Invalid request.\n\nsince and until must be timestamps in ISO 8601 format.");
  auto commits = world_.history(repository, *head);
  const auto author = query.get("author");
  if (since || until || !author.empty()) {
    auto chosen = std::make_shared<std::vector<Index>>();
    for (const Index index : *commits) {
      const Commit& commit = repository.commits[index];
      if ((since && commit.committed_at < *since) || (until && commit.committed_at > *until)) continue;
      const GitPerson& person = world_.person(commit.author);
      const bool is_author = author.empty() || person.email == author ||
                             (person.account != k_none && world_.account(person.account).login == author);
      if (is_author) chosen->push_back(index);
    }
    commits = std::move(chosen);
  }
  Listing listing{.count = commits->size(), .path = call.path};
  listing.render = [this, &repository, commits](JsonWriter& json, std::size_t i) {
    renderer_.commit(json, repository, repository.commits[(*commits)[i]], Detail::list);
  };
  return {.listing = std::move(listing)};
}

Answer RestApi::get_commit(const Call& call) {
  const Repository& repository = *call.repository;
  if (repository.is_empty()) return error_answer(409, "Git Repository is empty.");
  const auto commit = resolve_commit(repository, call.args[0]);
  if (!commit) return error_answer(422, fmt::format("No commit found for SHA: {}", call.args[0]));
  Answer answer{.last_modified = repository.commits[*commit].committed_at};
  JsonWriter json(answer.body);
  renderer_.commit(json, repository, repository.commits[*commit], Detail::full);
  return answer;
}

// BASE...HEAD: what is reachable from HEAD and not from BASE, oldest first, a page at a time.
Answer RestApi::compare(const Call& call) {
  const Repository& repository = *call.repository;
  const auto dots = call.args[0].find("...");
  if (dots == std::string::npos) return not_found();
  const auto base = resolve_commit(repository, call.args[0].substr(0, dots));
  const auto head = resolve_commit(repository, call.args[0].substr(dots + 3));
  if (!base || !head) return not_found();
  auto ahead = world_.history_between(repository, *base, *head);
  std::ranges::reverse(ahead);
  const auto behind = world_.history_between(repository, *head, *base).size();
  const auto status = ahead.empty() ? (behind == 0 ? "identical" : "behind") : (behind == 0 ? "ahead" : "diverged");
  const std::size_t size = static_cast<std::size_t>(
      std::clamp<std::int64_t>(parse_integer(call.request.query.get("per_page", "30")).value_or(30), 1, 100));
  const auto page = static_cast<std::size_t>(
      std::max<std::int64_t>(1, parse_integer(call.request.query.get("page", "1")).value_or(1)));
  Answer answer;
  JsonWriter json(answer.body);
  json.begin_object()
      .field("url", renderer_.repository_url(repository) + "/compare/" + call.args[0])
      .key("base_commit");
  renderer_.commit(json, repository, repository.commits[*base], Detail::list);
  json.field("status", status).field("ahead_by", ahead.size()).field("behind_by", behind);
  json.field("total_commits", ahead.size()).key("commits").begin_array();
  for (std::size_t i = (page - 1) * size; i < std::min(ahead.size(), page * size); ++i)
    renderer_.commit(json, repository, repository.commits[ahead[i]], Detail::list);
  json.end_array().key("files").begin_array().end_array().end_object();
  if (page * size < ahead.size()) {
    const auto url = renderer_.origins().api + call.path + call.request.query.without({"page"});
    answer.headers.emplace_back("Link", fmt::format("<{}{}page={}>; rel=\"next\"", url,
                                                    url.find('?') == std::string::npos ? "?" : "&", page + 1));
  }
  return answer;
}

Answer RestApi::list_branches(const Call& call) {
  std::vector<const Branch*> branches;
  const auto is_protected = call.request.query.get("protected");
  for (const Branch& branch : call.repository->branches)
    if (is_protected.empty() || branch.is_protected == (is_protected == "true")) branches.push_back(&branch);
  std::ranges::sort(branches, {}, &Branch::name);
  Listing listing{.count = branches.size(), .path = call.path};
  listing.render = [this, repository = call.repository, branches = std::move(branches)](JsonWriter& json,
                                                                                        std::size_t i) {
    renderer_.branch(json, *repository, *branches[i], Detail::list);
  };
  return {.listing = std::move(listing)};
}

Answer RestApi::get_branch(const Call& call) {
  const Branch* branch = call.repository->find_branch(call.args[0]);
  if (!branch) return error_answer(404, "Branch not found");
  Answer answer;
  JsonWriter json(answer.body);
  renderer_.branch(json, *call.repository, *branch, Detail::full);
  return answer;
}

Answer RestApi::list_releases(const Call& call) {
  std::vector<const Release*> releases;
  for (const Release& release : call.repository->releases)
    if (!release.is_draft || call.caller.can_push()) releases.push_back(&release);
  std::ranges::reverse(releases);
  Listing listing{.count = releases.size(), .path = call.path};
  listing.render = [this, repository = call.repository, releases = std::move(releases)](
                       JsonWriter& json, std::size_t i) { renderer_.release(json, *repository, *releases[i]); };
  return {.listing = std::move(listing)};
}

Answer RestApi::get_release(const Call& call) {
  const auto& releases = call.repository->releases;
  const auto id = parse_integer(call.args[0]);
  for (auto release = releases.rbegin(); release != releases.rend(); ++release) {
    const bool is_latest = call.args[0] == "latest" && !release->is_draft && !release->is_prerelease;
    if (!is_latest && (!id || release->id != *id)) continue;
    Answer answer;
    JsonWriter json(answer.body);
    renderer_.release(json, *call.repository, *release);
    return answer;
  }
  return not_found();
}

}  // namespace weir::sim
