#include "provider-sim/world/generator.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "provider-sim/base/words.hpp"

namespace weir::sim {
namespace {

constexpr std::array<std::string_view, 8> k_languages{"C++", "Go", "TypeScript", "Python", "Rust", "Java", "", "Shell"};

std::string ascii_login(std::string_view name, std::size_t number) {
  std::string login;
  for (const char c : lower(name)) {
    if ((c >= 'a' && c <= 'z')) login += c;
    if (c == ' ' && !login.empty()) login += '-';
  }
  return fmt::format("{}{}", login, number);
}

}  // namespace

void Generator::generate() {
  make_accounts();
  make_persons();
  make_teams();
  const RepositorySizes sizes{.commits = options_.commits,
                              .pulls = options_.pulls,
                              .issues = options_.issues,
                              .releases = options_.releases,
                              .runs = options_.runs,
                              .branches = options_.branches,
                              .branch_commits = options_.branch_commits};
  const Time start = options_.now - std::chrono::days(options_.history_days);
  for (std::size_t i = 0; i < options_.repositories; ++i) {
    const auto seed = mix(options_.seed, i, 31);
    const Time created = start + std::chrono::hours(i % 200);
    auto& repository =
        world_.add_repository(make_repository(fmt::format("{}-{}", make_slug(seed), i + 1), seed, created));
    RepositoryGenerator(world_, repository, sizes, options_.now).generate();
  }
  if (options_.has_specials) make_specials();
}

Index Generator::add_account(Account account) {
  account.created_at =
      options_.now - std::chrono::days(options_.history_days + 900) + std::chrono::hours(world_.accounts_.size() * 7);
  account.updated_at = account.created_at + std::chrono::days(300);
  const auto index = static_cast<Index>(world_.accounts_.size());
  world_.by_login_[lower(account.login)] = index;
  world_.accounts_.push_back(std::move(account));
  return index;
}

void Generator::make_accounts() {
  const auto& organization = options_.organization;
  world_.organization_ =
      add_account({.id = 4'100'000, .login = organization, .name = organization, .kind = AccountKind::organization});
  world_.other_organization_ = add_account({.id = 4'100'777,
                                            .login = organization + "-labs",
                                            .name = organization + " labs",
                                            .kind = AccountKind::organization});
  world_.ghost_ = add_account({.id = 10'137, .login = "ghost", .name = "Deleted user"});
  add_account({.id = 19'864'447, .login = "web-flow", .name = "GitHub Web Flow"});
  world_.first_person_account_ = static_cast<Index>(world_.accounts_.size());
  for (std::size_t i = 0; i < options_.accounts; ++i) {
    if (i == 3) add_account({.id = 49'699'333, .login = "dependabot[bot]", .kind = AccountKind::bot});
    if (i == 9) add_account({.id = 29'139'614, .login = "renovate[bot]", .kind = AccountKind::bot});
    const auto seed = mix(options_.seed, i, 32);
    const std::string name = make_person_name(seed);
    const std::string login = ascii_login(name, i + 1);
    const auto index = add_account({.id = static_cast<std::int64_t>(1'000'000 + i * 9'973),
                                    .login = login,
                                    .name = name,
                                    .email = login + "@example.com",
                                    .is_email_public = i % 3 == 0,
                                    .is_site_admin = i == 0});
    if (i % 5 != 4) world_.members_.push_back(index);
  }
}

void Generator::make_persons() {
  for (Index i = world_.first_person_account_; i < world_.accounts_.size(); ++i) {
    const Account& account = world_.accounts_[i];
    const bool is_bot = account.kind == AccountKind::bot;
    const std::string email =
        is_bot ? fmt::format("{}+{}@users.noreply.github.com", account.id, account.login) : account.email;
    world_.persons_.push_back({.name = is_bot ? account.login : account.name, .email = email, .account = i});
    if (i % 7 == 6) {
      const auto name = make_person_name(mix(options_.seed, i, 33));
      world_.persons_.push_back({.name = name, .email = fmt::format("contractor{}@Corp.Example", i)});
    }
  }
  world_.web_flow_ = static_cast<Index>(world_.persons_.size());
  world_.persons_.push_back(
      {.name = "GitHub", .email = "noreply@github.com", .account = world_.find_account_index("web-flow")});
}

void Generator::make_teams() {
  constexpr std::array<std::string_view, 6> names{"Platform", "Payments", "Web & Mobile",
                                                  "Data",     "Security", "Release"};
  for (std::size_t i = 0; i < options_.teams; ++i) {
    const auto seed = mix(options_.seed, i, 34);
    Team team{.id = static_cast<std::int64_t>(8'000'000 + i * 31), .seed = seed};
    team.name = i < names.size() ? std::string(names[i]) : fmt::format("Team {}", i + 1);
    for (const char c : lower(team.name))
      if (c != '&' && (c != ' ' || !team.slug.ends_with('-'))) team.slug += c == ' ' ? '-' : c;
    if (i % 3 == 1) team.parent = static_cast<Index>(i - 1);
    Dice dice(seed);
    for (const Index member : world_.members_)
      if (dice.percent(30) || (i == 0 && team.members.size() < options_.list_items)) team.members.push_back(member);
    world_.teams_.push_back(std::move(team));
  }
}

Repository Generator::make_repository(std::string name, std::uint64_t seed, Time created_at) {
  Dice dice(seed);
  Repository repository{.id = 515'000'000 + world_.next_id(9'000) % 900'000'000, .seed = seed, .name = std::move(name)};
  repository.owner = world_.organization_;
  repository.language = dice.pick(k_languages);
  repository.visibility = dice.percent(60) ? Visibility::private_ : Visibility::public_;
  repository.stars = static_cast<std::int64_t>(dice.below(400));
  repository.created_at = created_at;
  repository.updated_at = created_at;
  return repository;
}

void Generator::make_specials() {
  const RepositorySizes some{.commits = std::min<std::size_t>(options_.commits, 20),
                             .pulls = std::min<std::size_t>(options_.pulls, 5),
                             .issues = std::min<std::size_t>(options_.issues, 6),
                             .releases = 1,
                             .runs = std::min<std::size_t>(options_.runs, 3),
                             .branches = 1,
                             .branch_commits = 1};
  const Time created = options_.now - std::chrono::days(options_.history_days / 2);
  const auto add = [&](std::string name, auto alter, RepositorySizes sizes) -> Repository& {
    Repository made = make_repository(std::move(name), mix(options_.seed, world_.repositories_.size(), 35), created);
    alter(made);
    auto& repository = world_.add_repository(std::move(made));
    if (sizes.commits > 0) RepositoryGenerator(world_, repository, sizes, options_.now).generate();
    return repository;
  };
  add("empty-shell", [](Repository& r) { r.language.clear(); }, {});
  add("archived-lib", [](Repository& r) { r.is_archived = true; }, some);
  RepositorySizes no_issues = some;
  no_issues.issues = 0;
  add("no-issues", [](Repository& r) { r.has_issues = false; }, no_issues);
  add("dmca-mirror", [](Repository& r) { r.block = Block::dmca; }, some);
  add("terms-blocked", [](Repository& r) { r.block = Block::terms; }, some);
  add("forked-tool", [](Repository& r) { r.is_fork = true; }, some);
  RepositorySizes no_runs = some;
  no_runs.runs = 0;
  add("No.Actions_Here", [](Repository& r) { r.has_actions = false; }, no_runs);
  Repository& renamed = add("old-service", [](Repository&) {}, some);
  world_.rename(renamed, "moved-service", renamed.owner);
}

}  // namespace weir::sim
