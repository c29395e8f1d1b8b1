#include "pg/doctor/read_transaction.hpp"

#include "pg/sql.hpp"

namespace weir::pg {
namespace {

void roll_back(BlockingSession& session) {
  try {
    session.run_script({"pg.rollback", "ROLLBACK"});
  } catch (const Failure&) {
    // The session is lost, and its transaction with it.
  }
}

}  // namespace

ReadTransaction::ReadTransaction(BlockingSession& session, const std::string& role) : session_(session) {
  session_.run_script({"pg.begin", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"});
  try {
    session_.query(sql::take_role, Params(role));
  } catch (...) {
    roll_back(session_);
    throw;
  }
}

ReadTransaction::~ReadTransaction() { roll_back(session_); }

}  // namespace weir::pg
