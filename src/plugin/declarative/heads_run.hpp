// A run of kind heads: what the heads point to tells what is new, whatever the dates say. Lists the heads, then walks
// one listing for each that moved.
#pragma once
#include <memory>
#include <vector>

#include "plugin/declarative/head_state.hpp"

namespace weir::plugin::declarative {

class HeadsRun final : public ScriptRun {
 public:
  HeadsRun(const ScriptDeclaration& declaration, ScriptServices services, http::Url base,
           std::unique_ptr<Requester> requester);

  Task<Result<std::vector<Partition>>> partitions() override;
  Task<Result<>> run_pass(PassContext& pass) override;
  std::optional<Duration> provider_clock_offset() const override { return exchange_.clock_offset; }

 private:
  // How far an open pass is: heads done, and the place in the listing of the one under way.
  struct Progress {
    HeadState done;
    std::string value;
    nlohmann::json walk;
    bool has_no_base = false;  // of the head under way: what it was compared with is gone
    static Progress from(const PassContext& pass);
    nlohmann::json to_json() const;
  };
  Task<Result<std::vector<Head>>> list_heads(PassContext& pass);
  Task<Result<>> collect(PassContext& pass, Head head, Progress& progress);
  Result<std::unique_ptr<Walk>> begin_walk(PageWork& work, const PassContext& pass, const Head& head,
                                           const nlohmann::json& position);
  Result<std::string> trunk_of(PassContext& pass, const std::vector<Head>& heads);

  ScriptServices services_;
  RunExchange exchange_;
  PageWorks works_;
};

}  // namespace weir::plugin::declarative
