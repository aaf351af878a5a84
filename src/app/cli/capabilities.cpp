// signalbox capabilities: which built-ins and which language there are, here and in each version of OPA.
#include "policy/capabilities.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iterator>
#include <memory>

#include "app/cli/json_text.h"
#include "app/cli/opa_flags.h"
#include "app/cli/terminal.h"
#include "app/cli/verbs.h"

namespace signalbox::app::cli {
namespace {

struct Options {
  std::string version, file;
  bool current = false, v0 = false;
};

/// Of this program when it reads Rego v0: keywords of v1 must be imported, and are features otherwise.
policy::Capabilities current_v0() {
  policy::Capabilities out = policy::current_capabilities();
  out.future_keywords = {"and", "contains", "every", "if", "in", "not", "or"};
  out.features = {"keywords_in_refs", "rego_v1", "rego_v1_import", "rule_head_ref_string_prefixes",
                  "rule_head_refs"};
  return out;
}

Exit show(const policy::Capabilities& capabilities) {
  print(indented(policy::to_json(capabilities)));
  return Exit::Ok;
}

Exit show_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    complain("cannot read " + path);
    return Exit::Finding;
  }
  const auto read = policy::parse_capabilities(std::string(std::istreambuf_iterator<char>(in), {}));
  if (!read) {
    complain(path + ": " + read.error());
    return Exit::Finding;
  }
  return show(*read);
}

Exit capabilities(const Options& options) {
  if (options.current) return show(options.v0 ? current_v0() : policy::current_capabilities());
  if (!options.file.empty()) return show_file(options.file);
  if (options.version.empty()) {
    for (const std::string_view version : policy::opa_version_names()) print(fmt::format("{}\n", version));
    return Exit::Ok;
  }
  const auto known = policy::capabilities_of(options.version);
  if (known) return show(*known);
  complain(fmt::format("there was no version {} of OPA", options.version),
           "signalbox capabilities lists them");
  return Exit::Finding;
}

}  // namespace

void add_capabilities(CLI::App& root, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      root.add_subcommand("capabilities", "Print what policies may use, here or in a version of OPA");
  auto* current = verb->add_flag("--current", options->current, "What this program has");
  auto* version =
      verb->add_option("--version", options->version, "What a version of OPA has, such as v0.60.0");
  auto* file = verb->add_option("--file", options->file, "What a capabilities file allows");
  add_version_flags(*verb, options->v0);
  current->excludes(version, file);
  version->excludes(file);
  verb->footer(
      "Without an option: the versions of OPA that are known. Types are those of this program.\n"
      "Examples:\n"
      "  signalbox capabilities --current | jq -r '.builtins[].name'\n"
      "  signalbox check --capabilities v1.4.0 rules/      for a fleet with OPA 1.4 in it");
  verb->callback([=, &chosen] { chosen = [=] { return capabilities(*options); }; });
}

}  // namespace signalbox::app::cli
