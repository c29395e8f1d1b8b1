// One line per verb; each lives in verbs/<verb>.cpp and is registered in main.cpp.
#pragma once
#include "weir/cli.hpp"

namespace weir::app {

void add_import(CLI::App& root, Cli& cli);
void add_serve(CLI::App& root, Cli& cli);
void add_backfill(CLI::App& root, Cli& cli);
void add_plan(CLI::App& root, Cli& cli);
void add_runs(CLI::App& root, Cli& cli);
void add_run(CLI::App& root, Cli& cli);
void add_logs(CLI::App& root, Cli& cli);
void add_cancel(CLI::App& root, Cli& cli);
void add_cursor(CLI::App& root, Cli& cli);
void add_completion(CLI::App& root, Cli& cli);
void add_plugins(CLI::App& root, Cli& cli);
void add_plugins_try(CLI::App& plugins, Cli& cli);
void add_db(CLI::App& root, Cli& cli);
void add_doctor(CLI::App& root, Cli& cli);
void add_embedded_guard(CLI::App& root, Cli& cli);
void add_tenant(CLI::App& root, Cli& cli);
void add_source(CLI::App& root, Cli& cli);
void add_secrets(CLI::App& root, Cli& cli);
void add_pipeline(CLI::App& root, Cli& cli);
void add_queue(CLI::App& root, Cli& cli);
void add_key(CLI::App& root, Cli& cli);

}  // namespace weir::app
