// Recorded answers in place of a provider, and a recorder of answers.
#pragma once
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <vector>

#include "base/time.hpp"
#include "plugin/requester.hpp"
#include "plugin/trial/exchange.hpp"

namespace weir::plugin {

// Answers each request with the first unused exchange of the same method, URL and body, judged by the same rules as a
// real answer. A request that was not recorded is refused with the one that was expected.
class ReplayAccess final : public ProviderAccess {
 public:
  ReplayAccess(std::vector<Exchange> exchanges, Clock& clock) : exchanges_(std::move(exchanges)), clock_(clock) {}
  Result<std::unique_ptr<Requester>> open(const ScriptDeclaration& script, RequesterPlan plan,
                                          const ScriptServices& services) override;
  // The URLs of exchanges that nobody asked for.
  std::vector<std::string> unused() const;

 private:
  friend class ReplayRequester;
  std::vector<Exchange> exchanges_;
  std::vector<bool> is_used_ = std::vector<bool>(exchanges_.size());
  Clock& clock_;
};

// Told of every exchange, after it was scrubbed.
using ExchangeListener = std::function<void(const Exchange&)>;

// Passes requests on and tells what was answered.
class RecordingAccess final : public ProviderAccess {
 public:
  RecordingAccess(ProviderAccess& provider, ExchangeListener listener)
      : provider_(provider), listener_(std::move(listener)) {}
  Result<std::unique_ptr<Requester>> open(const ScriptDeclaration& script, RequesterPlan plan,
                                          const ScriptServices& services) override;

 private:
  ProviderAccess& provider_;
  ExchangeListener listener_;
};

}  // namespace weir::plugin
