// Query: where every query begins.
#include "provider-sim/graphql/fields.hpp"
#include "provider-sim/rest/node_id.hpp"

namespace weir::sim::graphql {
namespace {

const Repository* visible(E& e, const Repository* repository) {
  return repository && e.caller().can_see(*repository) ? repository : nullptr;
}

// Blocked and SSO-protected ones answer null with an error of their own.
void write_repository(E& e, const Repository* repository, std::string_view full_name, const F& f) {
  if (!repository)
    return e.refuse("NOT_FOUND", fmt::format("Could not resolve to a Repository with the name '{}'.", full_name), f);
  if (repository->block != Block::none)
    return e.refuse("FORBIDDEN",
                    repository->block == Block::dmca ? "Repository access blocked (DMCA)" : "Repository access blocked",
                    f);
  if (e.caller().needs_sso())
    return e.refuse("FORBIDDEN",
                    "Resource protected by organization SAML enforcement. You must grant your Personal Access "
                    "token access to this organization.",
                    f);
  e.object(e.repository(repository), f);
}

void repository(E& e, const O&, const F& f) {
  const auto full_name = f.text("owner") + "/" + f.text("name");
  const Repository* found = visible(e, e.world().find_repository(full_name));
  const Value* follow = f.argument("followRenames");
  if (!found && (!follow || follow->boolean)) found = visible(e, e.world().find_moved_repository(full_name));
  write_repository(e, found, full_name, f);
}

void organization(E& e, const O&, const F& f) {
  const Index index = e.world().find_account_index(f.text("login"));
  if (index == k_none || e.world().account(index).kind != AccountKind::organization)
    return e.refuse("NOT_FOUND",
                    fmt::format("Could not resolve to an Organization with the login of '{}'.", f.text("login")), f);
  e.object(e.account(index), f);
}

void user(E& e, const O&, const F& f) {
  const Index index = e.world().find_account_index(f.text("login"));
  if (index == k_none || e.world().account(index).kind != AccountKind::user)
    return e.refuse("NOT_FOUND", fmt::format("Could not resolve to a User with the login of '{}'.", f.text("login")),
                    f);
  e.object(e.account(index), f);
}

void repository_owner(E& e, const O&, const F& f) {
  const Index index = e.world().find_account_index(f.text("login"));
  e.object(index != k_none && e.world().account(index).kind == AccountKind::bot ? Object{} : e.account(index), f);
}

void viewer(E& e, const O&, const F& f) {
  const Index index = e.caller().account();
  if (index == k_none) return e.refuse("FORBIDDEN", "Resource not accessible by integration", f);
  e.object(e.account(index), f);
}

template <class T>
const T* find_by(const std::vector<T>& list, std::int64_t T::* id, std::int64_t wanted) {
  for (const T& item : list)
    if (item.*id == wanted) return &item;
  return nullptr;
}

Object object_in(E& e, const Repository& repository, const NodeId& id) {
  if (id.prefix == "C") {
    const auto sha = Sha::parse(id.text);
    const auto commit = sha ? repository.find_commit(*sha) : std::nullopt;
    return commit ? e.commit(repository, *commit) : Object{};
  }
  if (id.numbers.size() < 2) return {};
  const auto number = id.numbers[1];
  if (id.prefix == "PR")
    for (const Pull& pull : repository.pulls)
      if (pull.id == number) return {.type = type_of<"PullRequest">(), .repository = &repository, .data = &pull};
  if (id.prefix == "I")
    for (const Issue& issue : repository.issues)
      if (issue.issue_id == number) return {.type = type_of<"Issue">(), .repository = &repository, .data = &issue};
  if (id.prefix == "RE")
    if (const auto* release = find_by(repository.releases, &Release::id, number))
      return {.type = type_of<"Release">(), .repository = &repository, .data = release};
  return {};
}

Object object_of(E& e, std::string_view text) {
  const auto id = parse_node_id(text);
  if (!id || id->numbers.empty()) return {};
  if (id->prefix == "U" || id->prefix == "O" || id->prefix == "BOT") {
    for (Index i = 0; i < e.world().accounts().size(); ++i)
      if (e.world().account(i).id == id->numbers[0]) return e.account(i);
    return {};
  }
  if (id->prefix == "T") {
    if (e.caller().is_denied("members")) return {};
    const auto* team = find_by(e.world().teams(), &Team::id, id->numbers[0]);
    return team ? Object{.type = type_of<"Team">(), .data = team} : Object{};
  }
  const Repository* repository = visible(e, e.world().find_repository(id->numbers[0]));
  if (!repository || repository->block != Block::none) return {};
  return id->prefix == "R" ? e.repository(repository) : object_in(e, *repository, *id);
}

void node(E& e, const O&, const F& f) {
  const auto found = object_of(e, f.text("id"));
  if (!found.type)
    return e.refuse("NOT_FOUND", fmt::format("Could not resolve to a node with the global id of '{}'", f.text("id")),
                    f);
  e.object(found, f);
}

void nodes(E& e, const O&, const F& f) {
  constexpr std::size_t ids_max = 100;
  const Value* ids = f.argument("ids");
  const auto count = ids ? ids->items.size() : 0;
  if (count > ids_max)
    return e.refuse("ARGUMENT_LIMIT",
                    fmt::format("You may not provide more than 100 node ids; you provided {}.", count), f);
  e.node_list(
      count, [&](std::size_t i) { return object_of(e, ids->items[i].text); },
      [&](std::size_t i) {
        return fmt::format("Could not resolve to a node with the global id of '{}'", ids->items[i].text);
      },
      f);
}

void rate_limit(E& e, const O&, const F& f) { e.rate_limit(f); }

}  // namespace

std::vector<TypeDef> query_types() {
  TypeDef query{.name = "Query"};
  query.fields = {{"repository",
                   "Repository",
                   repository,
                   {{"followRenames", "Boolean", true}, {"name", "String!"}, {"owner", "String!"}}},
                  {"organization", "Organization", organization, {{"login", "String!"}}},
                  {"user", "User", user, {{"login", "String!"}}},
                  {"repositoryOwner", "RepositoryOwner", repository_owner, {{"login", "String!"}}},
                  {"viewer", "User!", viewer},
                  {"node", "Node", node, {{"id", "ID!"}}},
                  {"nodes", "[Node]!", nodes, {{"ids", "[ID!]!"}}},
                  {"rateLimit", "RateLimit", rate_limit, {{"dryRun", "Boolean"}}}};
  TypeDef limit{.name = "RateLimit"};
  limit.fields = {{"cost", "Int!", [](E& e, const O&, const F&) { e.json().value(e.plan().cost); }},
                  {"limit", "Int!", [](E& e, const O&, const F&) { e.json().value(e.budget().limit); }},
                  {"nodeCount", "Int!", [](E& e, const O&, const F&) { e.json().value(e.plan().nodes); }},
                  {"remaining", "Int!", [](E& e, const O&, const F&) { e.json().value(e.budget().remaining()); }},
                  {"resetAt", "DateTime!", [](E& e, const O&, const F&) { e.json().value(e.budget().reset); }},
                  {"used", "Int!", [](E& e, const O&, const F&) { e.json().value(e.budget().used); }}};
  TypeDef node_type{.name = "Node", .kind = TypeDef::Kind::interface};
  node_type.fields = {{"id", "ID!", nothing}};
  node_type.possible = {"Repository", "User", "Organization",      "Bot",  "Commit", "PullRequest", "Issue",
                        "Release",    "Ref",  "PullRequestReview", "Team", "Label"};
  return {query, limit, node_type};
}

}  // namespace weir::sim::graphql
