// Users, bots, organizations, teams. `data` is the Account, `index` its index; of a Team `data` is the Team.
#include <algorithm>

#include "provider-sim/base/words.hpp"
#include "provider-sim/graphql/fields.hpp"
#include "provider-sim/rest/node_id.hpp"

namespace weir::sim::graphql {
namespace {

void id(E& e, const O& o, const F&) {
  const auto& account = o.as<Account>();
  const auto prefix = account.kind == AccountKind::organization ? "O" : account.kind == AccountKind::bot ? "BOT" : "U";
  e.json().value(make_node_id(prefix, account.id));
}

// GraphQL names bots without the suffix that REST gives them.
void login(E& e, const O& o, const F&) {
  const auto& account = o.as<Account>();
  e.json().value(account.kind == AccountKind::bot ? account.login.substr(0, account.login.find('[')) : account.login);
}

void avatar(E& e, const O& o, const F&) {
  e.json().value(fmt::format("https://avatars.githubusercontent.com/u/{}?v=4", o.as<Account>().id));
}

std::string path_of(const Account& account) {
  const bool is_bot = account.kind == AccountKind::bot;
  return is_bot ? "/apps/" + account.login.substr(0, account.login.find('[')) : "/" + account.login;
}

void path(E& e, const O& o, const F&) { e.json().value(path_of(o.as<Account>())); }
void url(E& e, const O& o, const F&) { e.json().value(e.renderer().origins().html + path_of(o.as<Account>())); }

void name(E& e, const O& o, const F&) {
  if (o.as<Account>().name.empty())
    e.json().value(nullptr);
  else
    e.json().value(o.as<Account>().name);
}

void email(E& e, const O& o, const F&) {
  const auto& account = o.as<Account>();
  e.json().value(account.is_email_public ? account.email : "");
}

// The key that repositories are sorted by.
std::string repository_key(const Repository& repository, const std::string& field) {
  if (field == "NAME") return lower(repository.name);
  if (field == "PUSHED_AT") return time_key(repository.pushed_at.value_or(Time{}), repository.id);
  if (field == "UPDATED_AT") return time_key(repository.updated_at, repository.id);
  if (field == "STARGAZERS") return fmt::format("{:08}:{:016}", repository.stars, repository.id);
  return time_key(repository.created_at, repository.id);
}

void repositories(E& e, const O& o, const F& f) {
  const auto order = order_of(f, "CREATED_AT", false);
  const Value* is_archived = f.argument("isArchived");
  const Value* is_fork = f.argument("isFork");
  const std::string visibility = f.text("visibility", f.text("privacy"));
  std::vector<Item> items;
  for (const auto& repository : e.world().repositories()) {
    const bool is_own = o.as<Account>().kind == AccountKind::organization ? repository->owner == o.index : true;
    if (!is_own || !e.caller().can_see(*repository)) continue;
    if (e.caller().needs_sso() && repository->visibility != Visibility::public_) continue;
    if (is_archived && is_archived->boolean != repository->is_archived) continue;
    if (is_fork && is_fork->boolean != repository->is_fork) continue;
    if (!visibility.empty() && lower(visibility) != visibility_name(repository->visibility)) continue;
    items.push_back({repository_key(*repository, order.field), e.repository(repository.get())});
  }
  e.connection("RepositoryConnection", std::move(items), f, order.is_descending);
}

void repository(E& e, const O& o, const F& f) {
  const auto* found = e.world().find_repository(o.as<Account>().login + "/" + f.text("name"));
  e.object(found && e.caller().can_see(*found) ? e.repository(found) : Object{}, f);
}

void members(E& e, const O&, const F& f) {
  if (e.caller().is_denied("members")) return e.refuse("FORBIDDEN", "Resource not accessible by integration", f);
  std::vector<Item> items;
  for (const Index member : e.world().members())
    items.push_back({fmt::format("{:010}", e.world().account(member).id), e.account(member)});
  e.connection("OrganizationMemberConnection", std::move(items), f);
}

Object team_object(const Team& team) { return {.type = type_of<"Team">(), .data = &team}; }

void teams(E& e, const O&, const F& f) {
  if (e.caller().is_denied("members")) return e.refuse("FORBIDDEN", "Resource not accessible by integration", f);
  std::vector<Item> items;
  for (const Team& team : e.world().teams()) items.push_back({fmt::format("{:010}", team.id), team_object(team)});
  e.connection("TeamConnection", std::move(items), f);
}

void team(E& e, const O&, const F& f) {
  for (const Team& candidate : e.world().teams())
    if (candidate.slug == f.text("slug")) return e.object(team_object(candidate), f);
  e.json().value(nullptr);
}

void team_members(E& e, const O& o, const F& f) {
  const Team& self = o.as<Team>();
  std::vector<Item> items;
  const auto membership = f.text("membership", "ALL");
  for (const Index member : e.world().team_members(self)) {
    const bool is_direct = std::ranges::find(self.members, member) != self.members.end();
    if (membership != "ALL" && is_direct != (membership == "IMMEDIATE")) continue;
    items.push_back({fmt::format("{:010}", e.world().account(member).id), e.account(member)});
  }
  e.connection("TeamMemberConnection", std::move(items), f);
}

void parent_team(E& e, const O& o, const F& f) {
  const Index parent = o.as<Team>().parent;
  e.object(parent == k_none ? Object{} : team_object(e.world().teams()[parent]), f);
}

std::vector<FieldDef> actor_fields() {
  return {{"avatarUrl", "URI!", avatar, {{"size", "Int"}}},
          {"login", "String!", login},
          {"resourcePath", "URI!", path},
          {"url", "URI!", url}};
}

std::vector<ArgumentDef> repository_arguments() {
  return paged({{"affiliations", "[RepositoryAffiliation]"},
                {"hasIssuesEnabled", "Boolean"},
                {"isArchived", "Boolean"},
                {"isFork", "Boolean"},
                {"isLocked", "Boolean"},
                {"orderBy", "RepositoryOrder"},
                {"ownerAffiliations", "[RepositoryAffiliation]"},
                {"privacy", "RepositoryPrivacy"},
                {"visibility", "RepositoryVisibility"}});
}

void add(std::vector<FieldDef>& fields, std::vector<FieldDef> more) {
  fields.insert(fields.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

std::vector<TypeDef> account_types() {
  const std::vector<FieldDef> identified{
      {"id", "ID!", id},
      {"databaseId", "Int", [](E& e, const O& o, const F&) { write_database_id(e, o.as<Account>().id); }},
      {"createdAt", "DateTime!", member<Account, &Account::created_at>},
      {"updatedAt", "DateTime!", member<Account, &Account::updated_at>}};
  TypeDef user{.name = "User"};
  add(user.fields, actor_fields());
  add(user.fields, identified);
  add(user.fields,
      {{"name", "String", name},
       {"email", "String!", email},
       {"company", "String", nothing},
       {"isSiteAdmin", "Boolean!", member<Account, &Account::is_site_admin>},
       {"repositories", "RepositoryConnection!", repositories, repository_arguments()},
       {"repository", "Repository", repository, {{"followRenames", "Boolean", true}, {"name", "String!"}}}});
  TypeDef bot{.name = "Bot"};
  add(bot.fields, actor_fields());
  add(bot.fields, identified);
  TypeDef mannequin{.name = "Mannequin"};
  add(mannequin.fields, actor_fields());
  add(mannequin.fields, identified);
  TypeDef organization{.name = "Organization"};
  add(organization.fields, actor_fields());
  add(organization.fields, identified);
  add(organization.fields,
      {{"name", "String", name},
       {"description", "String", nothing},
       {"email", "String", nothing},
       {"repositories", "RepositoryConnection!", repositories, repository_arguments()},
       {"repository", "Repository", repository, {{"followRenames", "Boolean", true}, {"name", "String!"}}},
       {"membersWithRole", "OrganizationMemberConnection!", members, paged()},
       {"teams", "TeamConnection!", teams,
        paged({{"orderBy", "TeamOrder"},
               {"query", "String"},
               {"rootTeamsOnly", "Boolean", true},
               {"privacy", "TeamPrivacy"},
               {"notificationSetting", "TeamNotificationSetting"},
               {"role", "TeamRole"},
               {"userLogins", "[String!]"},
               {"ldapMapped", "Boolean"}})},
       {"team", "Team", team, {{"slug", "String!"}}}});
  TypeDef actor{.name = "Actor",
                .kind = TypeDef::Kind::interface,
                .fields = actor_fields(),
                .possible = {"User", "Bot", "Organization", "Mannequin"}};
  TypeDef owner{.name = "RepositoryOwner",
                .kind = TypeDef::Kind::interface,
                .fields = actor_fields(),
                .possible = {"User", "Organization"}};
  add(owner.fields,
      {{"id", "ID!", id},
       {"repositories", "RepositoryConnection!", repositories, repository_arguments()},
       {"repository", "Repository", repository, {{"followRenames", "Boolean", true}, {"name", "String!"}}}});
  TypeDef team_type{.name = "Team"};
  team_type.fields = {
      {"id", "ID!", [](E& e, const O& o, const F&) { e.json().value(make_node_id("T", o.as<Team>().id)); }},
      {"databaseId", "Int", [](E& e, const O& o, const F&) { write_database_id(e, o.as<Team>().id); }},
      {"name", "String!", member<Team, &Team::name>},
      {"slug", "String!", member<Team, &Team::slug>},
      {"description", "String", [](E& e, const O& o, const F&) { e.json().value(make_title(o.as<Team>().seed)); }},
      {"url", "URI!",
       [](E& e, const O& o, const F&) {
         const auto& organization = e.world().account(e.world().organization()).login;
         e.json().value(
             fmt::format("{}/orgs/{}/teams/{}", e.renderer().origins().html, organization, o.as<Team>().slug));
       }},
      {"parentTeam", "Team", parent_team},
      {"members", "TeamMemberConnection!", team_members,
       paged({{"membership", "TeamMembershipType"},
              {"orderBy", "TeamMemberOrder"},
              {"query", "String"},
              {"role", "TeamMemberRole"}})}};
  return {user, bot, mannequin, organization, actor, owner, team_type};
}

}  // namespace weir::sim::graphql
