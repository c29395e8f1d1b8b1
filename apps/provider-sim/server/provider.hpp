// The simulated provider as a whole: a request goes in, an answer comes out, as GitHub would give it to that token at
// that moment, or as the fault plan says. HTTP is not here; a request passes begin → (its delay) → answer → end.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "provider-sim/base/sim_clock.hpp"
#include "provider-sim/faults/fault_plan.hpp"
#include "provider-sim/graphql/endpoint.hpp"
#include "provider-sim/limits/identity.hpp"
#include "provider-sim/rest/api.hpp"
#include "provider-sim/server/options.hpp"
#include "provider-sim/server/request_log.hpp"
#include "provider-sim/world/activity.hpp"

namespace weir::sim {

class Provider {
 public:
  // A request under way.
  struct Exchange {
    Request request;
    std::uint64_t sequence = 0;
    const TokenSpec* token = nullptr;
    std::optional<TokenSpec> kept_token;  // a copy: tokens may be removed meanwhile
    Identity* identity = nullptr;
    Bucket bucket = Bucket::core;
    bool is_counted = false;
    std::optional<Fault> fault;
    std::optional<Response> decided;  // refused or spoilt at the door
    std::chrono::milliseconds delay{0};
  };

  Provider(Options options, Origins origins, SimClock& clock);

  std::unique_ptr<Exchange> begin(Request request);
  Response answer(Exchange& exchange);
  void end(Exchange& exchange, int status, std::uint64_t bytes);

  const Options& options() const { return options_; }

 private:
  friend class Control;
  // When an identity (or one of its buckets) may go on; what the log's late_ms is measured against.
  struct Told {
    Instant at = Instant::max();  // real time when the first refusal had been sent
    Instant until{};              // real time
  };

  // server/door.cpp
  std::optional<Response> refuse_form(const Request& request) const;
  std::optional<Response> refuse_credentials(Exchange& exchange);
  std::optional<Response> refuse_secondary(Exchange& exchange);
  std::optional<Response> refuse_primary(Exchange& exchange);
  Response secondary_refusal(Exchange& exchange, std::chrono::seconds wait, const RefusalForm& form);
  std::array<std::string, 2> told_keys(const Exchange& exchange) const;  // the whole identity, and the bucket
  void tell(Exchange& exchange, std::string_view refusal, std::chrono::seconds wait, bool is_whole_identity);
  std::int64_t lateness(const Exchange& exchange) const;
  // server/spoil.cpp
  void apply_fault(Exchange& exchange);
  void spoil_body(const Fault& fault, Response& response);
  // server/provider.cpp
  Response answer_rest(Exchange& exchange);
  Response answer_graphql(Exchange& exchange);
  Response answer_app(Exchange& exchange);
  Response answer_rate_limit(Exchange& exchange);
  void add_headers(Exchange& exchange, Response& response);
  void drift(const Request& request);
  LogEntry& entry(Exchange& exchange);

  Options options_;
  SimClock& clock_;
  World world_;
  Renderer renderer_;
  RestApi rest_;
  graphql::Endpoint graphql_;
  Credentials credentials_;
  FaultPlan faults_;
  RequestLog log_;
  LogEntry lost_entry_;                            // stands in for an entry that the log no longer has
  std::map<std::string, Told, std::less<>> told_;  // by identity, or identity and bucket
  std::uint64_t activity_round_ = 0;
  std::uint64_t late_count_ = 0;
  std::int64_t late_max_ms_ = 0;
  std::uint64_t token_count_ = 0;
};

// A path that begins like an Enterprise Server's is understood too; the query is split off.
Request make_request(std::string method, std::string target);

}  // namespace weir::sim
