// A read-only transaction of a blocking session under one role; it ends with the object and changes nothing.
#pragma once
#include <string>

#include "pg/blocking_session.hpp"

namespace weir::pg {

class ReadTransaction {
 public:
  ReadTransaction(BlockingSession& session, const std::string& role);
  ~ReadTransaction();
  ReadTransaction(const ReadTransaction&) = delete;
  ReadTransaction& operator=(const ReadTransaction&) = delete;

  Rows query(Statement statement, const Params& params = {}) { return session_.query(statement, params); }

 private:
  BlockingSession& session_;
};

}  // namespace weir::pg
