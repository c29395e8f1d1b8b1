// Commits (`data` the Commit, `index` its index), refs (`data` the Branch), who made a commit (`data` the Commit,
// `index` 0 for the author, 1 for the committer), comparisons (`data` and `owner` the Commits compared), releases.
#include <algorithm>

#include "provider-sim/base/dice.hpp"
#include "provider-sim/base/words.hpp"
#include "provider-sim/graphql/fields.hpp"
#include "provider-sim/rest/node_id.hpp"

namespace weir::sim::graphql {
namespace {

std::string message(const O& o) { return make_commit_message(o.as<Commit>().seed); }

void headline(E& e, const O& o, const F&) {
  const auto text = message(o);
  e.json().value(text.substr(0, text.find('\n')));
}

void body(E& e, const O& o, const F&) {
  const auto text = message(o);
  const auto start = text.find("\n\n");
  e.json().value(start == std::string::npos ? "" : text.substr(start + 2));
}

template <Index Role>
void actor(E& e, const O& o, const F& f) {
  e.object({.type = type_of<"GitActor">(), .repository = o.repository, .data = o.data, .index = Role}, f);
}

Index person_of(const O& o) { return o.index == 0 ? o.as<Commit>().author : o.as<Commit>().committer; }

void oid(E& e, const O& o, const F&) { e.json().value(o.as<Commit>().sha.hex()); }

void commit_url(E& e, const O& o, const F&) {
  e.json().value(fmt::format("{}/{}/commit/{}", e.renderer().origins().html, e.world().full_name(*o.repository),
                             o.as<Commit>().sha.hex()));
}

void parents(E& e, const O& o, const F& f) {
  std::vector<Item> items;
  for (const Index parent : o.as<Commit>().parents)
    if (parent != k_none) items.push_back({fmt::format("{}", items.size()), e.commit(*o.repository, parent)});
  e.connection("CommitConnection", std::move(items), f);
}

// From this commit back, in the order of git log. Cursors are GitHub's: the SHA it starts from, and a position.
void history(E& e, const O& o, const F& f) {
  auto commits = e.world().history(*o.repository, o.index);
  const auto since = parse_rfc3339(f.text("since"));
  const auto until = parse_rfc3339(f.text("until"));
  if (since || until) {
    auto chosen = std::make_shared<std::vector<Index>>();
    for (const Index index : *commits) {
      const Time at = o.repository->commits[index].committed_at;
      if ((!since || at >= *since) && (!until || at <= *until)) chosen->push_back(index);
    }
    commits = std::move(chosen);
  }
  e.long_connection(
      "CommitHistoryConnection", commits->size(), o.as<Commit>().sha.hex(),
      [&](std::size_t i) { return e.commit(*o.repository, (*commits)[i]); }, f);
}

Object commit_of(E& e, const Repository& repository, const Commit& commit) {
  return e.commit(repository, static_cast<Index>(&commit - repository.commits.data()));
}

void compare(E& e, const O& o, const F& f) {
  const auto& repository = *o.repository;
  std::string name = f.text("headRef");
  if (name.starts_with("refs/heads/")) name = name.substr(11);
  const Branch* head_branch = repository.find_branch(name);
  const auto sha = Sha::parse(name);
  const auto head = head_branch ? std::optional(head_branch->head) : sha ? repository.find_commit(*sha) : std::nullopt;
  if (!head) {
    e.json().value(nullptr);
    return;
  }
  e.object({.type = type_of<"Comparison">(),
            .repository = o.repository,
            .data = &repository.commits[o.as<Branch>().head],
            .owner = &repository.commits[*head]},
           f);
}

struct Compared {
  std::vector<Index> ahead;
  std::vector<Index> behind;
};

Compared compared(E& e, const O& o) {
  const auto& commits = o.repository->commits;
  const auto base = static_cast<Index>(&o.as<Commit>() - commits.data());
  const auto head = static_cast<Index>(static_cast<const Commit*>(o.owner) - commits.data());
  return {.ahead = e.world().history_between(*o.repository, base, head),
          .behind = e.world().history_between(*o.repository, head, base)};
}

void comparison_status(E& e, const O& o, const F&) {
  const auto sides = compared(e, o);
  e.json().value(sides.ahead.empty() ? (sides.behind.empty() ? "IDENTICAL" : "BEHIND")
                                     : (sides.behind.empty() ? "AHEAD" : "DIVERGED"));
}

void comparison_commits(E& e, const O& o, const F& f) {
  auto ahead = compared(e, o).ahead;
  std::ranges::reverse(ahead);
  e.long_connection(
      "ComparisonCommitConnection", ahead.size(), static_cast<const Commit*>(o.owner)->sha.hex(),
      [&](std::size_t i) { return e.commit(*o.repository, ahead[i]); }, f);
}

void release_author(E& e, const O& o, const F& f) {
  const Index author = o.as<Release>().author;
  // The field is a User: bots answer null.
  e.object(author != k_none && e.world().account(author).kind == AccountKind::user ? e.account(author) : Object{}, f);
}

std::vector<FieldDef> git_object_fields() {
  return {{"abbreviatedOid", "String!",
           [](E& e, const O& o, const F&) { e.json().value(o.as<Commit>().sha.hex().substr(0, 7)); }},
          {"commitUrl", "URI!", commit_url},
          {"id", "ID!",
           [](E& e, const O& o, const F&) {
             e.json().value(make_commit_node_id(o.repository->id, o.as<Commit>().sha.hex()));
           }},
          {"oid", "GitObjectID!", oid},
          {"repository", "Repository!", owning_repository}};
}

TypeDef commit_type() {
  TypeDef type{.name = "Commit", .fields = git_object_fields()};
  const std::vector<FieldDef> more{
      {"additions", "Int!", member<Commit, &Commit::additions>},
      {"deletions", "Int!", member<Commit, &Commit::deletions>},
      {"changedFilesIfAvailable", "Int", member<Commit, &Commit::changed_files>},
      {"changedFiles", "Int!", member<Commit, &Commit::changed_files>},
      {"author", "GitActor", actor<0>},
      {"committer", "GitActor", actor<1>},
      {"authoredDate", "DateTime!", member<Commit, &Commit::authored_at>},
      {"committedDate", "DateTime!", member<Commit, &Commit::committed_at>},
      {"message", "String!", [](E& e, const O& o, const F&) { e.json().value(message(o)); }},
      {"messageHeadline", "String!", headline},
      {"messageBody", "String!", body},
      {"url", "URI!", commit_url},
      {"parents", "CommitConnection!", parents, paged()},
      {"history", "CommitHistoryConnection!", history,
       paged({{"author", "CommitAuthor"}, {"path", "String"}, {"since", "GitTimestamp"}, {"until", "GitTimestamp"}})}};
  type.fields.insert(type.fields.end(), more.begin(), more.end());
  return type;
}

TypeDef git_actor_type() {
  TypeDef type{.name = "GitActor"};
  type.fields = {
      {"name", "String", [](E& e, const O& o, const F&) { e.json().value(e.world().person(person_of(o)).name); }},
      {"email", "String", [](E& e, const O& o, const F&) { e.json().value(e.world().person(person_of(o)).email); }},
      {"date", "GitTimestamp",
       [](E& e, const O& o, const F&) {
         e.json().value(o.index == 0 ? o.as<Commit>().authored_at : o.as<Commit>().committed_at);
       }},
      {"avatarUrl",
       "URI!",
       [](E& e, const O&, const F&) { e.json().value("https://avatars.githubusercontent.com/u/1"); },
       {{"size", "Int"}}},
      {"user", "User", [](E& e, const O& o, const F& f) {
         const Index account = e.world().person(person_of(o)).account;
         e.object(
             account != k_none && e.world().account(account).kind == AccountKind::user ? e.account(account) : Object{},
             f);
       }}};
  return type;
}

TypeDef ref_type() {
  TypeDef type{.name = "Ref"};
  type.fields = {{"id", "ID!",
                  [](E& e, const O& o, const F&) {
                    e.json().value(make_node_id("REF", o.repository->id,
                                                static_cast<std::int64_t>(hash_text(o.as<Branch>().name) >> 1)));
                  }},
                 {"name", "String!", member<Branch, &Branch::name>},
                 {"prefix", "String!", [](E& e, const O&, const F&) { e.json().value("refs/heads/"); }},
                 {"target", "GitObject",
                  [](E& e, const O& o, const F& f) { e.object(e.commit(*o.repository, o.as<Branch>().head), f); }},
                 {"repository", "Repository!", owning_repository},
                 {"compare", "Comparison", compare, {{"headRef", "String!"}}}};
  return type;
}

TypeDef comparison_type() {
  TypeDef type{.name = "Comparison"};
  type.fields = {{"aheadBy", "Int!", [](E& e, const O& o, const F&) { e.json().value(compared(e, o).ahead.size()); }},
                 {"behindBy", "Int!", [](E& e, const O& o, const F&) { e.json().value(compared(e, o).behind.size()); }},
                 {"status", "ComparisonStatus!", comparison_status},
                 {"baseTarget", "GitObject!",
                  [](E& e, const O& o, const F& f) { e.object(commit_of(e, *o.repository, o.as<Commit>()), f); }},
                 {"headTarget", "GitObject!",
                  [](E& e, const O& o, const F& f) {
                    e.object(commit_of(e, *o.repository, *static_cast<const Commit*>(o.owner)), f);
                  }},
                 {"commits", "ComparisonCommitConnection!", comparison_commits, paged()}};
  return type;
}

TypeDef release_type() {
  TypeDef type{.name = "Release"};
  type.fields = {
      {"id", "ID!",
       [](E& e, const O& o, const F&) { e.json().value(make_node_id("RE", o.repository->id, o.as<Release>().id)); }},
      {"databaseId", "Int", [](E& e, const O& o, const F&) { write_database_id(e, o.as<Release>().id); }},
      {"author", "User", release_author},
      {"createdAt", "DateTime!", member<Release, &Release::created_at>},
      {"publishedAt", "DateTime", member<Release, &Release::published_at>},
      {"updatedAt", "DateTime!", member<Release, &Release::updated_at>},
      {"name", "String", member<Release, &Release::name>},
      {"tagName", "String!", member<Release, &Release::tag>},
      {"description", "String",
       [](E& e, const O& o, const F&) { e.json().value(make_paragraphs(o.as<Release>().seed, 2)); }},
      {"isDraft", "Boolean!", member<Release, &Release::is_draft>},
      {"isPrerelease", "Boolean!", member<Release, &Release::is_prerelease>},
      {"tagCommit", "Commit",
       [](E& e, const O& o, const F& f) { e.object(e.commit(*o.repository, o.as<Release>().commit), f); }},
      {"url", "URI!",
       [](E& e, const O& o, const F&) {
         e.json().value(fmt::format("{}/{}/releases/tag/{}", e.renderer().origins().html,
                                    e.world().full_name(*o.repository), o.as<Release>().tag));
       }},
      {"repository", "Repository!", owning_repository}};
  return type;
}

}  // namespace

std::vector<TypeDef> code_types() {
  TypeDef git_object{.name = "GitObject",
                     .kind = TypeDef::Kind::interface,
                     .fields = git_object_fields(),
                     .possible = {"Commit", "Tree"}};
  // Of a folder in a commit; `data` is the Commit.
  TypeDef tree{.name = "Tree", .fields = git_object_fields()};
  return {commit_type(), git_object, tree, git_actor_type(), ref_type(), comparison_type(), release_type()};
}

}  // namespace weir::sim::graphql
