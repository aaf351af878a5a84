// Flags that several verbs have because `opa` has them: what they allow, and what is refused and why.
#pragma once

#include <string>
#include <vector>

#include "policy/engine.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace signalbox::app::cli {

/// --v0-compatible, and --v1-compatible, which is the default.
void add_version_flags(CLI::App& verb, bool& v0);

/// --capabilities VERSION|FILE. A name that is neither is a usage error.
void add_capabilities_option(CLI::App& verb, std::string& named);
/// What files and queries need beyond what --capabilities named; nothing named is everything. Files that do
/// not parse are passed over: loading says what is wrong with them.
Diagnostics beyond_capabilities(const std::string& named, const std::vector<policy::SourceFile>& files,
                                bool v0);
Diagnostics query_beyond_capabilities(const std::string& named, const std::string& query);
/// The hosts that they allow.
void allow_hosts(const std::string& named, policy::BuiltinHost& host);

/// --coverage-runs: what is told of text that was not reached; an empty list tells nothing.
void add_coverage_runs_option(CLI::App& verb, std::vector<std::string>& runs);

/// -t/--target: `rego`. `wasm` is refused: policies run in the program's own machine.
void add_target_option(CLI::App& verb);
/// --optimize-store-for-read-speed: taken, since base documents are never kept otherwise.
void add_read_speed_flag(CLI::App& verb);
/// A flag of `opa` that cannot be had here; naming it is a usage error that says `why`.
CLI::Option* add_refused_flag(CLI::App& verb, const std::string& names, const std::string& why);
/// The same for an option with a value.
CLI::Option* add_refused_option(CLI::App& verb, const std::string& names, const std::string& why);

}  // namespace signalbox::app::cli
