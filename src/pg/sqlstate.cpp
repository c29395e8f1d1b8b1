#include "pg/sqlstate.hpp"

#include <utility>

namespace weir::pg {
namespace {

// Appendix A of PostgreSQL's manual; a whole class where only the first two characters stand.
constexpr std::pair<std::string_view, ErrorCode> k_meanings[] = {
    {k_sqlstate_lease_lost, ErrorCode::lease_lost},
    {k_sqlstate_conflict, ErrorCode::conflict},
    {k_sqlstate_not_found, ErrorCode::not_found},
    {"40001", ErrorCode::transaction_conflict},
    {"40P01", ErrorCode::transaction_conflict},
    {"55P03", ErrorCode::transaction_conflict},  // lock_not_available: lock_timeout
    {"23505", ErrorCode::already_exists},
    {"23", ErrorCode::invalid_data},
    {"22", ErrorCode::invalid_data},
    {"54", ErrorCode::invalid_data},  // program limit: a row or an index key too large
    {"53100", ErrorCode::disk_full},
    {"53", ErrorCode::database_unreachable},  // too many connections, out of memory
    {"57014", ErrorCode::timed_out},
    {"57", ErrorCode::database_unreachable},  // shutdown, crash, cannot connect now
    {"08", ErrorCode::database_unreachable},
    {"58", ErrorCode::database_unreachable},
    {"28", ErrorCode::configuration},
    {"3D000", ErrorCode::configuration},
    {"42501", ErrorCode::configuration},
    {"25P03", ErrorCode::database_unreachable},  // idle in transaction for too long: the session is gone
};

}  // namespace

ErrorCode meaning_of(std::string_view sqlstate) {
  for (const auto& [prefix, code] : k_meanings)
    if (sqlstate.starts_with(prefix)) return code;
  return sqlstate.empty() ? ErrorCode::database_unreachable : ErrorCode::database_error;
}

}  // namespace weir::pg
