#include "pg/database.hpp"

namespace weir::pg {
namespace {

constexpr Statement k_begin{"pg.begin", "BEGIN ISOLATION LEVEL READ COMMITTED"};
constexpr Statement k_commit{"pg.commit", "COMMIT"};
// The same as SET LOCAL ROLE and SET LOCAL weir.tenant_id, with the values as parameters.
constexpr Statement k_scope{"pg.scope", "SELECT set_config('role', $1, true), set_config('weir.tenant_id', $2, true)"};

void append(std::vector<Command>& to, std::vector<Command> from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

std::vector<Command> open_transaction(const RoleNames& roles, const Scope& scope) {
  std::vector<Command> commands;
  commands.push_back({k_begin, {}});
  commands.push_back(take_scope(roles, scope));
  return commands;
}

Command take_scope(const RoleNames& roles, const Scope& scope) {
  return {k_scope, Params(roles.name_of(scope.role), scope.tenant_id ? to_string(*scope.tenant_id) : std::string())};
}

Command commit_transaction() { return {k_commit, {}}; }

std::string quote_identifier(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

Task<Rows> Transaction::query(Statement statement, Params params) {
  return lease_->query(statement, std::move(params), deadline_);
}

Task<std::vector<Rows>> Transaction::batch(std::vector<Command> commands) {
  return lease_->pipeline(std::move(commands), deadline_);
}

Task<std::vector<Rows>> Transaction::commit(std::vector<Command> commands) {
  commands.push_back(commit_transaction());
  auto answers = co_await lease_->pipeline(std::move(commands), deadline_);
  answers.pop_back();
  co_return answers;
}

Task<> Transaction::enter(Scope scope) {
  const auto command = take_scope(roles_, scope);
  co_await lease_->query(command.statement, command.params, deadline_);
}

std::vector<Command> Database::opening(const Scope& scope) const { return open_transaction(roles_, scope); }

Task<Rows> Database::query(Scope scope, Statement statement, Params params, Deadline deadline) {
  std::vector<Command> commands;
  commands.push_back({statement, std::move(params)});
  auto answers = co_await batch(scope, std::move(commands), deadline);
  co_return std::move(answers.front());
}

Task<std::vector<Rows>> Database::batch(Scope scope, std::vector<Command> commands, Deadline deadline) {
  auto all = opening(scope);
  const auto count = commands.size();
  append(all, std::move(commands));
  all.push_back(commit_transaction());
  const auto lease = co_await pool_.acquire(deadline);
  auto answers = co_await lease->pipeline(std::move(all), deadline);
  answers.erase(answers.begin(), answers.begin() + 2);
  answers.resize(count);
  co_return answers;
}

Task<Transaction> Database::begin(Scope scope, Deadline deadline) {
  auto lease = co_await pool_.acquire(deadline);
  co_await lease->pipeline(opening(scope), deadline);
  co_return Transaction(std::move(lease), roles_, deadline);
}

}  // namespace weir::pg
