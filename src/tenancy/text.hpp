// What PostgreSQL stores and a terminal can show.
#pragma once
#include <string>

namespace weir::tenancy {

enum class LineBreaks { allowed, refused };
// UTF-8 without control characters (tab counts as none).
bool is_plain_text(const std::string& value, LineBreaks line_breaks);

}  // namespace weir::tenancy
