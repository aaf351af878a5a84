// signalbox actions: the catalogue of actions that policies may ask for.
#include <CLI/CLI.hpp>
#include <memory>

#include "actions/vocabulary.h"
#include "app/cli/terminal.h"
#include "app/cli/verbs.h"

namespace signalbox::app::cli {
namespace {

Exit list(const std::string& output) {
  if (output == "json") print(actions::actions_json() + "\n");
  if (output == "table") print(actions::actions_text());
  if (output == "markdown") print(actions::actions_markdown());
  return Exit::Ok;
}

}  // namespace

void add_actions(CLI::App& root, Action& chosen) {
  auto output = std::make_shared<std::string>("table");
  CLI::App* verb = root.add_subcommand("actions", "List the actions that policies may ask for");
  verb->add_option("-o,--output", *output, "table, json or markdown (docs/actions.md)")
      ->check(CLI::IsMember({"table", "json", "markdown"}));
  verb->footer(
      "Examples:\n"
      "  signalbox actions\n"
      "  signalbox actions -o json | jq '.[] | select(.lane == \"sync\") | .name'");
  verb->callback([=, &chosen] { chosen = [=] { return list(*output); }; });
}

}  // namespace signalbox::app::cli
