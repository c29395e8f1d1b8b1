// A run of a script that reads pages: a walk decides which page comes next, a subclass fetches it.
//
//   class IssueRun final : public PagedScriptRun {
//     Task<Result<Page>> fetch(PageQuery query, PassContext& pass, nlohmann::json here) override {
//       …request, pass.count_requests({1, 0, bytes}), pass.rows("issue").add_row()…; co_return page;
//     }
//   };
#pragma once
#include "plugin/script.hpp"
#include "plugin/walk/walk.hpp"

namespace weir::plugin {

class PagedScriptRun : public ScriptRun {
 public:
  Task<Result<>> run_pass(PassContext& pass) final;

 protected:
  explicit PagedScriptRun(WalkSettings settings) : settings_(settings) {}
  // Gets one page and appends its rows to the pass. Errors as of run_pass; called again with the same query after one.
  // `here`: the place before the page, where a pass goes on that ends inside it.
  virtual Task<Result<Page>> fetch(PageQuery query, PassContext& pass, nlohmann::json here) = 0;

 private:
  WalkSettings settings_;
};

// The walk of a script as declared.
WalkSettings walk_settings(const ScriptDeclaration& declaration);

}  // namespace weir::plugin
