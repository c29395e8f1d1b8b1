// A script whose behaviour is a function in the test.
//
//   FakeScript script("fake/rows");
//   script.pass = [](plugin::PassContext& pass) -> Task<Result<>> { … co_return Result<>{}; };
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "plugin/script.hpp"

namespace weir::test {

class FakeScript final : public plugin::Script {
 public:
  using Pass = std::function<Task<Result<>>(plugin::PassContext&)>;

  explicit FakeScript(std::string name = "rows", std::string provider = "fake") {
    declared.provider = std::move(provider);
    declared.name = std::move(name);
    declared.resources = {"pull_request"};
    declared.cursor = plugin::CursorKind::ascending;
    declared.hash = "h1";
  }

  const plugin::ScriptDeclaration& declaration() const override { return declared; }
  Result<std::unique_ptr<plugin::ScriptRun>> start(plugin::ScriptServices) const override {
    if (start_error) return std::unexpected(*start_error);
    return std::make_unique<Run>(*this);
  }

  plugin::ScriptDeclaration declared;
  std::optional<Error> start_error;
  std::vector<Result<std::vector<plugin::Partition>>> answers;  // of partitions(), before the one below
  std::vector<plugin::Partition> partitions{{.key = "", .title = "", .attributes = nullptr}};
  Pass pass = [](plugin::PassContext&) -> Task<Result<>> { co_return Result<>{}; };

 private:
  class Run final : public plugin::ScriptRun {
   public:
    explicit Run(const FakeScript& script) : script_(script) {}
    Task<Result<std::vector<plugin::Partition>>> partitions() override {
      if (asked_ < script_.answers.size()) co_return script_.answers[asked_++];
      co_return script_.partitions;
    }
    Task<Result<>> run_pass(plugin::PassContext& context) override { return script_.pass(context); }

   private:
    const FakeScript& script_;
    std::size_t asked_ = 0;
  };
};

inline plugin::Partition partition(std::string key) {
  plugin::Partition made{.key = key, .title = key, .attributes = nullptr};
  made.columns = {{"repo_key", key}};
  return made;
}

// Appends a pull request of the pass's partition.
inline void append(plugin::PassContext& pass, std::string_view number, std::string_view title = "t") {
  auto& batch = pass.rows("pull_request");
  auto row = batch.add_row();
  row.text(0, pass.partition().key.empty() ? "all" : pass.partition().key).text(1, number);
  row.text(*batch.resource().find("title"), title);
  row.done();
}

}  // namespace weir::test
