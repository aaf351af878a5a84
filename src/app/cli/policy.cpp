// signalbox policy rego: a YAML policy as the Rego that it stands for.
// signalbox policy status | reload: the policies of a running gateway.
#include "policy/yaml/policy.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli/admin_client.h"
#include "app/cli/terminal.h"
#include "app/cli/verbs.h"
#include "app/policies/library.h"
#include "policy/formatter/format.h"
#include "policy/syntax/print.h"
#include "policy/yaml/schema.h"

namespace signalbox::app::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  AdminClient admin;
  std::string output = "text";
  std::string file;
};

Exit rego(const Options& options) {
  std::ifstream in(options.file, std::ios::binary);
  if (!in) {
    complain("cannot read " + options.file);
    return Exit::Unreachable;
  }
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const auto module =
      policy::yaml::parse_policy(policy::ast::make_source(options.file, text), host_vocabulary());
  if (!module) {
    complain(module.error());
    return Exit::Finding;
  }
  const auto formatted = policy::fmt_rego::format_source(options.file, policy::ast::to_text(*module));
  if (!formatted) {
    complain(formatted.error());
    return Exit::Finding;
  }
  print(*formatted);
  return Exit::Ok;
}

Exit schema() {
  print(policy::yaml::editor_schema(host_vocabulary()));
  return Exit::Ok;
}

void show(const Json& status) {
  print(fmt::format("directory {}\nrevision  {}\nloaded    {}\n", status.value("directory", ""),
                    status.value("revision", ""), status.value("loaded", "")));
  if (status.contains("last_failure")) {
    print(painted("the newest policies have errors; these are the last good ones", Colour::Red, 1) + "\n");
    for (const auto& e : status["last_failure"]["errors"]) {
      print(fmt::format("  {}:{}:{}: {}: {}\n", e.value("file", ""), e.value("row", 0), e.value("col", 0),
                        e.value("code", ""), e.value("message", "")));
    }
  }
  if (!status.contains("rules")) return;
  std::vector<std::vector<std::string>> rows{{"POLICY", "RULE", "AT", "HOOKS"}};
  for (const auto& rule : status["rules"]) {
    std::string hooks;
    for (const auto& hook : rule["hooks"]) hooks += (hooks.empty() ? "" : ",") + hook.get<std::string>();
    rows.push_back({rule.value("policy", ""), rule.value("rule", ""),
                    fmt::format("{}:{}", rule.value("file", ""), rule.value("row", 0)), hooks});
  }
  print(table(rows));
}

Exit answer(const std::expected<std::string, Exit>& body, const Options& options) {
  if (!body) return body.error();
  if (options.output == "json") {
    print(*body);
  } else {
    show(Json::parse(*body));
  }
  return Exit::Ok;
}

}  // namespace

void add_policy(CLI::App& root, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = root.add_subcommand(
      "policy", "Print a YAML policy as Rego; see or reload a running gateway's policies");
  verb->require_subcommand(1);
  verb->footer(
      "Examples:\n"
      "  signalbox policy rego rules/parse_errors.policy.yaml\n"
      "  signalbox policy schema > rules/schema/policy.json\n"
      "  signalbox policy status\n"
      "  signalbox policy reload");
  CLI::App* printing = verb->add_subcommand("rego", "Print the Rego that a YAML policy stands for");
  printing->add_option("file", options->file, "A *.policy.yaml file")->required();
  printing->callback([=, &chosen] { chosen = [=] { return rego(*options); }; });
  CLI::App* schema_verb =
      verb->add_subcommand("schema", "Print the JSON Schema of YAML policies, for editors");
  schema_verb->callback([&chosen] { chosen = schema; });
  const auto add = [&](const char* name, const char* summary, const Action& run) {
    CLI::App* sub = verb->add_subcommand(name, summary);
    sub->add_option("-o,--output", options->output, "text or json")->check(CLI::IsMember({"text", "json"}));
    options->admin.add_options(*sub);
    sub->callback([run, &chosen] { chosen = run; });
  };
  add("status", "Revision, rules and the last failure",
      [=] { return answer(options->admin.get("/gateway/v1/policies"), *options); });
  add("reload", "Load the policy directory again",
      [=] { return answer(options->admin.post("/gateway/v1/policies/reload", ""), *options); });
}

}  // namespace signalbox::app::cli
