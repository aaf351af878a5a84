// signalbox check: everything that is wrong with policies, before they are rolled out. The same loading as
// the gateway's own: syntax, names, safety, types, unknown actions and parameters.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/cli/opa_flags.h"
#include "app/cli/sources.h"
#include "app/cli/terminal.h"
#include "app/cli/verbs.h"
#include "policy/syntax/parsing.h"

namespace signalbox::app::cli {
namespace {

struct Options {
  std::vector<std::string> paths;
  std::vector<std::string> ignore;
  std::size_t max_errors = 10;
  bool bundle = false;
  std::string format = "pretty";
  std::string schema;
  std::string capabilities;
  bool strict = false;
  bool v0 = false, v0_v1 = false;
};

Exit report(Diagnostics diagnostics, const Options& options) {
  const std::string code = diagnostics.front().code;
  diagnostics = limited(std::move(diagnostics), options.max_errors);
  if (options.format == "json") {
    print(as_opa_errors(diagnostics));
  } else {
    complain(diagnostics);
  }
  return code == "policy_unreadable" ? Exit::Unreachable : Exit::Finding;
}

std::expected<std::vector<policy::SourceFile>, Diagnostics> read(const Options& options) {
  if (!options.bundle && options.ignore.empty()) return read_policy_paths(options.paths);
  SourceOptions sources;
  sources.ignore = options.ignore;
  (options.bundle ? sources.bundles : sources.data) = options.paths;
  return read_sources(sources);
}

/// What cannot be read alike as Rego v0 and as Rego v1.
Diagnostics not_both_versions(const std::vector<policy::SourceFile>& files) {
  Diagnostics out;
  policy::ast::ParseOptions parsing;
  parsing.version = policy::ast::RegoVersion::V0CompatV1;
  for (const auto& file : files) {
    if (!file.path.ends_with(".rego")) continue;
    const auto& shown = file.shown.empty() ? file.path : file.shown;
    const auto module = policy::ast::parse_module(policy::ast::make_source(shown, file.text), parsing);
    if (!module) out.insert(out.end(), module.error().begin(), module.error().end());
  }
  return out;
}

Exit check(const Options& options) {
  auto files = read(options);
  if (!files) return report(files.error(), options);
  auto schemas = read_schemas(options.schema);
  if (!schemas) return report(schemas.error(), options);
  const std::size_t count = files->size();
  const policy::Vocabulary vocabulary = vocabulary_for(*files);
  policy::LoadOptions loading;
  loading.strict = options.strict;
  loading.v0_compatible = options.v0;
  loading.keep_prints = true;  // what they print must be bound, though the gateway never prints
  loading.schemas = std::move(*schemas);
  if (auto beyond = beyond_capabilities(options.capabilities, *files, options.v0); !beyond.empty())
    return report(std::move(beyond), options);
  if (options.v0_v1) {
    if (auto errors = not_both_versions(*files); !errors.empty()) return report(std::move(errors), options);
  }
  const auto set = policy::PolicySet::load(std::move(*files), vocabulary, loading);
  if (!set) return report(set.error(), options);
  complain((*set)->warnings());
  if (options.format == "pretty") {
    fmt::print(stderr, "{}: {} files\n", painted("ok", Colour::Green, 2), count);
  }
  return Exit::Ok;
}

}  // namespace

void add_check(CLI::App& root, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = root.add_subcommand("check", "Check policies: mistakes as file:row:col, with hints");
  verb->add_option("paths", options->paths, "Policy directories and files")->required();
  verb->add_flag("-S,--strict", options->strict, "Unused variables and imports are errors");
  verb->add_flag("-b,--bundle", options->bundle, "Paths are bundles");
  repeated(*verb, "--ignore", options->ignore, "Names of files and directories to pass over")->delimiter(',');
  add_schema_option(*verb, options->schema);
  verb->add_option("-m,--max-errors", options->max_errors, "Errors to show; 0 = all");
  add_capabilities_option(*verb, options->capabilities);
  verb->add_flag("--v0-v1", options->v0_v1, "Policies must be both Rego v0 and v1");
  add_version_flags(*verb, options->v0);
  verb->add_option("-f,--format", options->format, "pretty or json")
      ->check(CLI::IsMember({"pretty", "json"}));
  verb->footer(
      "Examples:\n"
      "  signalbox check rules/\n"
      "  signalbox check --strict --format json rules/ | jq .errors\n"
      "  signalbox check --capabilities v1.4.0 rules/      for a fleet with OPA 1.4 in it");
  verb->callback([=, &chosen] { chosen = [=] { return check(*options); }; });
}

}  // namespace signalbox::app::cli
