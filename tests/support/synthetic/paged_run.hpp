// A script's run over the simulated provider: the same for the property tests (rows in memory) and for the built-in of
// the testing binary (rows in batches).
#pragma once
#include "plugin/paged_script.hpp"
#include "tests/support/synthetic/provider.hpp"

namespace weir::synthetic {

// Where requests go. Time passes in it, and things go wrong.
class Remote {
 public:
  virtual ~Remote() = default;
  // The view of the world at the moment of this request, or what went wrong instead of an answer.
  virtual Task<Result<const WorldView*>> request(int partition, plugin::PassContext* pass) = 0;
};

// Where rows go.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void write(plugin::PassContext& pass, const Record& record) = 0;
};

// What partitions() of every synthetic script answers: the partitions found by now, with evidence.
Task<Result<std::vector<plugin::Partition>>> list_partitions(Remote& remote);
int partition_index(const plugin::Partition& partition);

class PagedRun final : public plugin::PagedScriptRun {
 public:
  PagedRun(Remote& remote, Sink& sink, ApiSpec api, plugin::WalkSettings settings)
      : PagedScriptRun(settings), remote_(remote), sink_(sink), api_(api) {}
  Task<Result<std::vector<plugin::Partition>>> partitions() override { return list_partitions(remote_); }

 protected:
  Task<Result<plugin::Page>> fetch(plugin::PageQuery query, plugin::PassContext& pass, nlohmann::json) override;

 private:
  Remote& remote_;
  Sink& sink_;
  ApiSpec api_;
};

// Heads: state, not time, says what is new. Every record is a head whose position is its revision; the state of the
// last complete pass says which were known.
class HeadsRun final : public plugin::ScriptRun {
 public:
  HeadsRun(Remote& remote, Sink& sink, std::size_t heads_per_request)
      : remote_(remote), sink_(sink), heads_per_request_(heads_per_request) {}
  Task<Result<std::vector<plugin::Partition>>> partitions() override { return list_partitions(remote_); }
  Task<Result<>> run_pass(plugin::PassContext& pass) override;

 private:
  Remote& remote_;
  Sink& sink_;
  std::size_t heads_per_request_;
};

}  // namespace weir::synthetic
