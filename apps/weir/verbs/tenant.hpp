// The parts of `weir tenant`.
#pragma once
#include "weir/cli.hpp"
#include "weir/session.hpp"

namespace weir::app {

void add_tenant_reader(CLI::App& tenant, Cli& cli);
void add_tenant_plans(CLI::App& tenant, Cli& cli);

// --user, kept in the audit log; the account of the operating system when it is not given.
struct ActorOption {
  std::string user;
  std::string actor() const { return user.empty() ? command_line_actor() : user; }
};
void add_actor_option(CLI::App& command, ActorOption& option);

}  // namespace weir::app
