// Accounts, organizations, teams.
#include <fmt/format.h>

#include "provider-sim/base/words.hpp"
#include "provider-sim/rest/node_id.hpp"
#include "provider-sim/rest/renderer.hpp"

namespace weir::sim {
namespace {

std::string_view type_name(AccountKind kind) {
  switch (kind) {
    case AccountKind::bot: return "Bot";
    case AccountKind::organization: return "Organization";
    case AccountKind::user: break;
  }
  return "User";
}

// In URLs the brackets of a bot's login are escaped.
std::string url_login(std::string_view login) {
  std::string text;
  for (const char c : login) text += c == '[' ? "%5B" : c == ']' ? "%5D" : std::string(1, c);
  return text;
}

void account_fields(JsonWriter& json, const Account& account, const Origins& origins) {
  const std::string url = origins.api + "/users/" + url_login(account.login);
  const bool is_bot = account.kind == AccountKind::bot;
  const auto app = account.login.substr(0, account.login.find('['));
  const auto html = is_bot ? origins.html + "/apps/" + app : origins.html + "/" + account.login;
  const auto prefix = account.kind == AccountKind::organization ? "O" : is_bot ? "BOT" : "U";
  json.field("login", account.login).field("id", account.id).field("node_id", make_node_id(prefix, account.id));
  json.field("avatar_url", fmt::format("https://avatars.githubusercontent.com/u/{}?v=4", account.id));
  json.field("gravatar_id", "").field("url", url).field("html_url", html);
  json.url_field("followers_url", url, "/followers").url_field("following_url", url, "/following{/other_user}");
  json.url_field("gists_url", url, "/gists{/gist_id}").url_field("starred_url", url, "/starred{/owner}{/repo}");
  json.url_field("subscriptions_url", url, "/subscriptions").url_field("organizations_url", url, "/orgs");
  json.url_field("repos_url", url, "/repos").url_field("events_url", url, "/events{/privacy}");
  json.url_field("received_events_url", url, "/received_events").field("type", type_name(account.kind));
  json.field("user_view_type", "public").field("site_admin", account.is_site_admin);
}

}  // namespace

void Renderer::account(JsonWriter& json, Index index) {
  if (index == k_none) {
    json.value(nullptr);
    return;
  }
  std::string& text = accounts_[index];
  if (text.empty()) {
    JsonWriter fragment(text);
    fragment.begin_object();
    account_fields(fragment, world_.account(index), origins_);
    fragment.end_object();
  }
  json.raw(text);
}

void Renderer::account_profile(JsonWriter& json, Index index) {
  const Account& account = world_.account(index);
  const bool is_person = account.kind == AccountKind::user;
  json.begin_object();
  account_fields(json, account, origins_);
  json.key("name");
  if (account.name.empty())
    json.value(nullptr);
  else
    json.value(account.name);
  json.field("company", nullptr).field("blog", "").field("location", nullptr);
  json.key("email");
  if (is_person && account.is_email_public)
    json.value(account.email);
  else
    json.value(nullptr);
  json.field("hireable", nullptr).field("bio", nullptr).field("twitter_username", nullptr);
  json.field("public_repos", account.id % 40)
      .field("public_gists", account.id % 7)
      .field("followers", account.id % 300);
  json.field("following", account.id % 90)
      .field("created_at", account.created_at)
      .field("updated_at", account.updated_at);
  json.end_object();
}

void Renderer::organization(JsonWriter& json, Index index) {
  const Account& account = world_.account(index);
  const std::string url = origins_.api + "/orgs/" + account.login;
  json.begin_object()
      .field("login", account.login)
      .field("id", account.id)
      .field("node_id", make_node_id("O", account.id));
  json.field("url", url).url_field("repos_url", url, "/repos").url_field("events_url", url, "/events");
  json.url_field("hooks_url", url, "/hooks").url_field("issues_url", url, "/issues");
  json.url_field("members_url", url, "/members{/member}")
      .url_field("public_members_url", url, "/public_members{/member}");
  json.field("avatar_url", fmt::format("https://avatars.githubusercontent.com/u/{}?v=4", account.id));
  json.field("description", nullptr).field("name", account.name).field("company", nullptr).field("blog", "");
  json.field("location", nullptr)
      .field("email", nullptr)
      .field("twitter_username", nullptr)
      .field("is_verified", false);
  json.field("has_organization_projects", true).field("has_repository_projects", true).field("public_repos", 2);
  json.field("public_gists", 0).field("followers", 0).field("following", 0);
  json.field("html_url", origins_.html + "/" + account.login).field("created_at", account.created_at);
  json.field("updated_at", account.updated_at).field("archived_at", nullptr).field("type", "Organization");
  json.end_object();
}

void Renderer::team(JsonWriter& json, const Team& team, Detail detail) {
  const auto& login = world_.account(world_.organization()).login;
  const std::string url =
      fmt::format("{}/organizations/{}/team/{}", origins_.api, world_.account(world_.organization()).id, team.id);
  json.begin_object().field("name", team.name).field("id", team.id).field("node_id", make_node_id("T", team.id));
  json.field("slug", team.slug).field("description", make_title(team.seed)).field("privacy", "closed");
  json.field("notification_setting", "notifications_enabled").field("url", url);
  json.field("html_url", fmt::format("{}/orgs/{}/teams/{}", origins_.html, login, team.slug));
  json.url_field("members_url", url, "/members{/member}").url_field("repositories_url", url, "/repos");
  json.field("type", "organization").field("organization_id", world_.account(world_.organization()).id);
  json.field("permission", "pull").key("parent");
  if (team.parent == k_none || detail == Detail::list) {
    if (team.parent == k_none)
      json.value(nullptr);
    else
      this->team(json, world_.teams()[team.parent], Detail::full);
  } else {
    json.value(nullptr);
  }
  json.end_object();
}

}  // namespace weir::sim
