// signalbox config check | schema | print: the configuration file, judged, described, shown.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/cli/terminal.h"
#include "app/cli/verbs.h"
#include "app/config/describe.h"
#include "app/serve/start_check.h"

namespace signalbox::app::cli {
namespace {

struct Options {
  std::string file = "signalbox.yaml";
  std::string output = "json";
};

// The configuration, or what is wrong with it on stderr.
std::expected<Config, Exit> read(const std::string& file) {
  auto config = load_file(file);
  if (config) return std::move(*config);
  complain(config.error());
  const bool unreadable = config.error().front().code == "config_unreadable";
  return std::unexpected(unreadable ? Exit::Unreachable : Exit::Finding);
}

Exit check(const Options& options) {
  const auto config = read(options.file);
  if (!config) return config.error();
  Diagnostics findings = validate(*config);
  if (findings.empty()) findings = check_start(*config);
  complain(findings);
  if (has_errors(findings)) return Exit::Finding;
  fmt::print(stderr, "{}: {}\n", options.file, painted("ok", Colour::Green, 2));
  return Exit::Ok;
}

Exit show(const Options& options) {
  auto config = read(options.file);
  if (!config) return config.error();
  print(as_yaml(*config));
  return Exit::Ok;
}

Exit schema(const Options& options) {
  print(options.output == "json" ? json_schema() : as_markdown());
  return Exit::Ok;
}

}  // namespace

void add_config(CLI::App& root, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = root.add_subcommand("config", "Check, describe or show the configuration file");
  verb->require_subcommand(1);
  verb->footer(
      "Examples:\n"
      "  signalbox config check signalbox.yaml     every mistake; ok: `run` starts with it\n"
      "  signalbox config print signalbox.yaml     every key with the value in effect, secrets masked\n"
      "  signalbox config schema > schema.json     JSON Schema, for editors\n"
      "  signalbox config schema -o markdown       the same as docs/configuration.md");
  const auto add = [&](const char* name, const char* summary, Exit (*run)(const Options&)) {
    CLI::App* sub = verb->add_subcommand(name, summary);
    sub->callback([=, &chosen] { chosen = [=] { return run(*options); }; });
    return sub;
  };
  add("check", "Report everything that is wrong with it, and with the files it names", check)
      ->add_option("file", options->file, "The file");
  add("print", "Print what is in effect, secrets masked", show)
      ->add_option("file", options->file, "The file");
  add("schema", "Print the schema of the file", schema)
      ->add_option("-o,--output", options->output, "json (JSON Schema) or markdown")
      ->check(CLI::IsMember({"json", "markdown"}));
}

}  // namespace signalbox::app::cli
