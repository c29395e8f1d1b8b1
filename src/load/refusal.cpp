#include "load/refusal.hpp"

#include <algorithm>
#include <span>

#include <fmt/format.h>

namespace weir::load {
namespace {

constexpr pg::Statement k_rollback{"load.rollback", "ROLLBACK"};

using Rows = std::span<const std::uint32_t>;

// What the database says to these rows; nullopt: it takes them. Nothing stays of the attempt.
Task<std::optional<Error>> try_rows(pg::Database& database, const RunRight& right, const StagedRows& staged,
                                    Rows rows) {
  auto transaction = co_await database.begin(pg::Scope::tenant(right.tenant));
  std::vector<pg::Command> commands;
  commands.push_back(staged.statement->merge(right, *staged.store, rows));
  commands.push_back({k_rollback, {}});
  try {
    co_await transaction.batch(std::move(commands));
  } catch (const Failure& failure) {
    if (!is_refusal(failure.error().code)) throw;
    co_return failure.error();
  }
  co_return std::nullopt;
}

[[noreturn]] void give_up(const StagedRows& staged, const Error& error) {
  throw Failure(
      {ErrorCode::invalid_data,
       fmt::format("the database refuses more than {} rows of {} in one checkpoint: {}; look for a constraint "
                   "or trigger on data.{} that does not fit its resource, and remove it",
                   k_refused_rows_max, staged.store->resource().name, error.message, staged.store->resource().name),
       error.detail});
}

Task<> search(pg::Database& database, const RunRight& right, const StagedRows& staged,
              std::vector<RefusedRow>& refused) {
  std::vector<Rows> open{staged.rows};
  while (!open.empty()) {
    const auto rows = open.back();
    open.pop_back();
    if (rows.empty()) continue;
    const auto error = co_await try_rows(database, right, staged, rows);
    if (!error) continue;
    if (rows.size() > 1) {
      const auto half = rows.size() / 2;
      open.push_back(rows.subspan(half));
      open.push_back(rows.first(half));
      continue;
    }
    if (refused.size() == k_refused_rows_max) give_up(staged, *error);
    refused.push_back({&staged, rows.front(), error->message});
  }
}

}  // namespace

bool is_refusal(ErrorCode code) { return code == ErrorCode::invalid_data || code == ErrorCode::already_exists; }

Task<std::vector<RefusedRow>> separate_refused_rows(pg::Database& database, const RunRight& right,
                                                    std::vector<StagedRows>& staged) {
  std::vector<RefusedRow> refused;
  for (const auto& rows : staged) co_await search(database, right, rows, refused);
  for (auto& rows : staged) {
    for (const auto& one : refused) {
      if (one.staged != &rows) continue;
      std::erase(rows.rows, one.row);
      rows.refused.push_back(one.row);
      rows.refusal = one.reason;
    }
  }
  co_return refused;
}

}  // namespace weir::load
