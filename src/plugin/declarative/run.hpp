// One run of a declarative script: what a walk asks for becomes a request, the answer becomes rows.
#pragma once
#include <memory>
#include <vector>

#include "plugin/declarative/page_work.hpp"
#include "plugin/paged_script.hpp"

namespace weir::plugin::declarative {

// The script's partitions, or one without a key.
Task<Result<std::vector<Partition>>> list_partitions(const RunExchange& run, const ScriptServices& services);

class DeclarativeRun final : public PagedScriptRun {
 public:
  DeclarativeRun(const ScriptDeclaration& declaration, ScriptServices services, http::Url base,
                 std::unique_ptr<Requester> requester);

  Task<Result<std::vector<Partition>>> partitions() override;
  // Its first page. With partitions: of the first of them, where there are any yet.
  Task<Findings> check() override;
  std::optional<Duration> provider_clock_offset() const override { return exchange_.clock_offset; }

 private:
  Task<Findings> check_partitions();
  Task<std::optional<Error>> look_at(const Partition& partition);
  Task<Result<Page>> fetch(PageQuery query, PassContext& pass, nlohmann::json here) override;

  std::string name_;
  ScriptServices services_;
  RunExchange exchange_;
  PageWorks works_;
};

}  // namespace weir::plugin::declarative
