// Verb: what `signalbox VERB` is made of. One file a verb, one line in verbs.cpp.
//
// A verb's function adds a subcommand with its options; when the command line names it, it sets `chosen`,
// which main then runs. Data goes to stdout, everything else to stderr.
#pragma once

#include <functional>
#include <span>
#include <string>

namespace CLI {
class App;
}

namespace signalbox::app::cli {

enum class Exit : int {
  Ok = 0,
  Finding = 1,  ///< it worked, and the answer is bad news: a diagnostic, a failed test, a refusal asked about
  Usage = 2,    ///< the command line itself is wrong
  Unreachable = 3,  ///< file, gateway or server cannot be reached
  Refused = 4,      ///< reached, and it said no
};

using Action = std::function<Exit()>;
using AddVerb = void (*)(CLI::App& root, Action& chosen);

/// Every verb, in the order of the help.
std::span<const AddVerb> verbs();

/// Parses and runs. Returns the process's exit code.
int run_command_line(int argc, const char* const* argv);

}  // namespace signalbox::app::cli
