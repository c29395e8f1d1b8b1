// What is remembered of heads between passes, and what to do about those that moved.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "plugin/declarative/page_work.hpp"

namespace weir::plugin::declarative {

// Pure. The state is {"heads": {name: value}}; where that would exceed what a cursor may keep, heads that do not fit
// are kept as hashes of their values alone: enough to see that they did not move.
class HeadState {
 public:
  HeadState() = default;
  explicit HeadState(const nlohmann::json& state);

  // Those whose value was not there before, under any name, in the order given; each with what is known of it.
  std::vector<Head> moved(const std::vector<Head>& heads, const std::string& trunk) const;
  // Everything of this head is collected.
  void add(const Head& head);
  nlohmann::json to_json() const;

 private:
  bool is_hashed(const std::string& value) const;
  std::map<std::string, std::string> values_;  // by name
  std::set<std::string> hashes_;               // of values without a name
};

}  // namespace weir::plugin::declarative
