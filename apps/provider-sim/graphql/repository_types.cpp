// Repositories; everything is reached through `repository`. Of a fork that a pull request comes from `data` is that
// Pull.
#include "provider-sim/graphql/fields.hpp"
#include "provider-sim/rest/node_id.hpp"

namespace weir::sim::graphql {
namespace {

Object branch_object(const Repository& repository, const Branch& branch) {
  return {.type = type_of<"Ref">(), .repository = &repository, .data = &branch};
}

void default_branch(E& e, const O& o, const F& f) {
  e.object(o.repository->is_empty() ? Object{} : branch_object(*o.repository, o.repository->branches.front()), f);
}

void refs(E& e, const O& o, const F& f) {
  std::vector<Item> items;
  if (f.text("refPrefix") == "refs/heads/")
    for (const Branch& branch : o.repository->branches)
      items.push_back({branch.name, branch_object(*o.repository, branch)});
  e.connection("RefConnection", std::move(items), f,
               f.text("direction") == "DESC" || order_of(f, "ALPHABETICAL", false).is_descending);
}

void ref(E& e, const O& o, const F& f) {
  std::string name = f.text("qualifiedName");
  if (name.starts_with("refs/heads/")) name = name.substr(11);
  const Branch* branch = o.repository->find_branch(name);
  e.object(branch ? branch_object(*o.repository, *branch) : Object{}, f);
}

// By SHA, by the name of a branch, or the folder of the workflows.
void git_object(E& e, const O& o, const F& f) {
  const auto sha = Sha::parse(f.text("oid", f.text("expression")));
  if (sha) {
    const auto commit = o.repository->find_commit(*sha);
    return e.object(commit ? e.commit(*o.repository, *commit) : Object{}, f);
  }
  const auto expression = f.text("expression");
  if (expression == "HEAD:.github/workflows") {
    if (!o.repository->has_workflows()) return e.object({}, f);
    auto folder = e.commit(*o.repository, o.repository->branches.front().head);
    folder.type = type_of<"Tree">();
    return e.object(folder, f);
  }
  const Branch* branch = expression == "HEAD" && !o.repository->is_empty() ? &o.repository->branches.front()
                                                                           : o.repository->find_branch(expression);
  e.object(branch ? e.commit(*o.repository, branch->head) : Object{}, f);
}

std::string ticket_key(const Ticket& ticket, const std::string& field) {
  if (field == "UPDATED_AT") return time_key(ticket.updated_at, ticket.number);
  if (field == "COMMENTS") return fmt::format("{:08}:{:016}", ticket.comments, ticket.number);
  return time_key(ticket.created_at, ticket.number);
}

bool has_labels(const F& f, const Ticket& ticket) {
  if (!f.argument("labels")) return true;
  for (const auto label : ticket.labels)
    if (is_among(f, "labels", label_at(label).name)) return true;
  return false;
}

void pulls(E& e, const O& o, const F& f) {
  if (e.caller().is_denied("pull_requests")) return e.refuse("FORBIDDEN", "Resource not accessible by integration", f);
  const auto order = order_of(f, "CREATED_AT", false);
  std::vector<Item> items;
  for (const Pull& pull : o.repository->pulls) {
    const auto state = pull.is_open ? "OPEN" : pull.merged_at ? "MERGED" : "CLOSED";
    if (!is_among(f, "states", state) || !has_labels(f, pull)) continue;
    if (f.argument("baseRefName") && f.text("baseRefName") != pull.base_ref) continue;
    if (f.argument("headRefName") && f.text("headRefName") != pull.head_ref) continue;
    items.push_back(
        {ticket_key(pull, order.field), {.type = type_of<"PullRequest">(), .repository = o.repository, .data = &pull}});
  }
  e.connection("PullRequestConnection", std::move(items), f, order.is_descending);
}

void issues(E& e, const O& o, const F& f) {
  if (e.caller().is_denied("issues")) return e.refuse("FORBIDDEN", "Resource not accessible by integration", f);
  const auto order = order_of(f, "CREATED_AT", false);
  const Value* filter = f.argument("filterBy");
  const Value* since = filter ? filter->find("since") : nullptr;
  const auto since_time = since ? parse_rfc3339(since->text) : std::nullopt;
  std::vector<Item> items;
  if (o.repository->has_issues)
    for (const Issue& issue : o.repository->issues) {
      if (!is_among(f, "states", issue.is_open ? "OPEN" : "CLOSED") || !has_labels(f, issue)) continue;
      if (since_time && issue.updated_at < *since_time) continue;
      items.push_back(
          {ticket_key(issue, order.field), {.type = type_of<"Issue">(), .repository = o.repository, .data = &issue}});
    }
  e.connection("IssueConnection", std::move(items), f, order.is_descending);
}

Object release_object(const Repository& repository, const Release& release) {
  return {.type = type_of<"Release">(), .repository = &repository, .data = &release};
}

void releases(E& e, const O& o, const F& f) {
  const auto order = order_of(f, "CREATED_AT", false);
  std::vector<Item> items;
  for (const Release& release : o.repository->releases) {
    if (release.is_draft && !e.caller().can_push()) continue;
    const auto key = order.field == "NAME" ? release.tag : time_key(release.created_at, release.id);
    items.push_back({key, release_object(*o.repository, release)});
  }
  e.connection("ReleaseConnection", std::move(items), f, order.is_descending);
}

void latest_release(E& e, const O& o, const F& f) {
  const Release* latest = nullptr;
  for (const Release& release : o.repository->releases)
    if (!release.is_draft && !release.is_prerelease) latest = &release;
  e.object(latest ? release_object(*o.repository, *latest) : Object{}, f);
}

void release(E& e, const O& o, const F& f) {
  for (const Release& candidate : o.repository->releases)
    if (candidate.tag == f.text("tagName")) return e.object(release_object(*o.repository, candidate), f);
  e.json().value(nullptr);
}

void pull(E& e, const O& o, const F& f) {
  const auto number = f.integer("number").value_or(0);
  if (const Pull* found = o.repository->find_pull(number))
    return e.object({.type = type_of<"PullRequest">(), .repository = o.repository, .data = found}, f);
  e.refuse("NOT_FOUND", fmt::format("Could not resolve to a PullRequest with the number of {}.", number), f);
}

void issue(E& e, const O& o, const F& f) {
  const auto number = f.integer("number").value_or(0);
  if (const Issue* found = o.repository->find_issue(number))
    return e.object({.type = type_of<"Issue">(), .repository = o.repository, .data = found}, f);
  e.refuse("NOT_FOUND", fmt::format("Could not resolve to an Issue with the number of {}.", number), f);
}

void language(E& e, const O& o, const F& f) {
  const bool has_language = !o.repository->language.empty();
  e.object(has_language ? Object{.type = type_of<"Language">(), .repository = o.repository} : Object{}, f);
}

void visibility(E& e, const O& o, const F&) {
  switch (o.repository->visibility) {
    case Visibility::private_: e.json().value("PRIVATE"); return;
    case Visibility::internal: e.json().value("INTERNAL"); return;
    case Visibility::public_: e.json().value("PUBLIC"); return;
  }
}

Index owner_of(E& e, const O& o) { return o.data ? fork_owner(e.world(), o.as<Pull>()) : o.repository->owner; }

std::int64_t id_of(E& e, const O& o) { return o.data ? fork_id(*o.repository, owner_of(e, o)) : o.repository->id; }

std::string name_of(E& e, const O& o) { return e.world().account(owner_of(e, o)).login + "/" + o.repository->name; }

void full_name(E& e, const O& o, const F&) { e.json().value(name_of(e, o)); }
void owner(E& e, const O& o, const F& f) { e.object(e.account(owner_of(e, o)), f); }

std::vector<ArgumentDef> ticket_arguments(std::initializer_list<ArgumentDef> more) {
  auto arguments = paged(more);
  arguments.insert(arguments.end(), {{"labels", "[String!]"}, {"orderBy", "IssueOrder"}});
  return arguments;
}

}  // namespace

std::vector<TypeDef> repository_types() {
  TypeDef type{.name = "Repository"};
  type.fields = {
      {"id", "ID!", [](E& e, const O& o, const F&) { e.json().value(make_node_id("R", id_of(e, o))); }},
      {"databaseId", "Int", [](E& e, const O& o, const F&) { write_database_id(e, id_of(e, o)); }},
      {"name", "String!", of_repository<&Repository::name>},
      {"nameWithOwner", "String!", full_name},
      {"owner", "RepositoryOwner!", owner},
      {"description", "String", [](E& e, const O& o, const F&) { e.json().value(o.repository->description()); }},
      {"url", "URI!",
       [](E& e, const O& o, const F&) { e.json().value(e.renderer().origins().html + "/" + name_of(e, o)); }},
      {"resourcePath", "URI!", [](E& e, const O& o, const F&) { e.json().value("/" + name_of(e, o)); }},
      {"createdAt", "DateTime!", of_repository<&Repository::created_at>},
      {"updatedAt", "DateTime!", of_repository<&Repository::updated_at>},
      {"pushedAt", "DateTime", of_repository<&Repository::pushed_at>},
      {"archivedAt", "DateTime",
       [](E& e, const O& o, const F&) {
         e.json().value(o.repository->is_archived ? std::optional(o.repository->updated_at) : std::nullopt);
       }},
      {"isArchived", "Boolean!", of_repository<&Repository::is_archived>},
      {"isDisabled", "Boolean!", of_repository<&Repository::is_disabled>},
      {"isEmpty", "Boolean!", [](E& e, const O& o, const F&) { e.json().value(o.repository->is_empty()); }},
      {"isFork", "Boolean!", [](E& e, const O& o, const F&) { e.json().value(o.data || o.repository->is_fork); }},
      {"isLocked", "Boolean!", always<false>},
      {"isMirror", "Boolean!", always<false>},
      {"isTemplate", "Boolean!", always<false>},
      {"isPrivate", "Boolean!",
       [](E& e, const O& o, const F&) { e.json().value(o.repository->visibility != Visibility::public_); }},
      {"hasIssuesEnabled", "Boolean!", of_repository<&Repository::has_issues>},
      {"visibility", "RepositoryVisibility!", visibility},
      {"stargazerCount", "Int!", of_repository<&Repository::stars>},
      {"forkCount", "Int!", [](E& e, const O& o, const F&) { e.json().value(o.repository->stars / 9); }},
      {"diskUsage", "Int", [](E& e, const O& o, const F&) { e.json().value(o.repository->commits.size() * 3); }},
      {"primaryLanguage", "Language", language},
      {"parent", "Repository", nothing},
      {"defaultBranchRef", "Ref", default_branch},
      {"refs", "RefConnection", refs,
       paged(
           {{"direction", "OrderDirection"}, {"orderBy", "RefOrder"}, {"query", "String"}, {"refPrefix", "String!"}})},
      {"ref", "Ref", ref, {{"qualifiedName", "String!"}}},
      {"object", "GitObject", git_object, {{"expression", "String"}, {"oid", "GitObjectID"}}},
      {"pullRequests", "PullRequestConnection!", pulls,
       ticket_arguments({{"baseRefName", "String"}, {"headRefName", "String"}, {"states", "[PullRequestState!]"}})},
      {"issues", "IssueConnection!", issues,
       ticket_arguments({{"filterBy", "IssueFilters"}, {"states", "[IssueState!]"}})},
      {"releases", "ReleaseConnection!", releases, paged({{"orderBy", "ReleaseOrder"}})},
      {"latestRelease", "Release", latest_release},
      {"release", "Release", release, {{"tagName", "String!"}}},
      {"pullRequest", "PullRequest", pull, {{"number", "Int!"}}},
      {"issue", "Issue", issue, {{"number", "Int!"}}}};
  TypeDef language_type{.name = "Language"};
  language_type.fields = {{"name", "String!", of_repository<&Repository::language>}, {"color", "String", nothing}};
  return {type, language_type};
}

}  // namespace weir::sim::graphql
