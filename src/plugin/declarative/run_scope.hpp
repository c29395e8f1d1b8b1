// The values that expressions of one run begin with, and the texts behind them.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "plugin/declarative/document.hpp"
#include "plugin/declarative/expression/scope.hpp"
#include "plugin/walk/page.hpp"
#include "tenancy/environment.hpp"

namespace weir::plugin::declarative {

// The data source's plain settings as `env`. The environment outlives it. A secret is there only where a copy of its
// text is asked for: for credentials.
class EnvironmentValues {
 public:
  enum class Secrets { left_out, shown };
  explicit EnvironmentValues(const tenancy::Environment& environment, Secrets secrets = Secrets::left_out);
  Value value() const { return Value::Any(Map{entries_.data(), entries_.size()}); }

 private:
  std::vector<Entry> entries_;
};

// Objects of a few members that live as long as this: partition, window, page, head.
struct SmallMap {
  std::vector<Entry> entries;
  SmallMap& set(std::string_view key, Value value) {
    for (auto& entry : entries)
      if (entry.key == key) return entry.value = value, *this;
    entries.push_back({key, value});
    return *this;
  }
  Value value() const { return Value::Any(Map{entries.data(), entries.size()}); }
};

inline Value text_value(std::string_view text) { return Value::Any(text); }
inline Value instant_value(const std::optional<Instant>& at) { return at ? Value(Value::Any(*at)) : Value(); }

}  // namespace weir::plugin::declarative
