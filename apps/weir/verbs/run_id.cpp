#include "weir/verbs/run_id.hpp"

#include <fmt/format.h>

#include "weir/table.hpp"

namespace weir::app {

Result<Uuid> parse_run_id(const std::string& text) {
  const auto id = Uuid::parse(text);
  if (!id)
    return fail(ErrorCode::usage,
                fmt::format("'{}' is no run: a run is named by its id, which `weir runs` shows", printable(text)));
  return *id;
}

}  // namespace weir::app
