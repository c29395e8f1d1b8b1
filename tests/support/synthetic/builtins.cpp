#include "tests/support/synthetic/builtins.hpp"

#include <unistd.h>

#include <fmt/format.h>

#include "base/random.hpp"
#include "base/task_group.hpp"
#include "tests/support/synthetic/paged_run.hpp"
#include "tests/support/synthetic/source_spec.hpp"

namespace weir::synthetic {
namespace {

using plugin::ScriptDeclaration;
using plugin::ScriptServices;

// The world of a spec file, seen by one run.
class SpecRemote final : public Remote {
 public:
  SpecRemote(SourceSpec spec, std::string script, const ScriptServices& services)
      : spec_(std::move(spec)),
        script_(std::move(script)),
        clock_(services.clock),
        is_token_good_(spec_.token.empty() || has_token(services, spec_.token)),
        world_(spec_.world),
        view_(world_),
        random_(spec_.world.seed ^ static_cast<std::uint64_t>(::getpid())) {}

  Task<Result<const WorldView*>> request(int partition, plugin::PassContext* pass) override {
    const auto number = count_request(spec_);
    view_.advance_to(read_clock(spec_, world_, true));
    if (!is_token_good_) co_return fail(ErrorCode::needs_credentials, "the synthetic provider refused the token");
    for (const auto& fault : spec_.faults) {
      if (!strikes(fault, partition, number)) continue;
      const auto failed = co_await fail_by(fault, pass);
      if (!failed) co_return std::unexpected(failed.error());
    }
    co_return &view_;
  }
  const SourceSpec& spec() const { return spec_; }

 private:
  static bool has_token(const ScriptServices& services, const std::string& token) {
    const auto* secret = services.environment.secret("SYNTHETIC_TOKEN");
    return secret != nullptr && secret->reveal() == token;
  }

  bool strikes(const Fault& fault, int partition, std::int64_t number) {
    if (partition < 0 && !fault.hits_listing) return false;
    if (!fault.partition.empty() && fault.partition != fmt::format("p{}", partition)) return false;
    if (!fault.script.empty() && fault.script != script_) return false;
    return number % fault.every == 0 && random_.unit() < fault.probability;
  }

  Task<Result<>> fail_by(Fault fault, plugin::PassContext* pass) {
    const auto pause = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(fault.seconds));
    switch (fault.kind) {
      case FaultKind::transient:
        co_return fail(ErrorCode::provider_failed, "the synthetic provider failed for a moment");
      case FaultKind::unreachable:
        co_return fail(ErrorCode::unreachable, "the synthetic provider hides this partition");
      case FaultKind::needs_credentials:
        co_return fail(ErrorCode::needs_credentials, "the synthetic provider refused the credentials");
      case FaultKind::limited:
        if (pass != nullptr) pass->park_until(clock_.now() + pause);
        co_return fail(ErrorCode::limited, fmt::format("the synthetic provider said: not for {} s", fault.seconds));
      case FaultKind::hang: co_await sleep_for(std::chrono::hours(24)); break;
      case FaultKind::slow: co_await sleep_for(pause); break;
    }
    co_return Result<>{};
  }

  SourceSpec spec_;
  std::string script_;
  Clock& clock_;
  bool is_token_good_;
  World world_;
  WorldView view_;
  Random random_;
};

class BatchSink final : public Sink {
 public:
  BatchSink(std::string resource, std::size_t payload_bytes)
      : resource_(std::move(resource)), payload_(payload_bytes, 'x') {}

  void write(plugin::PassContext& pass, const Record& record) override {
    auto& batch = pass.rows(resource_);
    const auto column = [&](std::string_view name) { return *batch.resource().find(name); };
    batch.add_row()
        .text(column("partition_key"), pass.partition().key)
        .text(column("item_key"), record.key)
        .integer(column("revision"), record.revision)
        .text(column("title"), fmt::format("{} as of revision {} {}", record.key, record.revision, payload_))
        .instant(column("source_updated_at"), record.updated_at)
        .done();
  }

 private:
  std::string resource_;
  std::string payload_;
};

// A run with what it is made of.
template <class Run>
class OwningRun final : public plugin::ScriptRun {
 public:
  template <class... Args>
  OwningRun(SourceSpec spec, const ScriptDeclaration& declaration, const ScriptServices& services, Args&&... args)
      : remote_(spec, declaration.name, services),
        sink_(declaration.resources.front(), spec.payload_bytes),
        run_(remote_, sink_, std::forward<Args>(args)...) {}
  Task<Result<std::vector<plugin::Partition>>> partitions() override { return run_.partitions(); }
  Task<Result<>> run_pass(plugin::PassContext& pass) override { return run_.run_pass(pass); }

 private:
  SpecRemote remote_;
  BatchSink sink_;
  Run run_;
};

// The list of partitions itself: what the other scripts depend on.
class PartitionsRun final : public plugin::ScriptRun {
 public:
  PartitionsRun(Remote& remote, Sink&) : remote_(remote) {}
  Task<Result<std::vector<plugin::Partition>>> partitions() override {
    co_return std::vector<plugin::Partition>{{.key = "", .title = "All partitions"}};
  }
  Task<Result<>> run_pass(plugin::PassContext& pass) override {
    const auto partitions = co_await list_partitions(remote_);
    if (!partitions) co_return std::unexpected(partitions.error());
    pass.count_requests({1, 0, 100});
    auto& batch = pass.rows("synthetic_partition");
    for (const auto& partition : *partitions)
      batch.add_row()
          .text(*batch.resource().find("partition_key"), partition.key)
          .text(*batch.resource().find("title"), partition.title)
          .done();
    co_await pass.page_done({{"listed", true}});
    co_return Result<>{};
  }

 private:
  Remote& remote_;
};

Result<SourceSpec> spec_of(const ScriptServices& services) {
  const auto file = services.environment.get("SYNTHETIC_SPEC");
  if (!file) return fail(ErrorCode::invalid_input, "SYNTHETIC_SPEC is not set");
  return read_source_spec(std::filesystem::path(*file));
}

Result<std::unique_ptr<plugin::ScriptRun>> start_listing(const ScriptDeclaration& declaration,
                                                         ScriptServices services) {
  const auto spec = spec_of(services);
  if (!spec) return std::unexpected(spec.error());
  const ApiSpec api{.kind = declaration.cursor,
                    .order = declaration.order,
                    .address = spec->address,
                    .page_size_max = spec->page_size,
                    .results_max = spec->results_max};
  auto walk = plugin::walk_settings(declaration);
  walk.listing.address = spec->address;
  walk.listing.page_size_max = spec->page_size;
  walk.granularity = spec->world.precision;
  walk.results_max = spec->results_max;
  return std::make_unique<OwningRun<PagedRun>>(*spec, declaration, services, api, walk);
}

Result<std::unique_ptr<plugin::ScriptRun>> start_heads(const ScriptDeclaration& declaration, ScriptServices services) {
  const auto spec = spec_of(services);
  if (!spec) return std::unexpected(spec.error());
  return std::make_unique<OwningRun<HeadsRun>>(*spec, declaration, services, static_cast<std::size_t>(spec->page_size));
}

Result<std::unique_ptr<plugin::ScriptRun>> start_partitions(const ScriptDeclaration& declaration,
                                                            ScriptServices services) {
  const auto spec = spec_of(services);
  if (!spec) return std::unexpected(spec.error());
  return std::make_unique<OwningRun<PartitionsRun>>(*spec, declaration, services);
}

}  // namespace

void add_builtins(plugin::BuiltinRegistry& registry) {
  registry.add("synthetic_listing", {.start = start_listing});
  registry.add("synthetic_heads", {.start = start_heads});
  registry.add("synthetic_partitions", {.start = start_partitions});
}

}  // namespace weir::synthetic
