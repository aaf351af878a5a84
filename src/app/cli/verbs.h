// The verbs, one function each, defined in the file of its name.
#pragma once

#include "app/cli/verb.h"

namespace signalbox::app::cli {

void add_run(CLI::App& root, Action& chosen);
void add_check(CLI::App& root, Action& chosen);
void add_eval(CLI::App& root, Action& chosen);
void add_test(CLI::App& root, Action& chosen);
void add_format(CLI::App& root, Action& chosen);
void add_bench(CLI::App& root, Action& chosen);
void add_repl(CLI::App& root, Action& chosen);
void add_parse(CLI::App& root, Action& chosen);
void add_deps(CLI::App& root, Action& chosen);
void add_inspect(CLI::App& root, Action& chosen);
void add_build(CLI::App& root, Action& chosen);
void add_sign(CLI::App& root, Action& chosen);
void add_exec(CLI::App& root, Action& chosen);
void add_capabilities(CLI::App& root, Action& chosen);
void add_explain(CLI::App& root, Action& chosen);
void add_policy(CLI::App& root, Action& chosen);
void add_actions(CLI::App& root, Action& chosen);
void add_signals(CLI::App& root, Action& chosen);
void add_decisions(CLI::App& root, Action& chosen);
void add_sessions(CLI::App& root, Action& chosen);
void add_blocks(CLI::App& root, Action& chosen);
void add_jobs(CLI::App& root, Action& chosen);
void add_config(CLI::App& root, Action& chosen);
void add_completion(CLI::App& root, Action& chosen);
void add_version(CLI::App& root, Action& chosen);

}  // namespace signalbox::app::cli
