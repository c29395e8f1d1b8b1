// What a plugin declares: a provider with its settings, and its scripts. Read from plugins/data-sources/<provider>/:
// provider.yaml says what the provider is, every other file is one script, named by its file.
#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "tenancy/config_key.hpp"

namespace weir::plugin::declarative {
struct ServicePlan;
struct ScriptPlan;
}  // namespace weir::plugin::declarative

namespace weir::plugin {

using tenancy::ConfigKey;

struct ProviderDeclaration {
  std::string name;     // github
  std::string title{};  // GitHub
  std::string description{};
  std::vector<ConfigKey> config{};
  std::shared_ptr<const declarative::ServicePlan> service{};  // of `http`; null: there is none
  std::string file{};                                         // where it was declared

  const ConfigKey* find(std::string_view key) const;
};

// How a script finds what is new since its cursor; decides how its pages are walked.
enum class CursorKind {
  window,      // from/to queries: the open range is asked whole first, cut by importWindowDuration when too large
  ascending,   // since-only, sorted ascending by a mutable time: keyset
  descending,  // newest first until the cursor
  heads,       // state decides, not time (branch heads, build numbers)
  full,        // every pass lists everything: a generation
};

std::string_view to_string(CursorKind kind);

// How the records of one listing are sorted. A page number may be resumed only in descending or immutable order.
enum class PageOrder { unspecified, ascending, descending, immutable };

struct ScriptDeclaration {
  std::string provider;
  std::string name;
  std::string description{};
  std::string builtin{};  // the name of the C++ that runs it; empty: `plan` says it
  std::shared_ptr<const declarative::ScriptPlan> plan{};
  std::vector<std::string> resources{};     // provides
  std::vector<std::string> dependencies{};  // resources it needs
  std::chrono::seconds import_window_duration = std::chrono::hours(24);
  std::optional<int> import_window_days = 90;  // how far back a first import reaches; nullopt: everything
  CursorKind cursor = CursorKind::full;
  std::string cursor_field{};  // what the cursor's instant is read from; for people, and for the declarative engine
  PageOrder order = PageOrder::unspecified;
  std::chrono::seconds lookback{0};
  std::chrono::seconds settle{0};  // how long the provider needs until what it lists is complete
  int partitions_in_parallel = 1;
  int attempts_max = 3;  // per partition and run
  std::string file{};    // where it was declared
  std::string hash{};    // of what changes the meaning of collected rows; kept with each cursor

  std::string full_name() const { return provider + "/" + name; }
};

}  // namespace weir::plugin
