// The list of verbs, and the command line as a whole.
#include "app/cli/verbs.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <initializer_list>

#include "app/cli/terminal.h"
#include "app/version.h"

namespace signalbox::app::cli {

std::span<const AddVerb> verbs() {
  static constexpr std::array kVerbs{
      add_run,    add_config, add_check,      add_test,    add_explain,   add_eval,         add_repl,
      add_format, add_policy, add_actions,    add_signals, add_decisions, add_sessions,     add_blocks,
      add_jobs,   add_build,  add_sign,       add_inspect, add_exec,      add_capabilities, add_bench,
      add_deps,   add_parse,  add_completion, add_version};
  return kVerbs;
}

namespace {

struct Group {
  const char* title;
  std::initializer_list<const char*> verbs;
};

/// The verbs as the help shows them, in the order of verbs(): that in which one comes to need them.
void group_verbs(CLI::App& root) {
  static const Group groups[] = {
      {"Run the gateway", {"run", "config"}},
      {"Write policies", {"check", "test", "explain", "eval", "repl", "fmt", "policy", "actions", "signals"}},
      {"See what a running gateway does", {"decisions", "sessions", "blocks", "jobs"}},
      {"Ship policies, and work with OPA", {"build", "sign", "inspect", "exec", "capabilities"}},
      {"Look into policies", {"bench", "deps", "parse"}},
      {"This program", {"completion", "version"}},
  };
  for (const Group& group : groups) {
    for (const char* name : group.verbs) root.get_subcommand(name)->group(group.title);
  }
}

// CLI11 only says that a subcommand is missing when the first word is none.
bool suggest_verb(const CLI::App& root, int argc, const char* const* argv) {
  const std::string_view word = argc > 1 ? argv[1] : "";
  if (word.empty() || word.starts_with('-')) return false;
  std::vector<std::string> names;
  for (const auto* verb : root.get_subcommands({})) names.push_back(verb->get_name());
  if (std::ranges::find(names, word) != names.end()) return false;
  const auto near = nearest(word, {names.begin(), names.end()});
  complain(fmt::format("there is no verb \"{}\"", word),
           near.empty() ? "signalbox --help lists them" : fmt::format("did you mean {}?", near));
  return true;
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  CLI::App root("signalbox: a PostgreSQL gateway in which policy decides", "signalbox");
  root.set_version_flag("--version", std::string(kVersion));
  root.require_subcommand(1);
  root.get_formatter()->column_width(34);
  root.footer(
      "First steps:\n"
      "  signalbox check rules/                               are the policies right?\n"
      "  signalbox explain --policies rules/ 'DROP TABLE t'   what do they decide, and why?\n"
      "  signalbox run --listen 127.0.0.1:6432 --target 127.0.0.1:5432 --policies rules/\n\n"
      "`signalbox VERB --help` explains a verb, with examples.\n"
      "Exit codes: 0 ok, 1 finding, 2 usage, 3 cannot reach, 4 refused.");
  Action chosen;
  for (const AddVerb add : verbs()) add(root, chosen);
  group_verbs(root);
  try {
    root.parse(argc, argv);
  } catch (const CLI::Success& e) {
    return root.exit(e);
  } catch (const CLI::ParseError& e) {
    if (!suggest_verb(root, argc, argv)) root.exit(e, std::cout, std::cerr);
    return static_cast<int>(Exit::Usage);
  }
  try {
    return static_cast<int>(chosen ? chosen() : Exit::Usage);
  } catch (const std::exception& e) {  // a library's, such as of a directory read as a file
    std::cerr << "error: " << e.what() << '\n';
    return static_cast<int>(Exit::Usage);
  }
}

}  // namespace signalbox::app::cli
