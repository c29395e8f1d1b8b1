// POST /graphql: {"query": …, "variables": …, "operationName": …} to an answer. Answers are kept while the world stands
// as it is; only what they say about the rate limit is written anew.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "provider-sim/base/lru_cache.hpp"
#include "provider-sim/graphql/execution.hpp"

namespace weir::sim::graphql {

struct Answered {
  std::string body{};
  int status = 200;
  std::int64_t cost = 0;
};

class Endpoint {
 public:
  explicit Endpoint(std::size_t cache_bytes_max) : cache_(cache_bytes_max) {}
  // `charged`, when given, is charged the query's cost before it runs.
  Answered answer(const Execution::Context& context, const std::string& request_body, Identity::Window* charged);

 private:
  struct Kept {
    std::shared_ptr<const Plan> plan;
    std::string body;
    std::optional<Execution::Changing> changing;
  };
  static std::string renew(const Kept& kept, const Execution::Context& context);

  LruCache<Kept> cache_;
};

}  // namespace weir::sim::graphql
