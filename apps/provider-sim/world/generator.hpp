// Makes the past of a World from its options. Sizes are exact (a default branch has exactly `commits` commits); the
// rest is drawn from the seed: a few people do most of the work, a tenth of the addresses belong to nobody, merges
// leave branches behind, some things share an instant to the second.
#pragma once
#include <string>
#include <vector>

#include "provider-sim/base/dice.hpp"
#include "provider-sim/world/world.hpp"

namespace weir::sim {

struct RepositorySizes {
  std::size_t commits = 0;
  std::size_t pulls = 0;
  std::size_t issues = 0;
  std::size_t releases = 0;
  std::size_t runs = 0;
  std::size_t branches = 0;
  std::size_t branch_commits = 0;
};

class Generator {
 public:
  explicit Generator(World& world) : world_(world), options_(world.options_) {}
  void generate();

  // A repository without content, named and dated; not yet part of the world.
  Repository make_repository(std::string name, std::uint64_t seed, Time created_at);

 private:
  void make_accounts();
  void make_persons();
  void make_teams();
  void make_specials();
  Index add_account(Account account);

  World& world_;
  const WorldOptions& options_;
};

// Fills an empty repository with a past that ends at `now`.
class RepositoryGenerator {
 public:
  RepositoryGenerator(World& world, Repository& repository, RepositorySizes sizes, Time now);
  void generate();

 private:
  // How something came to the default branch: what a pull request can claim to have done.
  struct Landing {
    Index head = k_none;
    Index base = k_none;
    Index merge = k_none;
  };

  void make_default_branch();
  void make_merge(Time at);
  Index make_commit(Time at, Index parent, Index second_parent, bool is_by_browser);
  void make_branches();
  void make_issues();
  void make_pulls();
  Pull make_pull(std::size_t position);
  void close_pull(Pull& pull, const Landing* landing);
  void make_reviews(Pull& pull, std::size_t wanted);
  void number_tickets();
  void make_releases();
  void make_runs();
  void set_times();

  Time between(Time low, Time high);
  void fill_ticket(Ticket& ticket, Time created_at);
  void touch(Ticket& ticket, Time last);

  World& world_;
  Repository& repository_;
  RepositorySizes sizes_;
  Time now_;
  Dice dice_;
  Index head_ = k_none;
  std::vector<Index> line_;  // the default branch's own commits, oldest first
  std::vector<Landing> landings_;
};

// Draws what a run looks like when it is over.
std::string draw_conclusion(Dice& dice);
// The line counts of a commit.
void draw_changes(Commit& commit, Dice& dice);

}  // namespace weir::sim
