#include "provider-sim/truth/teller.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "provider-sim/base/words.hpp"
#include "provider-sim/rest/renderer.hpp"
#include "provider-sim/world/contributors.hpp"

namespace weir::sim {
namespace {

const std::string k_html = "https://github.com/";

}  // namespace

void Teller::row(const std::function<void(JsonWriter&)>& columns) {
  JsonWriter json(out_);
  json.begin_object();
  columns(json);
  json.end_object();
  out_ += '\n';
}

void Teller::row(const Repository& repository, const std::function<void(JsonWriter&)>& columns) {
  row([&](JsonWriter& json) {
    json.field("repo_key", std::to_string(repository.id));
    columns(json);
  });
}

void Teller::each_repository(const std::function<void(const Repository&)>& visit) const {
  for (const auto& repository : world_.repositories()) {
    if (repository->is_deleted || repository->block != Block::none || repository->owner != world_.organization())
      continue;
    if (options_.repository.empty() || options_.repository == std::to_string(repository->id)) visit(*repository);
  }
}

void Teller::account_key(JsonWriter& json, std::string_view column, Index account, bool is_user_only) const {
  const bool is_graphql = options_.view == View::graphql;
  const bool is_hidden = account == k_none || (is_graphql && account == world_.ghost()) ||
                         (is_graphql && is_user_only && world_.account(account).kind != AccountKind::user);
  json.key(column);
  if (is_hidden)
    json.value(nullptr);
  else
    json.value(key_of(account));
}

void Teller::text(JsonWriter& json, std::string_view column, const std::optional<std::string>& value) const {
  if (!value && options_.view == View::graphql)
    json.field(column, "");
  else
    json.field(column, value);
}

void Teller::repositories() {
  each_repository([this](const Repository& repository) {
    row(repository, [&](JsonWriter& json) {
      json.field("full_name", world_.full_name(repository)).field("name", repository.name);
      json.field("owner_key", key_of(repository.owner)).field("visibility", visibility_name(repository.visibility));
      // A branch that does not exist yet has a name in REST only.
      const bool has_branch = options_.view == View::rest || !repository.is_empty();
      json.field("default_branch", has_branch ? std::optional(repository.default_branch) : std::nullopt);
      json.field("description", repository.description());
      json.key("language");
      if (repository.language.empty())
        json.value(nullptr);
      else
        json.value(repository.language);
      json.field("is_fork", repository.is_fork).field("archived", repository.is_archived);
      json.field("empty", repository.is_empty()).field("pushed_at", repository.pushed_at);
      json.field("url", k_html + world_.full_name(repository)).field("source_created_at", repository.created_at);
      json.field("source_updated_at", repository.updated_at);
    });
  });
}

void Teller::branches() {
  each_repository([this](const Repository& repository) {
    for (const Branch& branch : repository.branches)
      row(repository, [&](JsonWriter& json) {
        json.field("name", branch.name).field("head_sha", repository.commits[branch.head].sha.hex());
        json.field("protected", branch.is_protected).field("is_default", branch.name == repository.default_branch);
      });
  });
}

void Teller::each_commit(const std::function<void(const Repository&, const Commit&, bool)>& visit) const {
  each_repository([&](const Repository& repository) {
    std::vector<bool> is_reached(repository.commits.size());
    for (std::size_t i = 0; i < repository.branches.size() && (i == 0 || options_.all_branches); ++i)
      for (const Index commit : *world_.history(repository, repository.branches[i].head)) is_reached[commit] = true;
    for (std::size_t i = 0; i < repository.commits.size(); ++i)
      if (is_reached[i] || options_.with_orphans) visit(repository, repository.commits[i], !is_reached[i]);
  });
}

void Teller::commits() {
  each_commit([this](const Repository& repository, const Commit& commit, bool is_orphan) {
    row(repository, [&](JsonWriter& json) {
      const GitPerson& author = world_.person(commit.author);
      const GitPerson& committer = world_.person(commit.committer);
      json.field("sha", commit.sha.hex()).field("message", make_commit_message(commit.seed));
      account_key(json, "author_key", author.account, true);
      json.field("author_name", author.name)
          .field("author_email", author.email)
          .field("authored_at", commit.authored_at);
      account_key(json, "committer_key", committer.account, true);
      json.field("committer_name", committer.name).field("committer_email", committer.email);
      json.field("committed_at", commit.committed_at).field("additions", commit.additions);
      json.field("deletions", commit.deletions).field("files_changed", commit.changed_files);
      json.field("parent_count", commit.parent_count());
      json.field("url", fmt::format("{}{}/commit/{}", k_html, world_.full_name(repository), commit.sha.hex()));
      if (is_orphan) json.field("orphan", true);
    });
  });
}

void Teller::commit_parents() {
  each_commit([this](const Repository& repository, const Commit& commit, bool) {
    for (std::size_t i = 0; i < commit.parent_count(); ++i)
      row(repository, [&](JsonWriter& json) {
        json.field("sha", commit.sha.hex())
            .field("parent_sha", repository.commits[commit.parents[i]].sha.hex())
            .field("ord", i);
      });
  });
}

void Teller::contributors() {
  for (Index i = 0; i < world_.accounts().size(); ++i) {
    const Account& account = world_.account(i);
    if (account.kind == AccountKind::organization) continue;
    row([&](JsonWriter& json) {
      const bool is_bot = account.kind == AccountKind::bot;
      json.field("contributor_key", key_of(i)).field("kind", is_bot ? "bot" : i == world_.ghost() ? "ghost" : "user");
      json.field("login", account.login).key("display_name");
      if (account.name.empty())
        json.value(nullptr);
      else
        json.value(account.name);
      json.field("email", account.is_email_public ? std::optional(account.email) : std::nullopt);
      json.field("avatar_url", fmt::format("https://avatars.githubusercontent.com/u/{}?v=4", account.id));
      json.field("url",
                 is_bot ? k_html + "apps/" + account.login.substr(0, account.login.find('[')) : k_html + account.login);
    });
  }
  for (const GitPerson& person : world_.persons()) {
    if (person.account != k_none) continue;
    row([&](JsonWriter& json) {
      json.field("contributor_key", "email:" + lower(person.email)).field("kind", "git");
      json.field("display_name", person.name).field("email", person.email);
    });
  }
}

void Teller::repository_contributors() {
  each_repository([this](const Repository& repository) {
    for (const Contributor& contributor : count_contributors(world_, repository))
      row(repository, [&](JsonWriter& json) {
        const bool is_anonymous = contributor.account == k_none;
        json.field("contributor_key", is_anonymous ? "email:" + lower(world_.person(contributor.person).email)
                                                   : key_of(contributor.account));
        json.field("contributions", contributor.contributions).field("anonymous", is_anonymous);
      });
  });
}

void Teller::teams() {
  for (const Team& team : world_.teams())
    row([&](JsonWriter& json) {
      json.field("team_key", std::to_string(team.id)).field("name", team.name).field("slug", team.slug);
      json.field("description", make_title(team.seed)).key("parent_team_key");
      if (team.parent == k_none)
        json.value(nullptr);
      else
        json.value(std::to_string(world_.teams()[team.parent].id));
      json.field("url",
                 fmt::format("{}orgs/{}/teams/{}", k_html, world_.account(world_.organization()).login, team.slug));
    });
}

void Teller::team_members() {
  for (const Team& team : world_.teams())
    for (const Index member : world_.team_members(team))
      row([&](JsonWriter& json) {
        const bool is_direct = std::ranges::find(team.members, member) != team.members.end();
        json.field("team_key", std::to_string(team.id))
            .field("contributor_key", key_of(member))
            .field("inherited", !is_direct);
      });
}

void Teller::releases() {
  each_repository([this](const Repository& repository) {
    for (const Release& release : repository.releases)
      row(repository, [&](JsonWriter& json) {
        json.field("release_key", std::to_string(release.id)).field("tag", release.tag).field("name", release.name);
        json.field("body", make_paragraphs(release.seed, 2)).field("draft", release.is_draft);
        json.field("prerelease", release.is_prerelease);
        account_key(json, "author_key", release.author, true);
        json.field("published_at", release.published_at).field("source_created_at", release.created_at);
        json.field("url", fmt::format("{}{}/releases/tag/{}", k_html, world_.full_name(repository), release.tag));
      });
  });
}

}  // namespace weir::sim
