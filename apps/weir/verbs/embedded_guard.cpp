#include "pg/embedded/guard.hpp"

#include "weir/verbs.hpp"

namespace weir::app {

void add_embedded_guard(CLI::App& root, Cli& cli) {
  using Action = pg::GuardRequest::Action;
  const auto request = std::make_shared<pg::GuardRequest>();
  const auto linger_ms = std::make_shared<int>();
  const auto start_timeout_ms = std::make_shared<int>();
  const auto is_without_fsync = std::make_shared<bool>(false);
  auto& guard = add_command(root, pg::k_guard_verb, "Internal: starts, guards and stops the private database", {});
  guard.group("");
  guard.fallthrough(false);
  guard.add_option("action", request->action)
      ->required()
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, Action>{{"start", Action::start}, {"stop", Action::stop}}));
  guard.add_option("--home", request->home)->required();
  guard.add_option("--account", request->account)->required();
  guard.add_option("--programs", request->programs);
  guard.add_option("--linger-ms", *linger_ms)->required();
  guard.add_option("--start-timeout-ms", *start_timeout_ms)->required();
  guard.add_flag("--no-fsync", *is_without_fsync);
  guard.callback([&cli, request, linger_ms, start_timeout_ms, is_without_fsync] {
    request->linger = std::chrono::milliseconds(*linger_ms);
    request->start_timeout = std::chrono::milliseconds(*start_timeout_ms);
    request->durability = *is_without_fsync ? pg::Durability::none : pg::Durability::full;
    cli.action = [request] { return pg::run_guard(*request); };
  });
}

}  // namespace weir::app
