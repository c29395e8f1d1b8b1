#include "weir/cli.hpp"
#include "weir/crash_dump.hpp"
#include "weir/verbs.hpp"

int main(int argc, char** argv) {
  using namespace weir::app;
  forbid_crash_dumps();
  Cli cli;
  CLI::App root;
  add_global_options(root, cli);

  // In the order of the help.
  add_tenant(root, cli);
  add_source(root, cli);
  add_secrets(root, cli);
  add_pipeline(root, cli);
  add_key(root, cli);
  add_import(root, cli);
  add_serve(root, cli);
  add_runs(root, cli);
  add_run(root, cli);
  add_logs(root, cli);
  add_cancel(root, cli);
  add_queue(root, cli);
  add_plan(root, cli);
  add_cursor(root, cli);
  add_backfill(root, cli);
  add_plugins(root, cli);
  add_db(root, cli);
  add_doctor(root, cli);
  add_completion(root, cli);
  add_embedded_guard(root, cli);

  return run_cli(root, cli, argc, argv);
}
