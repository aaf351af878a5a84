// signalbox check: everything that is wrong with policies, before they are rolled out. The same loading as
// the gateway's own: syntax, names, safety, types, unknown actions and parameters.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/cli/sources.h"
#include "app/cli/terminal.h"
#include "app/cli/verbs.h"
#include "app/policies/library.h"

namespace signalbox::app::cli {
namespace {

struct Options {
  std::vector<std::string> paths;
  std::string format = "pretty";
  bool strict = false;
  bool v0 = false;
};

Exit report(const Diagnostics& diagnostics, const Options& options) {
  if (options.format == "json") {
    print(as_opa_errors(diagnostics));
  } else {
    complain(diagnostics);
  }
  return diagnostics.front().code == "policy_unreadable" ? Exit::Unreachable : Exit::Finding;
}

Exit check(const Options& options) {
  auto files = read_sources(options.paths);
  if (!files) return report(files.error(), options);
  const std::size_t count = files->size();
  policy::LoadOptions loading;
  loading.strict = options.strict;
  loading.v0_compatible = options.v0;
  const auto set = policy::PolicySet::load(std::move(*files), host_vocabulary(), loading);
  if (!set) return report(set.error(), options);
  complain((*set)->warnings());
  if (options.format == "pretty") {
    fmt::print(stderr, "{}: {} files, revision {}\n", painted("ok", Colour::Green, 2), count,
               (*set)->revision());
  }
  return Exit::Ok;
}

}  // namespace

void add_check(CLI::App& root, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = root.add_subcommand("check", "Check policies: every mistake at once, as file:row:col");
  verb->add_option("paths", options->paths, "Policy directories and files")->required();
  verb->add_flag("-S,--strict", options->strict, "Unused variables and imports are errors");
  verb->add_flag("--v0-compatible", options->v0, "Read modules as Rego v0");
  verb->add_option("-f,--format", options->format, "pretty or json")
      ->check(CLI::IsMember({"pretty", "json"}));
  verb->footer(
      "Examples:\n"
      "  signalbox check rules/\n"
      "  signalbox check --strict --format json rules/ | jq .errors");
  verb->callback([=, &chosen] { chosen = [=] { return check(*options); }; });
}

}  // namespace signalbox::app::cli
