// signalbox signals: the signals that policies may read.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/cli/terminal.h"
#include "app/cli/verbs.h"
#include "proxy/signals/list.h"

namespace signalbox::app::cli {
namespace {

Exit list(const std::string& output) {
  if (output == "markdown") {
    print(proxy::signals_markdown());
    return Exit::Ok;
  }
  for (const proxy::Detector* one : proxy::detectors())
    print(fmt::format("{:<24}{}\n", one->name, one->summary));
  return Exit::Ok;
}

}  // namespace

void add_signals(CLI::App& root, Action& chosen) {
  auto output = std::make_shared<std::string>("table");
  CLI::App* verb = root.add_subcommand("signals", "List the signals that policies may read");
  verb->add_option("-o,--output", *output, "table or markdown (docs/signals.md)")
      ->check(CLI::IsMember({"table", "markdown"}));
  verb->footer("Examples:\n  signalbox signals\n  signalbox signals -o markdown > docs/signals.md");
  verb->callback([=, &chosen] { chosen = [=] { return list(*output); }; });
}

}  // namespace signalbox::app::cli
