#include "plugin/declarative/script.hpp"

#include <fmt/format.h>

#include "plugin/declarative/answer_meaning.hpp"
#include "plugin/declarative/heads_run.hpp"
#include "plugin/declarative/request_builder.hpp"
#include "plugin/declarative/run.hpp"

namespace weir::plugin::declarative {
namespace {

class DeclarativeScript final : public Script {
 public:
  explicit DeclarativeScript(ScriptDeclaration declaration) : declaration_(std::move(declaration)) {}
  const ScriptDeclaration& declaration() const override { return declaration_; }

  Result<std::unique_ptr<ScriptRun>> start(ScriptServices services) const override {
    if (services.provider == nullptr)
      return fail(ErrorCode::internal, fmt::format("nothing gives {} a way to its provider", declaration_.full_name()));
    const EnvironmentValues environment(services.environment);
    Scope scope;
    Scratch scratch;
    scope.set(Root::env, environment.value());
    auto base = base_url(*declaration_.plan->service, scope, scratch);
    if (!base) return std::unexpected(base.error());
    auto requester =
        services.provider->open(declaration_, {.base = *base, .rules = answer_rules(*declaration_.plan)}, services);
    if (!requester) return std::unexpected(requester.error());
    if (declaration_.cursor == CursorKind::heads)
      return std::make_unique<HeadsRun>(declaration_, std::move(services), std::move(*base), std::move(*requester));
    return std::make_unique<DeclarativeRun>(declaration_, std::move(services), std::move(*base), std::move(*requester));
  }

 private:
  ScriptDeclaration declaration_;
};

}  // namespace

std::unique_ptr<Script> make_script(ScriptDeclaration declaration) {
  return std::make_unique<DeclarativeScript>(std::move(declaration));
}

}  // namespace weir::plugin::declarative
