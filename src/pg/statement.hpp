// A named SQL statement. The name goes to errors, logs and metrics; each comes from a file <module>/sql/<name>.sql.
#pragma once
#include <string_view>

namespace weir::pg {

struct Statement {
  std::string_view name;
  std::string_view sql;  // static storage
};

}  // namespace weir::pg
