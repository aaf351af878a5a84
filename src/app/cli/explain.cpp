// signalbox explain: what would be decided on a statement, by which rule, and what would be done. Asks the
// policies of a directory, or the running gateway's; nothing is executed.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "admin/rehearsal.h"
#include "app/cli/admin_client.h"
#include "app/cli/terminal.h"
#include "app/cli/verbs.h"
#include "app/policies/library.h"

namespace signalbox::app::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  AdminClient admin;
  std::string statement;
  std::string policies;
  std::string user = "postgres";
  std::string database = "postgres";
  std::string output = "text";
  bool facts = false;
  bool fail = false;
};

std::string request_json(const Options& options) {
  return Json{{"statement", options.statement},
              {"session", {{"user", options.user}, {"database", options.database}}}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::expected<std::string, Exit> ask(const Options& options) {
  if (options.policies.empty()) return options.admin.post("/gateway/v1/plan", request_json(options));
  const auto set = load_policies({options.policies});
  if (!set) {
    complain(set.error());
    return std::unexpected(Exit::Finding);
  }
  const auto scene = admin::scene_from_json(request_json(options));
  if (!scene) {
    complain(scene.error());
    return std::unexpected(Exit::Usage);
  }
  policy::Evaluator evaluator;
  return admin::rehearse(*set, evaluator, {}, SystemClock(), *scene);
}

bool refuses(const std::string& verdict) {
  return verdict != "allow" && verdict != "fallthrough" && verdict != "transmit";
}

// "deny    policies.unbounded_writes: write without WHERE (unbounded_writes.rego:13)  {"message": ...}"
std::string request_line(const Json& request) {
  std::string line = fmt::format("  {:<10} {}", request.value("action", ""), request.value("policy", ""));
  if (request.contains("rule")) line += ": " + request.value("rule", "");
  if (request.contains("file"))
    line += fmt::format(" ({}:{})", request.value("file", ""), request.value("row", 0));
  if (request.value("shadow", false)) line += " [shadow]";
  if (request.contains("parameters")) line += "\n             " + request["parameters"].dump();
  return line + "\n";
}

void show(const Json& answer, const Options& options) {
  const Json& decision = answer["decision"];
  const std::string verdict = decision["plan"].value("verdict", "");
  print(fmt::format("{} ({})\n", painted(verdict, refuses(verdict) ? Colour::Red : Colour::Green, 1),
                    decision["plan"].value("reason", "")));
  if (decision.contains("error")) print(fmt::format("  error: {}\n", decision["error"].value("message", "")));
  for (const auto& request : decision["requests"]) print(request_line(request));
  for (const auto& aside : decision["set_aside"]) {
    print(fmt::format("  set aside: request {} ({})\n", aside.value("request", 0), aside.value("fate", "")));
  }
  if (options.facts) print(answer["input"].dump(2) + "\n");
}

Exit explain(const Options& options) {
  const auto body = ask(options);
  if (!body) return body.error();
  const Json answer = Json::parse(*body);
  if (options.output == "json") {
    print(answer.dump(2) + "\n");
  } else {
    show(answer, options);
  }
  const bool refused = refuses(answer["decision"]["plan"].value("verdict", ""));
  return options.fail && refused ? Exit::Finding : Exit::Ok;
}

}  // namespace

void add_explain(CLI::App& root, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = root.add_subcommand("explain", "Say what would be decided on a statement, and why");
  verb->add_option("statement", options->statement, "SQL text")->required();
  verb->add_option("--policies", options->policies,
                   "Ask this policy directory or bundle instead of the running gateway");
  verb->add_option("-U,--user", options->user, "The session's user");
  verb->add_option("-d,--database", options->database, "The session's database");
  verb->add_option("-o,--output", options->output, "text or json")->check(CLI::IsMember({"text", "json"}));
  verb->add_flag("--facts", options->facts, "Print the input document as well");
  verb->add_flag("--fail", options->fail, "Exit 1 when the statement would be refused");
  options->admin.add_options(*verb);
  verb->footer(
      "Examples:\n"
      "  signalbox explain --policies rules/ 'DELETE FROM accounts'\n"
      "  signalbox explain --facts -U ann 'SELECT * FROM t WHERE id = 1'     asks the running gateway");
  verb->callback([=, &chosen] { chosen = [=] { return explain(*options); }; });
}

}  // namespace signalbox::app::cli
