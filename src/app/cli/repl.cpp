// signalbox repl: Rego, line by line, over policies and data (OPA's `opa run`).
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "app/cli/line_editor.h"
#include "app/cli/repl_session.h"
#include "app/cli/terminal.h"
#include "app/cli/verbs.h"
#include "app/version.h"

namespace signalbox::app::cli {
namespace {

struct Options {
  SourceOptions sources;
  EvalOptions eval;
  std::string history;
  std::string format = "pretty";
};

/// In the state directory of the XDG specification; empty where there is no home.
std::string default_history() {
  namespace fs = std::filesystem;
  const char* state = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  if ((state == nullptr || *state == '\0') && (home == nullptr || *home == '\0')) return {};
  const fs::path directory =
      (state != nullptr && *state != '\0' ? fs::path(state) : fs::path(home) / ".local/state") / "signalbox";
  std::error_code error;
  fs::create_directories(directory, error);
  return error ? "" : (directory / "repl_history").string();
}

Exit repl(const Options& options) {
  auto session = ReplSession::open(options.sources, options.eval);
  if (!session) {
    complain(session.error());
    return Exit::Finding;
  }
  session->line(options.format);
  LineEditor editor(options.history.empty() ? default_history() : options.history,
                    [&](const std::string& word) { return session->completions(word); });
  if (editor.terminal())
    print(fmt::format("signalbox {}: help lists the commands, Ctrl-D leaves\n", kVersion));
  while (const auto line = editor.read(session->prompt())) {
    if (editor.interrupted()) {
      session->give_up();
      continue;
    }
    const ReplSession::Answer answer = session->line(*line);
    print(answer.text);
    if (answer.leave) return Exit::Ok;
  }
  print(session->line("").text);  // what the input ended in the middle of
  return Exit::Ok;
}

}  // namespace

void add_repl(CLI::App& root, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = root.add_subcommand("repl", "Ask and define Rego line by line");
  options->sources.add_options(*verb);
  verb->add_option("paths", options->sources.data, "Policy and data files or directories, as -d");
  verb->add_option("-i,--input", options->eval.input, "The input document");
  verb->add_option("-f,--format", options->format, "How answers are shown")
      ->check(CLI::IsMember({"pretty", "json"}))
      ->capture_default_str();
  verb->add_option("-H,--history", options->history, "File that keeps the lines");
  verb->add_flag("--v0-compatible", options->eval.v0, "Read Rego v0");
  verb->footer(
      "Type help for the commands, Tab to complete a name, Ctrl-D to leave.\n"
      "Examples:\n"
      "  signalbox repl -b rules/\n"
      "  signalbox repl -i input.json -b rules/ <<< 'data.gateway.actions'");
  verb->callback([=, &chosen] { chosen = [=] { return repl(*options); }; });
}

}  // namespace signalbox::app::cli
