// The rows of another script's resource, of which a script makes its partitions.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/asio.hpp"
#include "base/time.hpp"

namespace weir::plugin {

struct ParentRows {
  std::vector<nlohmann::json> rows;  // objects: column → value, as PostgreSQL writes them in JSON
  // Up to when the provider was read for them: changes after it are not in the rows. nullopt: it is not known.
  std::optional<Instant> read_at{};
};

class ParentTables {
 public:
  virtual ~ParentTables() = default;
  // What this data source's scripts collected and the provider has not deleted, by key. Throws Failure.
  virtual Task<ParentRows> read(std::string resource, std::vector<std::string> columns) = 0;
};

}  // namespace weir::plugin
